from __future__ import annotations

import pytest

from zato.config.match import Match, match
from zato.config.snapshot import Snapshot
from zato.kinds.base import Kind
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth
from zato.kinds.security.groups import Group
from zato.kinds.security.ntlm import NTLM
from zato.kinds.soap.channel import ChannelSOAP


def channel(url_path: str, name: str = "", **fields: object) -> ChannelREST:
    return ChannelREST(name=name or url_path, service="my.service", url_path=url_path, **fields)  # type: ignore[arg-type]


def asked(*objects: Kind, get: str = "/a/b", method: str = "GET", accept: str = "") -> Match:
    return match(Snapshot(objects), method, get, accept)


def others(matched: Match) -> list[tuple[str, str]]:
    return [(passed.channel.name, passed.reason) for passed in matched.others]


def test_the_one_channel_that_matches_is_told_with_its_parameters() -> None:
    matched = asked(channel("/a/{x}"), channel("/c"))
    assert matched.channel is not None
    assert (matched.channel.name, matched.params, matched.reason) == ("/a/{x}", {"x": "b"}, "no other channel matches")
    assert matched.others == ()


def test_why_others_lost_is_told_in_the_order_in_which_they_would_be_asked() -> None:
    matched = asked(
        channel("/a/b", "any"),
        channel("/a/b", "get", method="GET"),
        channel("/a/b", "csv", http_accept="text/csv"),
        channel("/{x}/b"),
        channel("/{x}/{y}", "z"),
        accept="text/csv",
    )
    assert matched.channel is not None
    assert matched.channel.name == "csv"
    assert matched.reason == "of the channels that match it comes first"
    assert others(matched) == [
        ("get", "it matches too, but takes any Accept"),
        ("any", "it matches too, but takes any Accept"),
        ("/{x}/b", "it matches too, but its path has less before the first parameter: `/`"),
        ("z", "it matches too, but its path has less before the first parameter: `/`"),
    ]


@pytest.mark.parametrize(
    ("winner", "loser", "reason"),
    [
        (channel("/{x}/b"), channel("/{x}/{y}"), "it matches too, but less of its path is literal"),
        (channel("/a/b", "1", method="GET"), channel("/a/b", "2"), "it matches too, but takes any method"),
        (channel("/{x}-b/{y}", "1"), channel("/{x}/{y}-b", "2"), "it matches too, but its name comes later"),
    ],
)
def test_what_decided_is_told(winner: ChannelREST, loser: ChannelREST, reason: str) -> None:
    get = "/a-b/c-b" if "-" in winner.url_path else "/a/b"
    matched = asked(loser, winner, get=get)
    assert matched.channel == winner
    assert others(matched) == [(loser.name, reason)]


def test_channels_that_have_the_path_and_refuse_the_request_are_told() -> None:
    matched = asked(
        channel("/a/b", "off", is_active=False),
        channel("/a/b", "post", method="POST"),
        channel("/a/b", "csv", http_accept="text/csv"),
        accept="text/html",
    )
    assert not matched.is_answered
    assert matched.reason == "the channels that have this path do not answer"
    assert others(matched) == [
        ("csv", "it answers only where Accept is `text/csv`"),
        ("post", "it answers POST only"),
        ("off", "it is inactive"),
    ]


@pytest.mark.parametrize(
    ("get", "url_path", "reason"),
    [
        ("/a/b/", "/a/b", "its path has no slash at the end"),
        ("/a/b", "/a/b/", "its path has a slash at the end"),
        ("/a/B", "/a/b", "upper and lower case differ"),
        ("/a/b/c", "/a/{x}", "a parameter takes no slash, unless `match_slash` is true"),
        ("/a/%C3%BC", "/a/{x}", "a parameter takes no `ü`"),
    ],
)
def test_what_little_is_wrong_with_a_path_is_told(get: str, url_path: str, reason: str) -> None:
    matched = asked(channel(url_path), channel("/other"), get=get)
    assert (matched.is_answered, matched.reason) == (False, "no channel has exactly this path")
    assert others(matched) == [(url_path, reason)]


def test_the_nearest_path_is_told() -> None:
    matched = asked(channel("/customers"), channel("/x"), get="/custmers")
    assert (matched.reason, others(matched)) == (
        "no channel has this path",
        [("/customers", "its path is the nearest one")],
    )


def test_nothing_near_is_nothing() -> None:
    assert asked(channel("/customers"), get="/xyz").others == ()
    assert asked(get="/xyz").reason == "no channel has this path"


def test_a_soap_channel_with_the_path_is_told_as_long_as_it_cannot_be_used() -> None:
    matched = asked(ChannelSOAP(name="S", service="s", url_path="/a/b"))
    if ChannelSOAP.pending:
        ((name, reason),) = others(matched)
        assert (name, reason) == ("S", f"objects of its kind cannot be used yet: {ChannelSOAP.pending}")


@pytest.mark.parametrize(
    ("method", "get", "reason"),
    [
        ("TRACE", "/a", "the server answers DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT only"),
        ("GET", "/a%2Fb", "a quoted slash, `%2F`, is no separator, and no path of a channel can hold it"),
        ("GET", "/zato/ping", "the server answers by itself, to tell that it is there"),
        ("POST", "//zato%2Fping", "the server answers by itself, to tell that it is there"),
        ("GET", "/a%FF", "the server answers 400: path is not UTF-8"),
        ("GET", "a", "the server answers 400: malformed target"),
        ("GET", "/ą", "the server answers 400: `ą` must be percent-encoded"),
    ],
)
def test_what_the_server_decides_before_any_channel_is_told(method: str, get: str, reason: str) -> None:
    matched = asked(channel("/a/b"), channel("/zato/{p}"), method=method, get=get)
    assert (matched.is_answered, matched.reason) == (False, reason)


def test_a_channel_with_exactly_the_path_of_the_ping_answers_in_its_place() -> None:
    own = channel("/zato/ping", method="POST")
    assert asked(own, method="POST", get="/zato/ping").channel == own
    refused = asked(own, get="/zato/ping")
    assert not refused.is_answered
    assert others(refused) == [("/zato/ping", "it answers POST only")]


@pytest.mark.parametrize("get", ["//a/b", "/a/b?c=d", "http://localhost:17010/a/b#x", "/%61/b"])
def test_a_path_may_be_written_as_in_a_url(get: str) -> None:
    assert asked(channel("/a/b"), get=get).is_answered


def test_what_callers_must_satisfy_is_told() -> None:
    matched = asked(
        BasicAuth(name="A", username="u", is_active=False),
        NTLM(name="N", username="u"),
        APIKey(name="K"),
        Group(name="G", members=("K", "N")),
        channel("/a/b", security="A", groups=("G",)),
    )
    assert [(guard.object.name, guard.members, guard.refuses) for guard in matched.guards] == [
        ("A", (), "it is inactive, so everyone is refused"),
        ("G", ("K", "N"), ""),
    ]


def test_a_definition_of_a_type_that_cannot_be_used_is_told() -> None:
    (guard,) = asked(NTLM(name="N", username="u"), channel("/a/b", security="N")).guards
    assert guard.refuses == (f"its type cannot be used yet: {NTLM.pending}" if NTLM.pending else "")
