"""Queue triggers and outputs, against the storage emulator."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from azure.storage.queue import QueueClient

from tests.sandbox.functions_host.conftest import Starter
from tests.sandbox.functions_host.running_host import RunningHost, eventually, make_queue

Queues = Callable[[str], QueueClient]


@pytest.fixture(scope="module")
def queues(sample: RunningHost) -> Iterator[Queues]:
    """The sample's queues by the end of their names."""
    with ExitStack() as closing:
        opened: dict[str, QueueClient] = {}

        def queue(name: str) -> QueueClient:
            if name not in opened:
                full = f"{sample.settings['QUEUE_PREFIX']}-{name}"
                opened[name] = closing.enter_context(make_queue(sample.settings["AzureWebJobsStorage"], full))
            return opened[name]

        yield queue


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def decoded(queue: QueueClient) -> list[str]:
    return [base64.b64decode(message.content).decode() for message in queue.peek_messages(32)]


def bodies(sample: RunningHost) -> list[str]:
    return [seen["body"] for seen in sample.recorded("work")]


def test_a_message_is_processed_and_deleted(sample: RunningHost, queues: Queues) -> None:
    """The function gets text and metadata as in Azure, the log names function and queue."""
    sent = queues("work").send_message(encoded("hello wörld"))
    seen = eventually(lambda: [seen for seen in sample.recorded("work") if seen["id"] == sent.id])
    assert seen == [
        {"id": sent.id, "body": "hello wörld", "attempt": 1, "lifetime": 7, "hidden": True, "receipt": True}
    ]
    eventually(lambda: queues("work").get_queue_properties().approximate_message_count == 0)
    name = queues("work").queue_name
    reason = rf"New queue message detected on '{name}'\."
    sample.wait_for_line(rf"Executing 'Functions\.work' \(Reason='{reason}', Id=[0-9a-f-]{{36}}\)")
    sample.wait_for_line(r"Executed 'Functions\.work' \(Succeeded, Id=[0-9a-f-]{36}, Duration=\d+ms\)")


def test_a_message_that_keeps_failing_becomes_poison(sample: RunningHost, queues: Queues) -> None:
    """After `maxDequeueCount` attempts it lies in the poison queue, unchanged, and nowhere else."""
    queues("work").send_message(encoded("fail for ever"))
    poison = queues("work-poison")
    eventually(lambda: "fail for ever" in decoded(poison))
    attempts = [seen["attempt"] for seen in sample.recorded("work") if seen["body"] == "fail for ever"]
    assert attempts == [1, 2, 3]
    assert decoded(poison).count("fail for ever") == 1
    eventually(lambda: queues("work").get_queue_properties().approximate_message_count == 0)


@pytest.mark.parametrize("content", ["this is not base64 é", base64.b64encode(b"\xff\xfe\xfd").decode()])
def test_an_undecodable_message_becomes_poison_at_once(
    sample: RunningHost, queues: Queues, content: str
) -> None:
    """Neither wrong base64 nor binary content where text is bound reaches the function."""
    before = len(bodies(sample))
    queues("work").send_message(content)
    eventually(lambda: content in [message.content for message in queues("work-poison").peek_messages(32)])
    assert len(bodies(sample)) == before


def test_binary_messages_keep_every_byte(sample: RunningHost, queues: Queues) -> None:
    """A function with `data_type=BINARY` gets what is not text."""
    content = bytes(range(256))
    queues("binary").send_message(base64.b64encode(content).decode())
    eventually(lambda: content.hex() in sample.recorded("binary-work"))


def test_a_message_may_be_bound_as_text_to_a_plain_function(sample: RunningHost, queues: Queues) -> None:
    """`def f(text: str)` works as well."""
    queues("slow").send_message(encoded("as text"))
    eventually(lambda: "as text" in sample.recorded("slow-work"))


