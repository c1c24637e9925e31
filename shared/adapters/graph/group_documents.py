"""Groups and their members, as Microsoft Graph sends them (v1.0 metadata, types `group` and `user`)."""

import msgspec

from shared.ports import DirectoryGroup


class _Group(msgspec.Struct, rename="camel", gc=False):
    id: str
    display_name: str | None = None


class GroupsDocument(msgspec.Struct):
    """A page of groups."""

    value: list[_Group]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")

    def groups(self) -> list[DirectoryGroup]:
        """With their names, blank where they have none."""
        return [DirectoryGroup(group.id, group.display_name or "") for group in self.value]


class _Member(msgspec.Struct, gc=False):
    id: str


class MembersDocument(msgspec.Struct):
    """A page of members; `count`: of all pages, where it was asked for."""

    value: list[_Member]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    count: int | None = msgspec.field(default=None, name="@odata.count")


groups = msgspec.json.Decoder(GroupsDocument).decode
members = msgspec.json.Decoder(MembersDocument).decode
