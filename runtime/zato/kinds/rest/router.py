"""Which REST channel answers a request: the one set of rules, for servers and for those who ask before.

Where several channels match, the longest literal prefix wins, then the most literal characters, then an explicit
Accept, then an explicit method, then the name (reference: service-api, section 2.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Literal, NamedTuple, TypeVar

from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.path import match, parse
from zato.kinds.rest.target import has_encoded_slash

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
"""HTTP methods that are answered at all."""

PING = "/zato/ping"
"""Path that the server answers by itself where no channel has it."""

OwnAnswer = Literal["ping", "not found"]
"""`not found` is the answer to a quoted slash, which no path of a channel can hold."""

_NO_PARAMS: Mapping[str, str] = {}


class Rank(NamedTuple):
    """What decides between channels that match: the smaller one wins."""

    prefix: int
    """Minus the characters before the first parameter."""
    literals: int
    """Minus the characters outside of parameters."""
    takes_any_accept: bool
    takes_any_method: bool
    name: str


class Route:
    """A REST channel, and what is worth knowing about its path before the first request."""

    __slots__ = ("channel", "rank", "template")

    def __init__(self, channel: ChannelREST) -> None:
        self.channel = channel
        self.template = parse(channel.url_path)
        literals = self.template.literals
        self.rank = Rank(
            -len(literals[0]), -sum(map(len, literals)), not channel.http_accept, not channel.method, channel.name
        )

    def params(self, path: str) -> dict[str, str] | None:
        """The parameters that a path holds, or None where the route does not match it."""
        return match(self.template, path, match_slash=self.channel.match_slash)

    def takes(self, method: str) -> bool:
        """Whether the channel answers an HTTP method."""
        return self.channel.method in {"", method}

    def accepts(self, accept: str) -> bool:
        """Whether the channel answers an Accept header."""
        return not self.channel.http_accept or accept in {self.channel.http_accept, "*/*", ""}


R = TypeVar("R", bound=Route)


class Router(Generic[R]):
    """Finds routes. Its cost depends on the path, and hardly on how many channels there are."""

    def __init__(self, routes: Iterable[R]) -> None:
        self.routes = sorted(routes, key=lambda route: route.rank)
        """In the order of their precedence, inactive ones included."""
        self._active = _Paths(route for route in self.routes if route.channel.is_active)
        self._inactive = _Paths(route for route in self.routes if not route.channel.is_active)

    def match(self, method: str, path: str, accept: str) -> tuple[R, Mapping[str, str]] | None:
        """Find the one route that answers a request, and the parameters of its path."""
        return next(self.matches(method, path, accept), None)

    def matches(self, method: str, path: str, accept: str) -> Iterator[tuple[R, Mapping[str, str]]]:
        """Every route that could answer a request, the one that does first, with the parameters of its path."""
        return self._active.match(method, path, accept)

    def methods(self, path: str, accept: str) -> list[str]:
        """HTTP methods that are answered at a path, sorted."""
        return sorted({method for method in METHODS if self.match(method, path, accept)})

    def inactive(self, method: str, path: str, accept: str) -> R | None:
        """The inactive route that would answer a request."""
        return next((route for route, _ in self._inactive.match(method, path, accept)), None)

    def own_answer(self, path: str, uri: str) -> OwnAnswer | None:
        """What the server answers by itself, whatever the method, or None where `match` decides.

        `path` and `uri` are what `zato.kinds.rest.target.read` makes of a target.
        """
        if path == PING and PING not in self._active.static:
            return "ping"
        return "not found" if has_encoded_slash(uri) else None


class _Node(Generic[R]):
    """One segment of the URL paths that begin alike."""

    __slots__ = ("any", "ending", "rest", "segments")

    def __init__(self) -> None:
        self.segments: dict[str, _Node[R]] = {}
        self.any: _Node[R] | None = None
        self.ending: list[tuple[int, R]] = []
        """Routes whose path ends here."""
        self.rest: list[tuple[int, R]] = []
        """Routes that may match whatever follows."""


class _Paths(Generic[R]):
    """URL paths: the static ones in a dict, the others in a tree of segments that leaves few to try."""

    def __init__(self, routes: Iterable[R]) -> None:
        """Take routes in the order of their precedence."""
        self.static: dict[str, list[R]] = {}
        self._root: _Node[R] = _Node()
        for order, route in enumerate(routes):
            if route.template.names:
                self._plant(order, route)
            else:
                self.static.setdefault(route.channel.url_path, []).append(route)

    def _plant(self, order: int, route: R) -> None:
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

    def match(self, method: str, path: str, accept: str) -> Iterator[tuple[R, Mapping[str, str]]]:
        """Routes that answer a request, in the order of their precedence, each with its parameters."""
        for route in self.static.get(path, ()):
            if route.takes(method) and route.accepts(accept):
                yield route, _NO_PARAMS
        found: list[tuple[int, R]] = []
        _collect(self._root, path.split("/"), 0, found)
        for _, route in sorted(found, key=_order):
            if route.takes(method) and route.accepts(accept):
                params = route.params(path)
                if params is not None:
                    yield route, params


def _whole_segments(route: Route) -> set[str]:
    """Placeholders that can only take a whole segment: what the tree need not look into."""
    return set() if route.channel.match_slash else {f"{{{name}}}" for name in route.template.names}


def _collect(node: _Node[R], segments: list[str], depth: int, found: list[tuple[int, R]]) -> None:
    found += node.rest
    if depth == len(segments):
        found += node.ending
        return
    following = node.segments.get(segments[depth])
    if following is not None:
        _collect(following, segments, depth + 1, found)
    if node.any is not None:
        _collect(node.any, segments, depth + 1, found)


def _order(found: tuple[int, R]) -> int:
    return found[0]
