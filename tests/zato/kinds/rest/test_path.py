from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.path import Template, check, conflicts, match, parse, shape


def channel(name: str, url_path: str, **fields: str) -> ChannelREST:
    return ChannelREST(name=name, service="my.service", url_path=url_path, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url_path", ["/", "/a", "/a/", "/a/{b}", "/a/{b}/{c d}", "/x-{b}.json", "/{a}-{b}", "/{a.b:c|d=e~f^g/h$}", "/ż/{ż}"]
)
def test_nothing_is_wrong_with_a_proper_path(url_path: str) -> None:
    assert check(url_path) is None


@pytest.mark.parametrize(
    ("url_path", "wrong"),
    [
        ("a", "a URL path starts with `/`"),
        ("", "a URL path starts with `/`"),
        ("/" + "a" * 200, "a URL path has at most 200 characters, this one 201"),
        ("/a:::b", "a URL path cannot contain `:::`"),
        ("/a/{b", "each `{` needs its own `}`, and parameters do not nest"),
        ("/a/b}", "each `{` needs its own `}`, and parameters do not nest"),
        ("/a/{b{c}}", "each `{` needs its own `}`, and parameters do not nest"),
        ("/a?b={c}", "a URL path ends before `?` and `#`"),
        ("/a#b", "a URL path ends before `?` and `#`"),
        ("/a/{}", "a parameter needs a name"),
        ("/a/{b+c}", "`b+c` cannot be the name of a parameter"),
        ("/a/{b}/{b}", "the parameter `b` is there more than once"),
        ("/a/{b}{c}", "something must separate two parameters"),
    ],
)
def test_what_is_wrong_is_said(url_path: str, wrong: str) -> None:
    assert check(url_path) == wrong


def test_each_parameter_takes_as_much_as_it_can() -> None:
    assert match(parse("/{a}-{b}-{c}.x"), "/1-2-3-4.x", match_slash=False) == {"a": "1-2", "b": "3", "c": "4"}


@pytest.mark.parametrize("path", ["/a/", "/a//c", "/a/b/c/d", "/a/b+/c", "/a/b\n/c", "/a/ż/c", "/a/b/c/", "/a/b"])
def test_other_paths_do_not_match(path: str) -> None:
    assert match(parse("/a/{b}/c"), path, match_slash=False) is None


def test_parameters_hold_slashes_where_that_is_wanted() -> None:
    template = parse("/a/{b}/c")
    assert match(template, "/a/1/2/3/c", match_slash=True) == {"b": "1/2/3"}
    assert match(template, "/a/1/2/3/c", match_slash=False) is None


def test_a_long_path_that_nearly_matches_costs_no_more_than_its_length() -> None:
    assert match(parse("/{a}-{b}-{c}-{d}-{e}/x"), "/" + "-" * 100_000 + "/y", match_slash=False) is None


def by_regular_expression(template: Template, path: str, match_slash: bool) -> dict[str, str] | None:
    value = r"([A-Za-z0-9_ $.\-:|=~^/]+)" if match_slash else r"([A-Za-z0-9_ $.\-:|=~^]+)"
    found = re.fullmatch(value.join(map(re.escape, template.literals)), path)
    return dict(zip(template.names, found.groups(), strict=True)) if found else None


@given(st.text(alphabet="/ab-{}:?é ", max_size=20), st.text(alphabet="/ab-é", max_size=20), st.booleans())
def test_matching_does_what_a_regular_expression_would_do(url_path: str, path: str, match_slash: bool) -> None:
    if check(url_path) is None:
        template = parse(url_path)
        for tried in (path, "ab".join(template.literals), path.join(template.literals)):
            expected = by_regular_expression(template, tried, match_slash)
            if template.names:
                assert match(template, tried, match_slash=match_slash) == expected


@given(st.lists(st.sampled_from(["/", "a", "b", "-", "{p}", "{q}", "{r}"]), max_size=8), st.text("/ab-", max_size=12))
def test_matching_of_many_parameters_does_what_a_regular_expression_would_do(parts: list[str], path: str) -> None:
    url_path = "/" + "".join(parts)
    template = parse(url_path)
    if check(url_path) is None and template.names:
        assert match(template, "/" + path, match_slash=True) == by_regular_expression(template, "/" + path, True)
        assert match(template, "/" + path, match_slash=False) == by_regular_expression(template, "/" + path, False)


def test_names_of_parameters_do_not_matter_to_the_shape() -> None:
    assert shape("/a/{b}/c") == shape("/a/{x}/c") != shape("/a/{b}/d")


def test_channels_that_answer_the_same_request_are_told_in_pairs() -> None:
    # Given
    one, two, three = channel("1", "/a/{b}"), channel("2", "/a/{c}"), channel("3", "/a/{d}")
    others = [
        channel("4", "/a/{b}", method="GET"),
        channel("5", "/a/{b}", http_accept="text/csv"),
        channel("6", "/a/{b}/"),
        channel("7", "/a/b"),
    ]

    # When
    pairs = list(conflicts([one, *others, two, three]))

    # Then
    assert pairs == [(one, two), (one, three)]
