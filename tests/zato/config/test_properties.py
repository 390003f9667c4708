from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.zato.config.checking import Check
from tests.zato.config.objects import ANYTHING, TEXTS, snapshots, values
from zato.config.document import Document, Node, parse
from zato.config.export import Format, export, text
from zato.config.merge import merge
from zato.config.normalise import _ABSENT, _coercion, normalise
from zato.config.plan import plan
from zato.config.problems import Problems
from zato.config.schema import file_schema, schema_of, validator_of
from zato.config.snapshot import Snapshot
from zato.kinds import KINDS
from zato.kinds.base import Kind, fields_of, secret_fields

of_every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.section}-{kind.__name__}")
thoroughly = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def imported(written: str, to: Format, environ: dict[str, str]) -> Snapshot:
    """What a file holds, before the rules that compare objects with each other."""
    problems = Problems()
    document = Document(f"c.{to}", written)
    root = parse(document, environ, problems)
    if isinstance(root, Node):
        document.root = root
    entries = normalise(merge([document], problems).objects, problems)
    assert [str(problem) for problem in problems] == []
    return Snapshot(msgspec.convert(entry.values, entry.kind) for entry in entries)


@thoroughly
@given(snapshots(), st.sampled_from(["yaml", "json"]))
def test_what_is_exported_can_be_imported_again(snapshot: Snapshot, to: Format) -> None:
    document = export(snapshot, {})
    environ = {}
    for section, exported in document.items():
        for fields in exported:
            thing = snapshot.get(section, fields["name"].replace("$${", "${"))
            assert thing is not None
            for name in secret_fields(type(thing)):
                if getattr(thing, name) is not None:
                    variable = re.fullmatch(r"\$\{(\w+)\}", fields[name])
                    assert variable is not None
                    assert variable[1] not in environ
                    environ[variable[1]] = getattr(thing, name)
    assert imported(text(document, to), to, environ) == snapshot


@thoroughly
@given(snapshots())
def test_an_export_is_what_the_schema_for_editors_allows(snapshot: Snapshot) -> None:
    validator = Draft202012Validator(file_schema())
    assert [error.message for error in validator.iter_errors(export(snapshot, {}))] == []


@of_every_kind
@thoroughly
@given(data=st.data())
def test_converting_and_the_json_schema_reach_one_verdict(kind: type[Kind], data: st.DataObject) -> None:
    drawn = data.draw(values(kind))
    fields = fields_of(kind)
    for name in data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)):
        value = _coercion(fields[name])(data.draw(st.one_of(ANYTHING, TEXTS, st.integers(-2, 70_000))))
        if value is not _ABSENT:
            drawn[name] = value
    for name in data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=1)):
        drawn.pop(name, None)
    try:
        msgspec.convert(drawn, kind)
        converts = True
    except msgspec.ValidationError:
        converts = False
    assert converts == ([error.message for error in validator_of(kind).iter_errors(drawn)] == [])


# Plans

_FEW_NAMES = st.sampled_from(["a", "b", "c"])


@thoroughly
@given(snapshots(_FEW_NAMES), snapshots(_FEW_NAMES))
def test_a_plan_leads_from_one_configuration_to_the_other(now: Snapshot, wanted: Snapshot) -> None:
    gone = [(thing.section, thing.name) for thing in now if wanted.get(thing.section, thing.name) is None]
    steps = plan(now, wanted, gone)
    assert steps.applied_to(now) == wanted
    assert steps.count("delete") == len(gone)
    assert steps.unchanged + steps.count("create") + steps.count("update") == len(wanted)
    assert all(step.changes for step in steps.steps if step.action == "update")


@thoroughly
@given(snapshots(_FEW_NAMES))
def test_nothing_leads_from_a_configuration_to_itself(snapshot: Snapshot) -> None:
    assert plan(snapshot, snapshot).steps == ()


# Mutations

_NEEDED: dict[str, dict[str, str]] = {
    "channel_rest": {"url_path": "/a"},
    "channel_soap": {"url_path": "/a"},
    "scheduler": {"job_type": "interval_based", "seconds": "5"},
    "outgoing_amqp": {"address": "localhost"},
    "channel_amqp": {"address": "localhost"},
}
_WRONG: dict[type, str] = {
    str: "{a: b}",
    int: "no number",
    float: "no number",
    bool: "maybe",
    list: "{a: b}",
    dict: "[1]",
}


