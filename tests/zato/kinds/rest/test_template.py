from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.rest.template import PathTemplate

NAMES = st.text("abcdefghij_", min_size=1, max_size=5)
# All that UTF-8 can hold; lone surrogates have a test of their own
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)


@given(values=st.dictionaries(NAMES, TEXTS.filter(lambda text: text not in {".", ".."}), min_size=1), rest=st.data())
def test_the_other_side_sees_the_same_values(values: dict[str, str], rest: st.DataObject) -> None:
    # Given
    in_path = rest.draw(st.lists(st.sampled_from(sorted(values)), unique=True))
    template = PathTemplate("/p" + "".join(f"/{{{name}}}" for name in in_path))

    # When
    target = template.fill(values)

    # Then
    url = urlsplit("http://host" + target)
    assert target.isascii()
    assert [unquote(part) for part in url.path.split("/")[2:]] == [values[name] for name in in_path]
    assert parse_qsl(url.query, keep_blank_values=True) == [
        (name, value) for name, value in values.items() if name not in in_path
    ]


@given(values=st.dictionaries(NAMES, st.lists(TEXTS | st.integers())))
def test_lists_repeat_their_name(values: dict[str, list[str | int]]) -> None:
    target = PathTemplate("/p").fill(values)

    assert parse_qsl(urlsplit("http://host" + target).query, keep_blank_values=True) == [
        (name, str(value)) for name, items in values.items() for value in items
    ]


@given(parts=st.lists(st.sampled_from([".", "..", "a", "...", "/"]), min_size=2, max_size=2))
def test_no_part_of_a_path_is_a_directory_however_it_is_made(parts: list[str]) -> None:
    template = PathTemplate("/a/{x}{y}/b")

    try:
        path = template.fill({"x": parts[0], "y": parts[1]})
    except ValueError:
        path = ""

    assert not {".", ".."} & set(path.split("/"))


@pytest.mark.parametrize(
    ("template", "params", "target"),
    [
        ("/a", None, "/a"),
        ("/a", {}, "/a"),
        ("", {"b": 1}, "?b=1"),
        ("/a?x=1", {"b": 2}, "/a?x=1&b=2"),
        ("/a?x={y}", {"y": "&", "z": 1}, "/a?x=%26&z=1"),
        ("/a", [("b", 1), ("b", 2)], "/a?b=1&b=2"),
        ("/a", "b=1&c", "/a?b=1&c"),
        ("/a", {"b": None, "c": [], "d": ""}, "/a?d="),
        ("/{a}/{a}", {"a": 0}, "/0/0"),
        ("/{a}.json", {"a": "."}, "/..json"),
        ("/{a}", {"a": b"\xff/"}, "/%FF%2F"),
        ("/{a b}", {"a b": "c"}, "/c"),
        ("/ż%20/#x", None, "/%C5%BC%20/%23x"),
        ("/a", {"t": True}, "/a?t=True"),
    ],
)
def test_a_template_is_filled(template: str, params: object, target: str) -> None:
    assert PathTemplate(template).fill(params) == target  # type: ignore[arg-type]  # each case is of another type


def test_the_callers_parameters_are_left_alone() -> None:
    params = {"a": "1", "b": ["2"]}

    PathTemplate("/{a}").fill(params)

    assert params == {"a": "1", "b": ["2"]}


@pytest.mark.parametrize("params", [None, {}, "x=1", {"x": None, "y": 1}, {"x": "", "y": 1}])
def test_a_placeholder_needs_a_value(params: dict[str, object] | str | None) -> None:
    with pytest.raises(ValueError, match="missing parameters: x"):
        PathTemplate("/{x}/{y}").fill(params)


@pytest.mark.parametrize("params", [{"x": "\ud800"}, {"x": "a", "q": "\ud800"}])
def test_what_utf8_cannot_hold_is_refused(params: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        PathTemplate("/{x}").fill(params)


def test_the_fixed_part_ends_at_the_first_placeholder() -> None:
    assert PathTemplate("/a/{b}/c").fixed == "/a/"
    assert PathTemplate("/a").fixed == "/a"
    assert PathTemplate("").fixed == ""
