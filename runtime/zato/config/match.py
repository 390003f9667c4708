"""Match: which channel would answer a request, and why that one, decided by the router that serves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from zato.config.snapshot import Snapshot
from zato.kinds.base import Kind
from zato.kinds.http.channel import ChannelHTTP
from zato.kinds.rest import path as paths
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.router import METHODS, OwnAnswer, Route, Router
from zato.kinds.rest.target import SENT, BadTarget, read
from zato.kinds.security.groups import Group


class Passed(msgspec.Struct, frozen=True):
    """A channel that does not answer, though it nearly does."""

    channel: ChannelHTTP
    reason: str


class Guard(msgspec.Struct, frozen=True):
    """A security definition or group that callers must satisfy."""

    object: Kind
    members: tuple[str, ...] = ()
    """The definitions of a group, any of which is enough."""
    refuses: str = ""
    """Why nobody can satisfy it."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers a request."""

    channel: ChannelREST | None = None
    """None where no channel answers."""
    reason: str
    """Why it answers, or why none does."""
    params: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The parameters that the path holds."""
    guards: tuple[Guard, ...] = ()
    others: tuple[Passed, ...] = ()
    """The other channels that were near it, in the order in which they would be asked."""

    @property
    def is_answered(self) -> bool:
        """Whether a channel answers."""
        return self.channel is not None


_OWN_ANSWERS: Mapping[OwnAnswer, str] = {
    "ping": "the server answers by itself, to tell that it is there",
    "not found": "a quoted slash, `%2F`, is no separator, and no path of a channel can hold it",
}
_NOT_SENT = re.compile(f"[^{SENT}]")


def match(configuration: Snapshot, method: str, target: str, accept: str = "") -> Match:
    """Say who answers a request to a path as it stands in a URL, quoted; what follows a `?` picks no channel."""
    sent = target.partition("#")[0]
    if unquoted := _NOT_SENT.search(sent):
        return Match(reason=f"the server answers 400: `{unquoted[0]}` must be percent-encoded")
    if method not in METHODS:
        return Match(reason=f"the server answers {', '.join(METHODS)} only")
    try:
        uri, path, _ = read(method, sent)
    except BadTarget as bad:
        return Match(reason=f"the server answers 400: {bad}")
    channels = cast("Mapping[str, ChannelREST]", configuration.section("channel_rest"))
    router = Router(map(Route, channels.values()))
    own = router.own_answer(path, uri)
    if own is not None:
        return Match(reason=_OWN_ANSWERS[own])
    found = router.match(method, path, accept)
    if found is None:
        return _unanswered(configuration, router, method, path, accept)
    route, params = found
    _, *behind = router.matches(method, path, accept)
    lost = [Passed(other.channel, _why_it_lost(other, route)) for other, _ in behind]
    return Match(
        channel=route.channel,
        reason="of the channels that match it comes first" if lost else "no other channel matches",
        params=params,
        guards=tuple(_guards(configuration, route.channel)),
        others=(*lost, *_refusing(router, method, path, accept)),
    )


def _why_it_lost(route: Route, winner: Route) -> str:
    """Say which part of the rank decided."""
    one, other = route.rank, winner.rank
    if one.prefix != other.prefix:
        literal = route.template.literals[0]
        return f"it matches too, but its path has less before the first parameter: `{literal}`"
    if one.literals != other.literals:
        return "it matches too, but less of its path is literal"
    if one.takes_any_accept != other.takes_any_accept:
        return "it matches too, but takes any Accept"
    if one.takes_any_method != other.takes_any_method:
        return "it matches too, but takes any method"
    return "it matches too, but its name comes later"


def _refusing(router: Router[Route], method: str, path: str, accept: str) -> Iterator[Passed]:
    """The channels that have the path and refuse something else."""
    for route in router.routes:
        channel = route.channel
        if route.params(path) is None:
            continue
        if not channel.is_active:
            yield Passed(channel, "it is inactive")
        elif not route.takes(method):
            yield Passed(channel, f"it answers {channel.method} only")
        elif not route.accepts(accept):
            yield Passed(channel, f"it answers only where Accept is `{channel.http_accept}`")


def _unanswered(configuration: Snapshot, router: Router[Route], method: str, path: str, accept: str) -> Match:
    others = [*_refusing(router, method, path, accept), *_soap(configuration, path)]
    if others:
        return Match(reason="the channels that have this path do not answer", others=tuple(others))
    others = [Passed(route.channel, reason) for route in router.routes if (reason := _near_miss(route, path))]
    if others:
        return Match(reason="no channel has exactly this path", others=tuple(others))
    by_path = {route.channel.url_path: route.channel for route in reversed(router.routes)}
    near = difflib.get_close_matches(path, by_path, n=1)
    return Match(
        reason="no channel has this path",
        others=tuple(Passed(by_path[url_path], "its path is the nearest one") for url_path in near),
    )


def _soap(configuration: Snapshot, path: str) -> Iterator[Passed]:
    for thing in configuration.section("channel_soap").values():
        channel = cast("ChannelHTTP", thing)
        template = paths.parse(channel.url_path)
        if channel.pending and paths.match(template, path, match_slash=channel.match_slash) is not None:
            yield Passed(channel, f"objects of its kind cannot be used yet: {channel.pending}")


_NO_VALUE = re.compile(r"[^A-Za-z0-9_ $.\-:|=~^/]")
"""What no parameter takes; see `zato.kinds.rest.path`."""


def _near_miss(route: Route, path: str) -> str:
    """Say what little is wrong with a path, or ""."""
    if path.endswith("/") and route.params(path[:-1]) is not None:
        return "its path has no slash at the end"
    if route.params(f"{path}/") is not None:
        return "its path has a slash at the end"
    if _folded(route).params(path.lower()) is not None:
        return "upper and lower case differ"
    if paths.match(route.template, path, match_slash=True) is not None:
        return "a parameter takes no slash, unless `match_slash` is true"
    strange = _NO_VALUE.findall(path)
    if strange and route.params(_NO_VALUE.sub("x", path)) is not None:
        return f"a parameter takes no `{strange[0]}`"
    return ""


def _folded(route: Route) -> Route:
    channel = route.channel
    return Route(msgspec.structs.replace(channel, url_path=channel.url_path.lower()))


def _guards(configuration: Snapshot, channel: ChannelREST) -> Iterator[Guard]:
    named = [("security", channel.security)] if channel.security else []
    for section, name in [*named, *(("groups", name) for name in channel.groups)]:
        thing = configuration.get(section, name)
        if thing is not None:
            members = thing.members if isinstance(thing, Group) else ()
            yield Guard(thing, members, _why_nobody(thing))


def _why_nobody(thing: Kind) -> str:
    if not thing.is_active:
        return "it is inactive, so everyone is refused"
    return f"its type cannot be used yet: {thing.pending}" if thing.pending else ""
