from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.rest.target import BadTarget, has_encoded_slash, read


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a?b=c", ("/a?b=c", "/a", "b=c")),
        ("/%C5%BC", ("/%C5%BC", "/ż", "")),
        ("///a//b", ("///a//b", "/a//b", "")),
        ("/%2F/a", ("/%2F/a", "/a", "")),
        ("HTTP://host?b", ("/?b", "/", "b")),
        ("https://host//a", ("//a", "/a", "")),
    ],
)
def test_a_target_is_taken_apart(target: str, expected: tuple[str, str, str]) -> None:
    assert read("GET", target) == expected


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/a#b", "fragment in target"),
        ("", "malformed target"),
        ("*", "malformed target"),
        ("a", "malformed target"),
        ("http://user@host/", "malformed target"),
        ("/%FF", "path is not UTF-8"),
        ("/%", "malformed or control character in the path"),
        ("/%C2%85", "malformed or control character in the path"),
        ("/?a%00=b", "control character in a query parameter's name"),
    ],
)
def test_a_target_that_two_could_read_differently_is_bad(target: str, why: str) -> None:
    with pytest.raises(BadTarget, match=f"^{why}$"):
        read("GET", target)


def test_options_may_ask_about_the_server_as_a_whole() -> None:
    assert read("OPTIONS", "*") == ("*", "*", "")


@given(target=st.text(st.sampled_from("/a%2FfC5B?*#:.&=")))
def test_a_path_begins_with_one_slash_or_the_target_is_bad(target: str) -> None:
    try:
        uri, path, query = read("GET", target)
    except BadTarget:
        return
    assert uri == target
    assert path.startswith("/")
    assert not path.startswith("//")
    assert uri.partition("?")[2] == query


@pytest.mark.parametrize(("uri", "has"), [("/a%2fb", True), ("/a%2Fb?c", True), ("/a/b?c=%2F", False), ("/%25", False)])
def test_an_encoded_slash_is_found_in_the_path_only(uri: str, has: bool) -> None:
    assert has_encoded_slash(uri) is has