_EXAMPLES = ("a", "/a", "http://localhost", "2025-01-01 00:00:00")


def example(schema: dict[str, Any]) -> str:
    """A value that a field's JSON Schema allows, in the words of a file."""
    if "enum" in schema:
        return str(schema["enum"][0])
    match schema["type"]:
        case "integer":
            return str(schema.get("minimum", 1))
        case "array":
            return "[]"
        case _:
            return next(text for text in _EXAMPLES if re.search(schema.get("pattern", ""), text))


def lines_of(kind: type[Kind]) -> dict[str, str]:
    """The fields that an object needs, each in the words of a file."""
    properties = schema_of(kind)["properties"]
    needed = {field.name: example(properties[field.name]) for field in fields_of(kind).values() if field.required}
    tag = kind.__struct_config__.tag
    return {**needed, **_NEEDED.get(kind.section, {}), **({"type": str(tag)} if tag else {})}


def file_of(kind: type[Kind], lines: dict[str, str]) -> str:
    first, *others = [f"{name}: {value}" for name, value in lines.items()] or ["{}"]
    return "\n".join([f"{kind.section}:", f"  - {first}", *(f"    {line}" for line in others), ""])


def line_of(error: str) -> int:
    return int(error.split(":")[1])


@of_every_kind
def test_an_object_of_the_fields_that_it_needs_is_valid(check: Check, kind: type[Kind]) -> None:
    assert check.errors(file_of(kind, lines_of(kind))) == []


@of_every_kind
def test_one_wrong_value_gives_one_problem_on_its_own_line(check: Check, kind: type[Kind]) -> None:
    for field in fields_of(kind).values():
        schema = schema_of(kind)["properties"][field.name]
        if "type" not in schema and "enum" not in schema:
            continue  # anything goes
        wrong = "{a: b}" if "string" in schema.get("type", ()) else _WRONG[field.type]
        lines = {**lines_of(kind), field.name: wrong}
        errors = check.errors(file_of(kind, lines))
        assert len(errors) == 1, errors
        assert line_of(errors[0]) == 2 + list(lines).index(field.name)
        assert f"/{field.name}: " in errors[0]


@of_every_kind
def test_one_misspelt_field_gives_one_problem_on_its_own_line(check: Check, kind: type[Kind]) -> None:
    for field in fields_of(kind).values():
        lines = {**lines_of(kind), f"{field.name}x": "a"}
        (error,) = check.errors(file_of(kind, lines))
        assert line_of(error) == 1 + len(lines)
        assert f"unknown field `{field.name}x` (did you mean `{field.name}`?)" in error


@of_every_kind
def test_one_missing_field_gives_one_problem_at_its_object(check: Check, kind: type[Kind]) -> None:
    for field in fields_of(kind).values():
        if field.required:
            lines = lines_of(kind)
            del lines[field.name]
            (error,) = check.errors(file_of(kind, lines))
            assert line_of(error) == 2
            assert f"the field `{field.name}` is missing" in error


@of_every_kind
def test_one_name_that_leads_nowhere_gives_one_problem_on_its_own_line(check: Check, kind: type[Kind]) -> None:
    for field in fields_of(kind).values():
        if field.ref:
            lines = {**lines_of(kind), field.name: "[nobody]" if field.type is list else "nobody"}
            if field.name == "def_name":
                del lines["address"]
            (error,) = check.errors(file_of(kind, lines))
            assert line_of(error) == 2 + list(lines).index(field.name)
            assert f"there is no `nobody` in `{field.ref}`" in error


@of_every_kind
def test_secrets_are_in_no_message(check: Check, kind: type[Kind]) -> None:
    for field in fields_of(kind).values():
        if field.secret:
            for secret in ("[s3cr3t]", "{s3cr3t: s3cr3t}", '"s3cr3t\\n"', "5303713"):
                lines: dict[str, Any] = {**lines_of(kind), field.name: secret}
                told = " ".join(check.problems(file_of(kind, lines)))
                assert "s3cr3t" not in told
                assert "5303713" not in told
