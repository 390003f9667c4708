"""Which REST channel answers a request: compiled once for each world, then only read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from zato.common.api import CHANNEL, DATA_FORMAT
from zato.kinds.base import Kind, SecurityHandle
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.path import match, parse
from zato.kinds.security.groups import GroupHandle
from zato.server.channel import ChannelInfo, channel_info

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""HTTP methods that are answered at all."""

_NO_PARAMS: Mapping[str, str] = {}


class DenyAll:
    """Guards a channel whose security definition cannot be used: nobody gets in."""

    challenge = ""

    def authenticate(self, environ: Mapping[str, Any]) -> bool:
        """Refuse."""
        return False


class Route:
    """A REST channel and what is worth knowing about it before the first request."""

    __slots__ = (
        "answers_json", "channel", "content_type", "groups", "info", "rank", "security", "service", "template",
    )  # fmt: skip

    def __init__(
        self,
        channel: ChannelREST,
        security: Callable[[str], SecurityHandle | None],
        group: Callable[[str], GroupHandle | None],
    ) -> None:
        self.channel = channel
        self.service = channel.service
        self.template = parse(channel.url_path)
        self.security: SecurityHandle | DenyAll | None = None
        definition = None
        if channel.security is not None:
            handle = security(channel.security)
            self.security = handle or DenyAll()
            definition = handle.definition if handle else None
        self.groups: list[GroupHandle] | None = None
        if channel.groups:
            self.groups = [found for name in channel.groups if (found := group(name)) is not None]
        self.info = self.info_for(definition)
        self.answers_json = channel.data_format in {DATA_FORMAT.JSON, DATA_FORMAT.DICT}
        self.content_type = channel.content_type or ("application/json" if self.answers_json else "text/plain")
        literals = self.template.literals
        self.rank = (-len(literals[0]), -sum(map(len, literals)), not channel.http_accept, not channel.method)

    def info_for(self, definition: Kind | None) -> ChannelInfo:
        """What a service is told about the channel, and about the security definition that its caller satisfies."""
        return channel_info(self.channel, CHANNEL.HTTP_SOAP, definition)

    def params(self, path: str) -> dict[str, str] | None:
        """The parameters that a path holds, or None where the route does not match it."""
        return match(self.template, path, match_slash=self.channel.match_slash)

    def takes(self, method: str) -> bool:
        """Whether the channel answers an HTTP method."""
        return self.channel.method in {"", method}

    def accepts(self, accept: str) -> bool:
        """Whether the channel answers an Accept header."""
        return not self.channel.http_accept or accept in {self.channel.http_accept, "*/*", ""}


class Router:
    """Finds routes. Its cost depends on the path, and hardly on how many channels there are."""

    def __init__(
        self,
        channels: Iterable[ChannelREST],
        security: Callable[[str], SecurityHandle | None],
        group: Callable[[str], GroupHandle | None] = lambda _: None,
    ) -> None:
        """Compile channels.

        `security` and `group` give live handles of definitions and groups, None of those that cannot be used.
        """
        self.routes = sorted((Route(channel, security, group) for channel in channels), key=_precedence)
        self._active = _Paths(route for route in self.routes if route.channel.is_active)
        self._inactive = _Paths(route for route in self.routes if not route.channel.is_active)

    def match(self, method: str, path: str, accept: str) -> tuple[Route, Mapping[str, str]] | None:
        """Find the one route that answers a request, and the parameters of its path.

        Where several match, the longest literal prefix wins, then the most literal characters, then an explicit
        Accept, then an explicit method, then the name (reference: service-api, section 2.1).
        """
        return next(self._active.match(method, path, accept), None)

    def methods(self, path: str, accept: str) -> list[str]:
        """HTTP methods that are answered at a path, sorted."""
        return sorted({method for method in METHODS if self.match(method, path, accept)})

    def inactive(self, method: str, path: str, accept: str) -> Route | None:
        """The inactive route that would answer a request."""
        return next((route for route, _ in self._inactive.match(method, path, accept)), None)

    def has_static(self, path: str) -> bool:
        """Whether a channel has exactly this URL path."""
        return path in self._active.static


def _precedence(route: Route) -> tuple[Any, ...]:
    return (*route.rank, route.channel.name)


class _Node:
    """One segment of the URL paths that begin alike."""

    __slots__ = ("any", "ending", "rest", "segments")

    def __init__(self) -> None:
        self.segments: dict[str, _Node] = {}
        self.any: _Node | None = None
        self.ending: list[tuple[int, Route]] = []
        """Routes whose path ends here."""
        self.rest: list[tuple[int, Route]] = []
        """Routes that may match whatever follows."""


class _Paths:
    """URL paths: the static ones in a dict, the others in a tree of segments that leaves few to try."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Take routes in the order of their precedence."""
        self.static: dict[str, list[Route]] = {}
        self._root = _Node()
        for order, route in enumerate(routes):
            if route.template.names:
                self._plant(order, route)
            else:
                self.static.setdefault(route.channel.url_path, []).append(route)

    def _plant(self, order: int, route: Route) -> None:
        node = self._root
        for segment in route.channel.url_path.split("/"):
            if "{" not in segment and "}" not in segment:
                node = node.segments.setdefault(segment, _Node())
            elif segment in _whole_segments(route):
                node.any = node.any or _Node()
                node = node.any
            else:
                node.rest.append((order, route))
                return
        node.ending.append((order, route))

    def match(self, method: str, path: str, accept: str) -> Iterator[tuple[Route, Mapping[str, str]]]:
        """Routes that answer a request, in the order of their precedence, each with its parameters."""
        for route in self.static.get(path, ()):
            if route.takes(method) and route.accepts(accept):
                yield route, _NO_PARAMS
        found: list[tuple[int, Route]] = []
        _collect(self._root, path.split("/"), 0, found)
        for _, route in sorted(found, key=_order):
            if route.takes(method) and route.accepts(accept):
                params = route.params(path)
                if params is not None:
                    yield route, params


def _whole_segments(route: Route) -> set[str]:
    """Placeholders that can only take a whole segment: what the tree need not look into."""
    return set() if route.channel.match_slash else {f"{{{name}}}" for name in route.template.names}


def _collect(node: _Node, segments: list[str], depth: int, found: list[tuple[int, Route]]) -> None:
    found += node.rest
    if depth == len(segments):
        found += node.ending
        return
    following = node.segments.get(segments[depth])
    if following is not None:
        _collect(following, segments, depth + 1, found)
    if node.any is not None:
        _collect(node.any, segments, depth + 1, found)


def _order(found: tuple[int, Route]) -> int:
    return found[0]
