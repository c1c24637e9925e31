"""Folding the delta from any earlier link gives the full list, whatever happened and however it is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.simulators.graph.authorization import Caller
from sandbox.simulators.graph.delta import users_delta
from sandbox.simulators.graph.delta_rounds import DeltaBehaviour
from sandbox.simulators.graph.messages import GraphRequest, parse_target
from sandbox.simulators.graph.state import GraphState
from sandbox.simulators.graph.users import list_users
from sandbox.simulators.tokens import TokenAuthority
from sandbox.world.model import Tenant, World
from tests.sandbox.graph_harness import Answer, fold

BASE_URL = "https://graph.sandbox.example"
SELECT = "$select=id,displayName,mail,jobTitle"
# Signing keys are slow to make, and nothing here looks at a token.
AUTHORITY = TokenAuthority(World())

behaviours = st.builds(
    DeltaBehaviour,
    page_size=st.integers(1, 4),
    duplicates=st.sampled_from([0.0, 0.5, 1.0]),
    empty_pages=st.integers(0, 2),
    shuffle=st.booleans(),
    replay_last_page=st.booleans(),
    removed_at_first=st.booleans(),
)
operations = st.one_of(
    st.tuples(st.just("hire"), st.integers(0, 0)),
    st.tuples(st.sampled_from(["update", "clear", "move", "leave", "restore", "purge"]), st.integers(0, 30)),
    st.tuples(st.just("read"), st.integers(0, 3)),
    st.tuples(st.sampled_from(["join by delta", "join by latest and list"]), st.integers(0, 0)),
)


class Directory:
    """A tenant with its simulator, without sockets."""

    def __init__(self, behaviour: DeltaBehaviour, seed: int) -> None:
        self.world = World(clock=lambda: datetime(2026, 6, 1, tzinfo=UTC))
        self.tenant = self.world.add_tenant(
            Tenant(
                "aaaaaaaa-0000-4000-8000-000000000001",
                "Teashop",
                ["teashop.example", "teashop.onmicrosoft.com"],
                self.world.now(),
            )
        )
        self.caller = Caller(self.tenant, "app", frozenset({"User.Read.All"}), None)
        self.state = GraphState(self.world, AUTHORITY, BASE_URL, seed=seed)
        self.state.behaviour[None] = behaviour
        self.hired = 0
        for _ in range(4):
            self.change("hire", 0)

    def get(self, link: str) -> Answer:
        segments, query = parse_target(link.removeprefix(f"{BASE_URL}/v1.0/"))
        request = GraphRequest(segments, query, {}, self.caller, BASE_URL)
        handle = users_delta if segments[-1] == "delta" else list_users
        content: Answer = json.loads(handle(self.state, request).body)
        return content

    def full_list(self) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        link: str | None = f"users?{SELECT}&$top=3"
        while link:
            page = self.get(link)
            found |= {item["id"]: item for item in page["value"]}
            link = page.get("@odata.nextLink")
        return found

    def change(self, kind: str, number: int) -> None:
        """Do something to the directory, unless there is nobody to do it to."""
        tenant = self.tenant
        if kind == "hire":
            self.hired += 1
            name = f"user{self.hired}@teashop.example"
            tenant.hire(userPrincipalName=name, displayName=name, mail=name)
            return
        source = tenant.deleted_users if kind == "restore" else tenant.users
        if kind == "purge":
            source = tenant.users | tenant.deleted_users
        if not source:
            return
        user_id = sorted(source)[number % len(source)]
        match kind:
            case "update":
                tenant.update_user(user_id, jobTitle=f"Job {tenant.change_log.head}")
            case "clear":
                tenant.update_user(user_id, mail=None)
            case "move":
                tenant.update_user(user_id, city=f"City {tenant.change_log.head}")
            case "leave":
                tenant.delete_user(user_id)
            case "restore":
                tenant.restore_user(user_id)
            case "purge":
                tenant.purge_user(user_id)


class Reader:
    """A client that follows links page by page and folds what it reads."""

    def __init__(self, directory: Directory, how: str) -> None:
        self.directory = directory
        self.known: dict[str, Answer] = {}
        self.link = f"users/delta?{SELECT}"
        if how == "join by latest and list":
            self.link = directory.get(f"users/delta?{SELECT}&$deltatoken=latest")["@odata.deltaLink"]
            self.known = directory.full_list()

    def read_page(self) -> bool:
        """Read one page, and say whether it was the last of its round."""
        page = self.directory.get(self.link)
        fold(self.known, page["value"])
        self.link = page.get("@odata.nextLink") or page["@odata.deltaLink"]
        return "@odata.deltaLink" in page


def without_nulls(directory: dict[str, Answer]) -> dict[str, Answer]:
    """Level the difference between never set, which delta omits, and null."""
    return {
        user_id: {name: value for name, value in item.items() if value is not None}
        for user_id, item in directory.items()
    }


@settings(deadline=None, max_examples=300)
@given(behaviour=behaviours, seed=st.integers(0, 1_000), history=st.lists(operations, max_size=40))
def test_delta_from_any_link_is_the_full_list(
    behaviour: DeltaBehaviour, seed: int, history: list[tuple[str, int]]
) -> None:
    """Readers join and read at any time, between and within rounds, while people come and go."""
    directory = Directory(behaviour, seed)
    readers = [Reader(directory, "join by delta"), Reader(directory, "join by latest and list")]
    for kind, number in history:
        if kind.startswith("join"):
            readers.append(Reader(directory, kind))
        elif kind == "read":
            readers[number % len(readers)].read_page()
        else:
            directory.change(kind, number)
    expected = without_nulls(directory.full_list())
    assert set(expected) == set(directory.tenant.users)
    for reader in readers:
        # The round under way may have begun before the latest change, the one after it has not.
        for _ in range(2):
            while not reader.read_page():
                pass
        assert without_nulls(reader.known) == expected