def test_an_output_message_wakes_its_listener(sample: RunningHost, queues: Queues) -> None:
    """What an HTTP function puts out is on the queue when it answers, and processed."""
    queues("work")
    assert sample.client.post("/api/enqueue", content="put out").text == "sent"
    eventually(lambda: "put out" in bodies(sample))


@pytest.mark.parametrize(
    ("put_out", "found"),
    [
        (["one", "two"], ["one", "two"]),
        (['{"a": 1}', "[3]"], ['{"a": 1}', "[3]"]),
    ],
)
def test_a_list_of_outputs_is_one_message_each(
    sample: RunningHost, queues: Queues, put_out: list[str], found: list[str]
) -> None:
    """The queue is made when it does not exist, by a connection under a name of its own."""
    queues("made").clear_messages()
    queues("made").delete_queue()
    assert sample.client.post("/api/enqueue-many", json=put_out).status_code == 200
    assert decoded(queues("made")) == found


def test_an_array_as_text_is_one_message_per_element(sample: RunningHost, queues: Queues) -> None:
    """A JSON array in a string fans out; an object in it arrives as JSON."""
    queues("work")
    sample.client.post("/api/enqueue", content='["from an array", {"in": "an array"}]')
    eventually(lambda: {"from an array", '{"in":"an array"}'} <= set(bodies(sample)))


def test_an_output_that_cannot_be_written_fails_the_invocation(sample: RunningHost) -> None:
    """A message above the limit of 64 KB is refused by storage: the caller is told, with 500."""
    assert sample.client.post("/api/enqueue", content="x" * 70_000).status_code == 500


def test_http_is_answered_while_the_queue_is_busy(sample: RunningHost, queues: Queues) -> None:
    """Messages in work, as many as batch size and threshold allow, do not keep a request waiting."""
    for number in range(40):
        queues("work").send_message(encoded(f"gate busy {number}"))

    def begun() -> int:
        return sum(body.startswith("gate busy ") for body in bodies(sample))

    eventually(lambda: begun() > 8)
    assert sample.client.get("/api/items").text == "list"
    assert begun() <= 24
    assert sample.client.post("/api/open-gate/busy").status_code == 200
    eventually(lambda: begun() == 40)
    eventually(lambda: queues("work").get_queue_properties().approximate_message_count == 0)


def test_without_an_encoding_messages_are_plain_text(start_tiny: Starter) -> None:
    """`messageEncoding: none`, here set as an override of host.json."""
    host = start_tiny({"AzureFunctionsJobHost__extensions__queues__messageEncoding": "none"})
    with make_queue(host.settings["AzureWebJobsStorage"], host.settings["QUEUE"]) as queue:
        queue.send_message(json.dumps({"plain": "text"}))
        eventually(lambda: host.recorded("messages") == [['{"plain": "text"}', 1]])


def test_a_failed_message_stays_hidden_for_the_visibility_timeout(start_tiny: Starter) -> None:
    """With a `visibilityTimeout` of an hour there is no second attempt, and the message is still there."""
    host = start_tiny({"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "01:00:00"})
    with make_queue(host.settings["AzureWebJobsStorage"], host.settings["QUEUE"]) as queue:
        queue.send_message(encoded("fail"))
        host.wait_for_line(r"Executed 'Functions\.work' \(Failed")
        queue.send_message(encoded("after it"))
        eventually(lambda: ["after it", 1] in host.recorded("messages"))
        eventually(lambda: queue.get_queue_properties().approximate_message_count == 1)
        assert host.recorded("messages") == [["fail", 1], ["after it", 1]]
        assert queue.receive_message() is None


def test_a_queue_made_after_the_start_is_found(start_tiny: Starter) -> None:
    """A missing queue counts as an empty one."""
    host = start_tiny()
    assert host.recorded("messages") == []
    with make_queue(host.settings["AzureWebJobsStorage"], host.settings["QUEUE"]) as queue:
        queue.send_message(encoded("late"))
        eventually(lambda: host.recorded("messages") == [["late", 1]])
