from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.path import check, conflicts, parse, pattern, shape


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


@given(st.text(alphabet="/ab{}:?é ", max_size=30))
def test_every_path_without_fault_can_be_compiled_and_matches_itself_filled_in(url_path: str) -> None:
    if check(url_path) is None:
        template = parse(url_path)
        filled = "value".join(template.literals)
        found = pattern(template, match_slash=False).fullmatch(filled)
        assert found is not None
        assert found.groups() == ("value",) * len(template.names)


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
