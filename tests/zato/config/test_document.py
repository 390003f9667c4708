from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from zato.config.document import Document, FromVariables, Items, Node, Unreadable, parse
from zato.config.problems import Problems


def parsed(text: str, **environ: str) -> Any:
    problems = Problems()
    value = parse(Document("c.yaml", text), environ, problems)
    assert [str(problem) for problem in problems] == []
    return value


def told(text: str, name: str = "c.yaml", **environ: str) -> list[str]:
    problems = Problems()
    try:
        parse(Document(name, text), environ, problems)
    except Unreadable as e:
        problems.error(e.place, e.message, hint=e.hint)
    return [str(problem) for problem in problems]


# Values

_DATE_OR_BASE_60 = re.compile(r"\d{4}-\d\d?-\d\d?.*|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?", re.DOTALL)


def _is_ours(text: str) -> bool:
    """Leaves out what is read differently on purpose: dates, base-60 numbers, variables, and YAML's `=` and `<<`."""
    return not (_DATE_OR_BASE_60.fullmatch(text) or "$" in text or "Enmasse" in text or text in {"=", "<<"})


_TEXTS = st.one_of(
    st.sampled_from(["", "yes", "No", "on", "null", "~", "012", "0x1F", "1e3", "1.5", "-7", "- a", "a: b", "#", "é"]),
    st.text(max_size=20),
).filter(_is_ours)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), _TEXTS)
_KEYS = st.one_of(_TEXTS, st.integers(), st.booleans(), st.none())
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=30,
)


@given(_VALUES, st.booleans(), st.sampled_from([None, "'", '"', "|"]))
def test_yaml_means_what_the_safe_loader_says(value: Any, flow: bool, style: str | None) -> None:
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=flow, default_style=style, allow_unicode=flow)
    assert parsed(text) == yaml.load(text, Loader=yaml.CSafeLoader)


_PRINTABLE = st.text(
    st.characters(min_codepoint=32, exclude_categories=("C", "Zl", "Zp")) | st.sampled_from('\n\t\r"\\/'),
    max_size=80,  # a key of YAML ends at 1,024 characters, escapes counted as they are written
)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), _PRINTABLE.filter(_is_ours)),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_PRINTABLE, inner, max_size=4)),
        max_leaves=30,
    ),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_json_means_what_json_says(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert parsed(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == value


@st.composite
def _with_anchors(draw: st.DrawFn) -> str:
    """Mappings with anchors, then mappings that merge and repeat them."""
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    pairs = st.dictionaries(st.sampled_from("xyz"), st.integers(0, 9), max_size=3)
    lines = [f"{name}: &{name} {json.dumps(draw(pairs))}" for name in names]
    for number in range(draw(st.integers(1, 3))):
        merged = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        lines.append(f"m{number}: &m{number}")
        own = [f"  {key}: {value}" for key, value in draw(pairs).items()]
        alias = f"*{merged[0]}" if len(merged) == 1 else "[" + ", ".join(f"*{name}" for name in merged) + "]"
        own.insert(draw(st.integers(0, len(own))), f"  <<: {alias}")
        lines += own
        names.append(f"m{number}")
    lines.append(f"again: [{', '.join(f'*{name}' for name in names)}]")
    return "\n".join(lines)


@given(_with_anchors())
def test_anchors_aliases_and_merges_mean_what_the_safe_loader_says(text: str) -> None:
    assert parsed(text) == yaml.load(text, Loader=yaml.CSafeLoader)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-13-45", "2024-13-45"),
        ("2024-01-02 03:04:05", "2024-01-02 03:04:05"),
        ("22:22", "22:22"),
        ("190:20:30.15", "190:20:30.15"),
        ("=", "="),
        ('"<<"', "<<"),
        ('{"<<": 1}', {"<<": 1}),
        ("!!str 5", "5"),
        ('!!int "5"', 5),
        ("! 5", 5),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("", None),
        ("# nothing\n---\n", None),
    ],
)
def test_what_is_read_differently_on_purpose(text: str, value: Any) -> None:
    assert parsed(text) == value


def test_a_merged_key_may_be_overridden_before_and_after() -> None:
    assert parsed("a: &a {x: 1, y: 2}\nb:\n  y: 3\n  <<: *a\n  x: 4\n")["b"] == {"x": 4, "y": 3}


# Positions


