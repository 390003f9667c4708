from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.path import check, conflicts, parse
from zato.kinds.rest.router import Route, Router


def channel(name: str, url_path: str, **fields: Any) -> ChannelREST:
    return ChannelREST(name=name, service="my.service", url_path=url_path, **fields)


def router(*channels: ChannelREST) -> Router[Route]:
    return Router(map(Route, channels))


def answered(by: Router[Route], method: str, path: str, accept: str = "*/*") -> tuple[str, Mapping[str, str]] | None:
    found = by.match(method, path, accept)
    return (found[0].channel.name, found[1]) if found else None


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("/a/b", "/a/{x}", "/a/b"),
        ("/a/b{x}", "/a/{x}", "/a/bc"),
        ("/a/b{x}/{y}", "/a/{x}/ccccc", "/a/bb/ccccc"),
        ("/a/{x}/c", "/a/{x}/{y}", "/a/1/c"),
        ("/a/{x}", "/{y}/{x}", "/a/1"),
    ],
)
def test_the_longest_literal_prefix_wins_and_then_the_most_literal_characters(
    first: str, second: str, path: str
) -> None:
    tested = router(channel("a", second), channel("b", first))
    found = answered(tested, "GET", path)
    assert found is not None
    assert found[0] == "b"


def test_explicit_accept_wins_over_explicit_method_and_that_over_the_name() -> None:
    # Given
    plain, method, accept = (
        channel("1", "/a"),
        channel("2", "/a", method="GET"),
        channel("3", "/a", http_accept="text/csv"),
    )

    # Then
    tested = router(plain, method, accept)
    assert [
        answered(tested, *call) for call in (("GET", "/a", "text/csv"), ("GET", "/a", "x/y"), ("PUT", "/a", "x/y"))
    ] == [("3", {}), ("2", {}), ("1", {})]
    assert answered(router(channel("2", "/{a}"), channel("1", "/{b}")), "GET", "/x") == ("1", {"b": "x"})


def test_a_channel_that_does_not_take_the_method_leaves_the_request_to_a_less_specific_one() -> None:
    tested = router(channel("exact", "/a/b", method="GET"), channel("any", "/a/{x}"))
    assert answered(tested, "GET", "/a/b") == ("exact", {})
    assert answered(tested, "POST", "/a/b") == ("any", {"x": "b"})


def test_accept_is_exact_unless_the_caller_takes_anything() -> None:
    tested = router(channel("1", "/a", http_accept="text/csv"))
    assert [answered(tested, "GET", "/a", accept) is not None for accept in ("text/csv", "*/*", "", "text/*")] == [
        True,
        True,
        True,
        False,
    ]


def test_methods_of_a_path_are_told_sorted() -> None:
    tested = router(channel("1", "/a/{x}", method="PUT"), channel("2", "/a/{x}", method="GET"))
    assert tested.methods("/a/b", "*/*") == ["GET", "PUT"]
    assert tested.methods("/b", "*/*") == []


def test_inactive_channels_give_way_and_are_told_apart() -> None:
    tested = router(channel("1", "/a/b", is_active=False), channel("2", "/a/{x}"), channel("3", "/c", is_active=False))
    assert answered(tested, "GET", "/a/b") == ("2", {"x": "b"})
    assert tested.match("GET", "/c", "*/*") is None
    inactive = tested.inactive("GET", "/c", "*/*")
    assert inactive is not None
    assert inactive.channel.name == "3"


def test_a_parameter_whose_name_holds_a_slash_is_found() -> None:
    assert answered(router(channel("1", "/a/{b/c}/d")), "GET", "/a/x/d") == ("1", {"b/c": "x"})


SEGMENT = st.sampled_from(["a", "b", "ab", "{p}", "{q}", "a{p}", "{p}-b", "{p}-{q}", "", "a-b"])
URL_PATH = st.builds(lambda segments: "/" + "/".join(segments), st.lists(SEGMENT, max_size=4))
CHANNELS = st.lists(
    st.tuples(URL_PATH, st.sampled_from(["", "GET", "PUT"]), st.sampled_from(["", "text/csv"]), st.booleans()),
    max_size=8,
)


def naive(channels: list[ChannelREST], method: str, path: str, accept: str) -> tuple[str, dict[str, str]] | None:
    found = []
    for thing in channels:
        template = parse(thing.url_path)
        value = r"([A-Za-z0-9_ $.\-:|=~^/]+)" if thing.match_slash else r"([A-Za-z0-9_ $.\-:|=~^]+)"
        match = re.fullmatch(value.join(map(re.escape, template.literals)), path)
        takes = thing.method in {"", method} and (not thing.http_accept or accept in {thing.http_accept, "*/*", ""})
        if match and takes and thing.is_active:
            prefix, literal = len(template.literals[0]), sum(map(len, template.literals))
            rank = (-prefix, -literal, not thing.http_accept, not thing.method, thing.name)
            found.append((rank, thing.name, dict(zip(template.names, match.groups(), strict=True))))
    return min(found)[1:] if found else None


@given(
    CHANNELS,
    st.lists(st.sampled_from(["a", "b", "ab", "a-b", "x-b", "-", "", "ü"]), max_size=5),
    st.sampled_from(["GET", "PUT", "POST"]),
    st.sampled_from(["*/*", "text/csv", "text/html"]),
)
def test_it_answers_what_trying_every_channel_would_answer(
    described: list[tuple[str, str, str, bool]], segments: list[str], method: str, accept: str
) -> None:
    # Given
    everything = [
        channel(str(number), url_path, method=only, http_accept=wanted, match_slash=slash)
        for number, (url_path, only, wanted, slash) in enumerate(described)
        if check(url_path) is None
    ]
    clashing = {second.name for _, second in conflicts(everything)}
    channels = [thing for thing in everything if thing.name not in clashing]
    path = "/" + "/".join(segments)

    # Then
    assert answered(router(*channels), method, path, accept) == naive(channels, method, path, accept)


def microseconds(tested: Router[Route], path: str) -> float:
    def once() -> float:
        begin = time.perf_counter()
        for _ in range(300):
            tested.match("GET", path, "*/*")
        return time.perf_counter() - begin

    return min(once() for _ in range(20)) / 300 * 1e6


@pytest.mark.parametrize("kind", ["/static/{}", "/first/{}/{{x}}", "/{{x}}/last/{}", "/slashes/{}/{{x}}"])
def test_ten_thousand_channels_cost_a_request_what_one_does(kind: str) -> None:
    # Given
    many = [channel(str(n), kind.format(n), match_slash="slashes" in kind) for n in range(10_000)]
    path = kind.format(5000).replace("{x}", "value")

    # When
    one, all_of_them = microseconds(router(many[5000]), path), microseconds(router(*many), path)

    # Then
    assert answered(router(*many), "GET", path) is not None
    assert all_of_them < one * 2 + 5  # a scan would take a thousand times as long
