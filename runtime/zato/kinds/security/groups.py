"""Security groups: many callers of one channel, each with credentials of its own."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

from zato.common.exception import BadRequest, Forbidden, Inactive
from zato.errors import NotUsableYet
from zato.kinds.base import Kind, Opening, about
from zato.kinds.security.apikey import APIKeyHandle
from zato.kinds.security.basic_auth import BasicAuthHandle

Member = BasicAuthHandle | APIKeyHandle
"""What callers can prove their membership with (reference: service-api, section 2.5)."""

_KEY = secrets.token_bytes(32)
"""Known to this process alone, so that how long it takes to look up a digest tells nothing about credentials."""


class Group(Kind, frozen=True, kw_only=True):
    """A set of security definitions: a caller must satisfy one of them (reference: enmasse, section 3.2.1)."""

    section = "groups"
    also_section = ("security_groups",)
    dropped = {"id": "", "cluster_id": "", "opaque1": ""}

    members: Annotated[tuple[str, ...], about("Security definitions of the members.", ref="security")] = ()
    quota_tier: (
        Annotated[
            str,
            about("Name of a quota tier with rate-limit rules.", pending="rate limits are kept but not enforced yet"),
        ]
        | None
    ) = None

    def open(self, opening: Opening) -> GroupHandle:
        """Make what finds members; one that is inactive, or of a type without credentials in a header, is left out."""
        return GroupHandle(_members(self.members, opening))


def _members(names: Iterable[str], opening: Opening) -> Iterator[Member]:
    for name in names:
        handle = None
        with suppress(Inactive, NotUsableYet):
            handle = opening.handle("security", name)
        if isinstance(handle, Member):
            yield handle


class GroupHandle:
    """Finds a member by its credentials, at a cost that does not grow with the group."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.readers: dict[tuple[str, str], Callable[[Mapping[str, Any]], bytes | None]] = {}
        """Type and header of credentials → what reads them from a request."""
        self._members: dict[tuple[str, str, bytes], Member] = {}
        for member in members:
            self.readers[member.source] = member.presented
            for credentials in member.expected:
                self._members.setdefault((*member.source, _digest(credentials)), member)

    def find(self, source: tuple[str, str], digest: bytes) -> Member | None:
        """The member whose credentials, of a type and from a header, have a digest."""
        return self._members.get((*source, digest))

    def close(self) -> None:
        """Nothing is held."""


def satisfied(groups: Sequence[GroupHandle], environ: Mapping[str, Any]) -> Kind:
    """The definition of the member that the caller is, of any of the groups.

    Raises BadRequest where there are credentials of two types, and Forbidden where they are nobody's.
    """
    given = {
        source: credentials
        for group in groups
        for source, read in group.readers.items()
        if (credentials := read(environ)) is not None
    }
    if len({kind for kind, _ in given}) > 1:
        raise BadRequest(None, "Send either Basic Auth credentials or an API key, not both", needs_msg=True)
    for source, credentials in given.items():
        digest = _digest(credentials)
        for group in groups:
            member = group.find(source, digest)
            if member is not None and member.authenticate(environ):
                return member.definition
    raise Forbidden


def _digest(credentials: bytes) -> bytes:
    return hashlib.blake2b(credentials, key=_KEY, digest_size=32).digest()