def _marked(found: Any, node: yaml.Node) -> None:
    """Every position is where PyYAML's own nodes begin."""
    if isinstance(found, Node):
        assert found.start == (node.start_mark.line, node.start_mark.column)
        for key_node, value_node in node.value:
            key = yaml.CSafeLoader("").construct_object(key_node)
            key_mark, value_mark = key_node.start_mark, value_node.start_mark
            assert found.positions[key] == (key_mark.line, key_mark.column, value_mark.line, value_mark.column)
            _marked(found[key], value_node)
    elif isinstance(found, Items):
        assert found.start == (node.start_mark.line, node.start_mark.column)
        assert found.positions == [(item.start_mark.line, item.start_mark.column) for item in node.value]
        for item, item_node in zip(found, node.value, strict=True):
            _marked(item, item_node)


@given(_VALUES, st.booleans())
def test_positions_are_where_keys_and_values_begin(value: Any, flow: bool) -> None:
    text = yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=flow, allow_unicode=True)
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert node is not None
    _marked(parsed(text), node)


def test_places_count_from_one() -> None:
    node = parsed("a: 1\nb:\n  - x:   yes\n    y: [p, q]\n")
    assert str(node.key_place("b")) == "c.yaml:2:1"
    assert str(node.value_place("a")) == "c.yaml:1:4"
    first = node["b"][0]
    assert (str(first.place), str(first.key_place("x")), str(first.value_place("x"))) == (
        "c.yaml:3:5",
        "c.yaml:3:5",
        "c.yaml:3:10",
    )
    assert first["y"].positions == [(3, 8), (3, 11)]
    assert str(first.value_place("none")) == "c.yaml:3:5"


def test_a_merged_key_stands_where_it_was_written() -> None:
    node = parsed("a: &a\n  x: 1\nb:\n  <<: *a\n  y: 2\n")
    assert str(node["b"].value_place("x")) == "c.yaml:2:6"


def test_lines_are_counted_as_yaml_does() -> None:
    text = "a: 1\r\nb: 2\rc: 3\nd: {e}"
    document = Document("c.yaml", text)
    node = parse(document, {}, Problems())
    assert document.lines == ["a: 1", "b: 2", "c: 3", "d: {e}"]
    assert [str(node.key_place(key)) for key in "abcd"] == [f"c.yaml:{line}:1" for line in (1, 2, 3, 4)]


