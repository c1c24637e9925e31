"""What every OneTimeStore, Secrets and Queue must do."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.core.messages import QueueMessage, SyncMessage, ValidateMessage
from shared.ports import OneTimeStore, Queue, SecretProperties, Secrets
from tests.contract.contracts.values import HOSTILE, LATER, NOW, unique

VALUE = {
    "account": "a",
    "step": "sign_in",
    "request": {"nonce": "Zoë / 名前 😀", "n": 1, "scopes": ["a", "b"]},
}


class OneTimeStoreContract:
    """Short-lived values behind an unguessable token."""

    @pytest.fixture
    def one_time(self) -> OneTimeStore:
        raise NotImplementedError("the store under test")

    async def test_a_value_is_taken_once(self, one_time: OneTimeStore) -> None:
        """Whoever comes second gets nothing."""
        token = unique()
        await one_time.put("kind", token, VALUE, LATER)
        assert await one_time.take("kind", token, NOW) == VALUE
        assert await one_time.take("kind", token, NOW) is None
        assert await one_time.peek("kind", token, NOW) is None

    async def test_of_many_takers_one_wins(self, one_time: OneTimeStore) -> None:
        """Fifty at once: one gets the value."""
        token = unique()
        await one_time.put("kind", token, VALUE, LATER)
        taken = await asyncio.gather(*(one_time.take("kind", token, NOW) for _ in range(50)))
        assert [value for value in taken if value is not None] == [VALUE]

    async def test_looking_does_not_take(self, one_time: OneTimeStore) -> None:
        """A value can be looked at as often as one likes."""
        token = unique()
        await one_time.put("kind", token, VALUE, LATER)
        assert await one_time.peek("kind", token, NOW) == VALUE
        assert await one_time.peek("kind", token, NOW) == VALUE
        assert await one_time.take("kind", token, NOW) == VALUE

    async def test_of_many_who_claim_one_wins(self, one_time: OneTimeStore) -> None:
        """The first to come, and after its time the first to come then; the others change nothing."""
        token = unique()
        for moment, until in ((NOW, LATER), (LATER, LATER + timedelta(hours=1))):
            won = await asyncio.gather(
                *(one_time.claim("kind", token, {"n": n}, until, moment) for n in range(20))
            )
            assert won.count(True) == 1
            assert await one_time.peek("kind", token, moment) == {"n": won.index(True)}

    async def test_a_claim_is_a_value_like_any_other(self, one_time: OneTimeStore) -> None:
        """It can be replaced, and deleted so that the next one to come may claim."""
        token = unique()
        assert await one_time.claim("kind", token, {"n": 1}, LATER, NOW)
        await one_time.put("kind", token, VALUE, LATER)
        assert await one_time.peek("kind", token, NOW) == VALUE
        assert not await one_time.claim("kind", token, {"n": 2}, LATER, NOW)
        await one_time.delete("kind", token)
        assert await one_time.claim("kind", token, {"n": 3}, LATER, NOW)
        assert await one_time.peek("kind", token, NOW) == {"n": 3}

    async def test_a_value_expires_at_its_time(self, one_time: OneTimeStore) -> None:
        """A moment before it is there, at the moment it is not."""
        token = unique()
        await one_time.put("kind", token, VALUE, LATER)
        assert await one_time.peek("kind", token, LATER - timedelta(milliseconds=1)) == VALUE
        assert await one_time.peek("kind", token, LATER) is None
        assert await one_time.take("kind", token, LATER) is None

    async def test_kinds_and_tokens_are_kept_apart(self, one_time: OneTimeStore) -> None:
        """A value is found by its kind and its whole token only, whatever the token is made of."""
        mark = unique()
        for number, text in enumerate(HOSTILE):
            await one_time.put("kind", f"{mark}{text}", {"number": number}, LATER)
        assert await one_time.take("other", f"{mark}{HOSTILE[0]}", NOW) is None
        assert await one_time.take("kind", mark, NOW) is None
        for number, text in enumerate(HOSTILE):
            assert await one_time.take("kind", f"{mark}{text}", NOW) == {"number": number}

    @pytest.mark.parametrize("nonsense", ["", "\0", "\ud800", "x" * 100_000])
    async def test_whatever_is_sent_as_a_token_is_looked_for(
        self, one_time: OneTimeStore, nonsense: str
    ) -> None:
        """Half a character and a very long text are tokens that nobody has."""
        assert await one_time.peek("kind", nonsense, NOW) is None
        assert await one_time.take("kind", nonsense, NOW) is None
        await one_time.delete("kind", nonsense)

    async def test_a_deleted_value_is_gone(self, one_time: OneTimeStore) -> None:
        """Deleting what is not there is fine."""
        token = unique()
        await one_time.put("kind", token, VALUE, LATER)
        await one_time.delete("kind", token)
        await one_time.delete("kind", token)
        assert await one_time.take("kind", token, NOW) is None

    async def test_purging_deletes_what_has_expired_and_nothing_else(self, one_time: OneTimeStore) -> None:
        """Used values that have expired go too; how many went is told."""
        old, used, fresh = unique(), unique(), unique()
        await one_time.put("kind", old, VALUE, NOW - timedelta(seconds=1))
        await one_time.put("kind", used, VALUE, NOW)
        await one_time.take("kind", used, NOW - timedelta(seconds=1))
        await one_time.put("kind", fresh, VALUE, LATER)
        assert await one_time.purge(NOW) >= 1
        assert await one_time.take("kind", old, NOW - timedelta(hours=1)) is None
        assert await one_time.take("kind", fresh, NOW) == VALUE

    async def test_a_large_value_fits(self, one_time: OneTimeStore) -> None:
        """A handshake that carries a token cache of 20,000 characters."""
        token, value = unique(), {"sign_in": {"token_cache": "x" * 20_000}}
        await one_time.put("kind", token, value, LATER)
        assert await one_time.take("kind", token, NOW) == value


class SecretsContract:
    """Named secrets."""

    @pytest.fixture
    def secrets(self) -> Secrets:
        raise NotImplementedError("the store under test")

    async def test_a_secret_is_found_as_it_was_set(self, secrets: Secrets) -> None:
        """A token cache of 20,000 characters, with any text in it, is kept whole."""
        name, value = f"connection-{unique()}", "Zoë 名前 😀 " + "x" * 20_000
        await secrets.set(name, value)
        assert await secrets.get(name) == value

    async def test_the_last_value_counts(self, secrets: Secrets) -> None:
        """Setting again replaces."""
        name = f"connection-{unique()}"
        await secrets.set(name, "old")
        await secrets.set(name, "new")
        assert await secrets.get(name) == "new"

    async def test_an_unknown_secret_is_none(self, secrets: Secrets) -> None:
        """Looking for what is not there is no error."""
        assert await secrets.get(f"connection-{unique()}") is None

    async def test_a_secret_without_an_expiry_has_none(self, secrets: Secrets) -> None:
        """And of a secret that is not there, or not any more, nothing is known."""
        name = f"connection-{unique()}"
        assert await secrets.properties(name) is None
        await secrets.set(name, "value")
        assert await secrets.properties(name) == SecretProperties(None)
        await secrets.delete(name)
        assert await secrets.properties(name) is None

    async def test_a_deleted_secret_is_gone(self, secrets: Secrets) -> None:
        """Deleting what is not there is fine."""
        name = f"connection-{unique()}"
        await secrets.set(name, "value")
        await secrets.delete(name)
        assert await secrets.get(name) is None
        await secrets.delete(name)

    async def test_a_renewed_secret_has_the_new_value(self, secrets: Secrets) -> None:
        """As if it were set."""
        name = f"connection-{unique()}"
        await secrets.set(name, "old")
        await secrets.renew(name, "new")
        assert await secrets.get(name) == "new"

    async def test_renewing_brings_no_deleted_secret_back(self, secrets: Secrets) -> None:
        """Whoever comes too late with a new version writes nothing; setting it on purpose does."""
        name = f"connection-{unique()}"
        await secrets.set(name, "old")
        await secrets.delete(name)
        await secrets.renew(name, "too late")
        assert await secrets.get(name) is None
        await secrets.set(name, "on purpose")
        assert await secrets.get(name) == "on purpose"


class QueueContract:
    """The queue of work. `receive` gives and removes every message that is visible now."""

    @pytest.fixture
    def queue(self) -> Queue:
        raise NotImplementedError("the queue under test")

    @pytest.fixture
    def receive(self) -> Callable[[], Awaitable[list[QueueMessage]]]:
        raise NotImplementedError("how to look into it")

    async def test_messages_arrive_as_they_were_sent(
        self, queue: Queue, receive: Callable[[], Awaitable[list[QueueMessage]]]
    ) -> None:
        """Each kind of message, with any text in it, once."""
        sent: list[QueueMessage] = [
            SyncMessage("account", "connection", "run"),
            SyncMessage("account", "connection", "run", NOW, postponed=3),
            ValidateMessage("account", "connection", attempt=2),
            *(SyncMessage(text, "connection", "run") for text in HOSTILE),
        ]
        for message in sent:
            await queue.send(message)
        received = await receive()
        assert len(received) == len(sent)
        assert set(received) == set(sent)
        assert await receive() == []

    async def test_a_delayed_message_is_not_visible_yet(
        self, queue: Queue, receive: Callable[[], Awaitable[list[QueueMessage]]]
    ) -> None:
        """Neither with a minute nor with the longest delay there is."""
        await queue.send(SyncMessage("account", "connection", "run-1"), timedelta(minutes=1))
        await queue.send(SyncMessage("account", "connection", "run-2"), timedelta(days=7))
        await queue.send(SyncMessage("account", "connection", "run-3"))
        assert await receive() == [SyncMessage("account", "connection", "run-3")]
