"""`queues`, and what every verb has in common."""

from __future__ import annotations

import pytest

from shared.core.errors import OperatorError
from shared.core.messages import PublishMessage, Source, SyncMessage
from tests.fakes import ACCOUNT
from tests.unit.admin.conftest import CommandLine

MESSAGE = SyncMessage(ACCOUNT, "c0c0c0c0c0c0c0c0", "run_1")


def test_lengths_of_queues_and_poison_queues_are_listed(call: CommandLine) -> None:
    """One row for each."""
    call.wait(call.world.queue.send(MESSAGE))
    call.world.work_queues.poison["sync-requests"].append(MESSAGE)
    rows = {row["queue"]: (row["messages"], row["poison"]) for row in call.json("queues", "list")}
    assert rows == {"sync-requests": (1, 1), "publish-requests": (0, 0), "webhook-deliveries": (0, 0)}


def test_a_message_is_shown_by_its_ids(call: CommandLine) -> None:
    """And nothing else of it: what is none of ours may hold anything."""
    call.world.work_queues.poison["sync-requests"] += [
        MESSAGE,
        PublishMessage(ACCOUNT, Source.REVIEW, "c", part="ada@contoso.example"),
    ]
    first, second = call.json("queues", "peek", "sync-requests", "--poison")
    assert first["kind"] == "sync"
    assert "run_id=run_1" in first["about"]
    assert "ada" not in str(second)
    assert call.json("queues", "peek", "sync-requests") == []


def test_what_was_set_aside_is_put_back(call: CommandLine) -> None:
    """At most as many as asked for."""
    call.world.work_queues.poison["sync-requests"] += [MESSAGE] * 3
    assert call.json("queues", "requeue", "sync-requests", "--limit", "2")["requeued"] == 2
    assert call.json("queues", "requeue", "sync-requests")["requeued"] == 1
    assert len(call.world.queue.waiting) == 3
    assert call.error("queues", "requeue", "another")["code"] == "not_found"


def test_an_error_says_what_happened_who_must_act_and_how(
    call: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In words, or as a document; on stderr, with an exit code."""

    async def refused() -> None:
        raise OperatorError(
            "queue_storage_refused", "Queue Storage refused it.", "Give the identity its role."
        )

    monkeypatch.setattr(call.world.work_queues, "lengths", refused)
    shown = call("queues", "list")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "Queue Storage refused it. Give the identity its role." in shown.stderr
    assert "Who must act: operator. Code: queue_storage_refused." in shown.stderr
    assert call.error("queues", "list")["actor"] == "operator"


def test_an_error_nobody_knows_says_its_kind_and_place_alone(
    call: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text may hold anything."""

    async def broken() -> None:
        raise ValueError("ada@contoso.example")

    monkeypatch.setattr(call.world.work_queues, "lengths", broken)
    error = call.error("queues", "list")
    assert error["code"] == "unexpected.ValueError"
    assert "broken:" in error["detail"]
    assert "ada" not in str(error)


@pytest.mark.parametrize(
    "arguments",
    [
        ("accounts", "list"),
        ("keys", "list", ACCOUNT),
        ("customers", "list", ACCOUNT),
        ("connections", "list"),
        ("queues", "list"),
        ("queues", "peek", "sync-requests"),
        ("audit", "list"),
        ("runs", "retry", "--given-up"),
    ],
)
def test_every_list_is_one_document_or_a_table_that_fits(
    call: CommandLine, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is on stdout, and an empty one is an empty list or a sentence."""
    monkeypatch.setenv("COLUMNS", "80")
    assert isinstance(call.json(*arguments), list)
    shown = call(*arguments)
    assert shown.stdout.strip()
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_a_key_is_followed_by_another(call: CommandLine) -> None:
    """Of the same scopes; the old one ends after the overlap, and what is not there cannot be rotated."""
    key = call.json("keys", "create", ACCOUNT, "--scope", "runs:read")["id"]
    new = call.json("keys", "rotate", ACCOUNT, key, "--overlap-hours", "0")
    assert (new["scopes"], new["key"].startswith("tnt_")) == ("runs:read", True)
    states = {row["id"]: row["state"] for row in call.json("keys", "list", ACCOUNT)}
    assert states == {key: "ended", new["id"]: "counts"}
    assert call.error("keys", "rotate", ACCOUNT, "00000000")["code"] == "not_found"


def test_an_account_is_shown_with_how_it_stands(call: CommandLine) -> None:
    """Keys that count, connections by state, where its contacts live."""
    call.wait(call.world.connected("ada"))
    call.json("keys", "create", ACCOUNT)
    shown = call.json("accounts", "show", ACCOUNT)
    assert (shown["keys"], shown["connections"], shown["destination"]) == (1, {"active": 1}, "builtin")
    assert [row["id"] for row in call.json("accounts", "list")] == [ACCOUNT]
    assert call.error("accounts", "show", "nobody")["code"] == "not_found"