# What cannot be read


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a: 1\nb: 2\na: 3",
            "c.yaml:3:1: the key `a` is given twice in one mapping (the first one is at line 1; keep one)",
        ),
        (
            "a: &a {}\nb: {<<: *a, <<: *a}",
            "c.yaml:2:13: `<<` is given twice in one mapping (merge a list: `<<: [*a, *b]`)",
        ),
        ("a: {<<: 5}", "c.yaml:1:9: `<<` merges mappings, and this is none"),
        ("? [1, 2]\n: 3", "c.yaml:1:3: a key is a single text (quote it if it is one)"),
        ("a: *b", "c.yaml:1:4: there is no anchor `&b`"),
        ("a: &a [*a]", "c.yaml:1:8: `*a` stands inside `&a`"),
        ("a: 1\n---\nb: 2", "c.yaml:2:1: a file holds one document (split it at the `---`)"),
        ("a: !!set {x}", "c.yaml:1:4: the tag `!!set` is not known (write plain values, without tags)"),
        ("a: !x 5", "c.yaml:1:4: the tag `!x` is not known (write plain values, without tags)"),
        ("a: !!bool maybe", "c.yaml:1:4: this value cannot be read (quote it if it is a text)"),
        ("a: " + "9" * 5000, "c.yaml:1:4: this value cannot be read (quote it if it is a text)"),
        ("a: [" * 60, "c.yaml:1:101: values are nested deeper than 50"),
        (
            "a: 'it's'",
            (
                "c.yaml:1:8: this is not YAML: did not find expected key"
                " (look for a quote or an indentation that is wrong, here or just before)"
            ),
        ),
        (
            "a: b: c",
            (
                "c.yaml:1:5: this is not YAML: mapping values are not allowed in this context"
                " (one `name: value` to a line; quote a text that holds `: `)"
            ),
        ),
        (
            "a:\n  - b\n  c: d",
            (
                "c.yaml:3:3: this is not YAML: did not find expected '-' indicator"
                " (begin each item of the list with `- `, at the same indentation)"
            ),
        ),
        (
            "a: @b",
            (
                "c.yaml:1:4: this is not YAML: found character that cannot start any token"
                " (quote a text that begins with a special character)"
            ),
        ),
        (
            "a:\n\t- b",
            "c.yaml:2:1: this is not YAML: found character that cannot start any token (indent with spaces, not tabs)",
        ),
        (
            "a: [1\nb: 2",
            (
                "c.yaml:2:2: this is not YAML: did not find expected ',' or ']'"
                " (while parsing a flow sequence that begins at line 1)"
            ),
        ),
        (
            "a: {Zato_Enmasse_Env.X}.example.com",
            "c.yaml:1:24: this is not YAML: did not find expected key (quote a text that begins with a variable)",
        ),
        ("ż: b\0c", "c.yaml:1:5: this is not YAML: control characters are not allowed"),
        ('a: "\\ud83d"', "c.yaml:1:7: this is not YAML: found invalid Unicode character escape code"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(text: str, message: str) -> None:
    assert told(text, X="x") == [message]


def test_a_json_file_is_called_json() -> None:
    assert told('{"a": 1', "c.json") == [
        (
            "c.json:1:8: this is not JSON: did not find expected ',' or '}'"
            " (while parsing a flow mapping that begins at line 1)"
        )
    ]


# Variables


@pytest.mark.parametrize(
    ("written", "value", "reference", "variable"),
    [
        ("Zato_Enmasse_Env.Host", "h", "${Host}", "Host"),
        ("ZatoEnmasseEnv.Host", "h", "${Host}", "Host"),
        ("'{Zato_Enmasse_Env.Host}'", "h", "${Host}", "Host"),
        ("{Zato_Enmasse_Env.Host}", "h", "${Host}", "Host"),
        ("https://{Zato_Enmasse_Env.Host}/v1", "https://h/v1", "https://${Host}/v1", ""),
        ("${Host}", "h", "${Host}", "Host"),
        ("${Host:-x}", "h", "${Host:-x}", "Host"),
        ("${None:-x y}", "x y", "${None:-x y}", "None"),
        ("${None:-}", "", "${None:-}", "None"),
        ("${Empty:-x}", "x", "${Empty:-x}", "Empty"),
        ("http://${Host}:${Port}/", "http://h:80/", "http://${Host}:${Port}/", ""),
        ("$${Host}", "${Host}", "$${Host}", ""),
        ("a $${b} ${Host}", "a ${b} h", "a $${b} ${Host}", ""),
        ("${Port}", "80", "${Port}", "Port"),
    ],
)
def test_every_syntax_of_variables_is_read(written: str, value: str, reference: str, variable: str) -> None:
    found = parsed(f"a: {written}", Host="h", Port="80", Empty="")["a"]
    assert isinstance(found, FromVariables)
    assert (found, found.reference, found.variable, found.is_known) == (value, reference, variable, True)


@pytest.mark.parametrize(
    "text", ["$Host", "${}", "${a b}", "x Zato_Enmasse_Env.Host", "Zato_Enmasse_Env.", "$", "{Host}", "${Host"]
)
def test_what_only_looks_like_a_variable_stays(text: str) -> None:
    assert parsed(json.dumps({"a": text}), Host="h") == {"a": text}


def test_variables_are_replaced_in_lists_and_mappings_and_not_in_keys() -> None:
    assert parsed("a: ['${X}', {b: {c: '${X}'}}]\n'${X}': 1", X="x") == {"a": ["x", {"b": {"c": "x"}}], "${X}": 1}


def test_what_a_variable_holds_is_not_looked_into() -> None:
    assert parsed("a: ${X}", X="${Y} [1, 2] # yes") == {"a": "${Y} [1, 2] # yes"}


@pytest.mark.parametrize("written", ["${X}", "Zato_Enmasse_Env.X", "{Zato_Enmasse_Env.X}", "a${X}"])
def test_a_variable_that_is_not_set_is_an_error(written: str) -> None:
    hint = "set it, put it into the --env-file, or write a default: `${X:-default}`"
    assert told(f"b: 1\na: {written}") == [f"c.yaml:2:4: the environment variable `X` is not set ({hint})"]
    assert told(f"a: {written}", X="") == [f"c.yaml:1:4: the environment variable `X` is empty ({hint})"]
