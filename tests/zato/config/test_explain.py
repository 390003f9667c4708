from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.zato.config.checking import Check
from zato.config.explain import Explained, Explanation, explain
from zato.config.load import load
from zato.kinds.base import fields_of
from zato.kinds.security.basic_auth import BasicAuth

MAIN = """\
include: [connections.yaml]
basic_auth:
  - name: API
    username: u
    password: &secret hunter2
    realm: ${REALM:-here}
"""

CONNECTIONS = """\
outconn_plain_http:
  - &base
    name: CRM
    host: https://${HOST}
    url_path: &path /a
    security_name: API
    timeout: 30
  - <<: *base
    name: B
    ping_path: *path
"""


def explained(
    check: Check, *patterns: str, environ: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> Explanation:
    check.write(files or {"main.yaml": MAIN, "connections.yaml": CONNECTIONS})
    environ = {"HOST": "example.com"} if environ is None else environ
    return explain(load(["main.yaml"], environ), patterns, dict.fromkeys(environ, "the environment"))


def field(explanation: Explanation, name: str) -> Explained:
    (thing,) = explanation.objects
    return next(field for field in thing.fields if field.field == name)


def told(found: Explained) -> tuple[object, ...]:
    return found.value, str(found.place), str(found.through), found.written_as, [tuple(map(str, found.variables))]


def test_every_field_is_told_in_the_order_of_declaration(check: Check) -> None:
    (thing,) = explained(check, "security/API").objects
    names = [field.field for field in thing.fields]
    declared = [field.name for field in fields_of(BasicAuth).values()]
    assert names == ["name", "type", *declared[1:]]
    assert (thing.section, thing.name, str(thing.place)) == ("security", "API", "main.yaml:3:5")


def test_a_value_is_told_with_its_place_and_the_name_that_it_is_written_under(check: Check) -> None:
    found = field(explained(check, "outgoing_rest/CRM"), "security")
    assert (found.value, str(found.place), found.written_as, found.through) == (
        "API",
        "connections.yaml:6:20",
        "security_name",
        None,
    )


def test_a_default_has_no_place(check: Check) -> None:
    found = field(explained(check, "outgoing_rest/CRM"), "ping_method")
    assert (found.value, found.place, found.variables) == ("HEAD", None, ())


def test_a_value_has_the_type_of_its_field_and_its_unit(check: Check) -> None:
    found = field(explained(check, "outgoing_rest/CRM"), "timeout")
    assert (found.value, type(found.value), found.unit) == (30.0, float, "s")


def test_a_secret_is_not_shown(check: Check) -> None:
    found = field(explained(check, "security/API"), "password")
    assert (found.value, str(found.place)) == ("***", "main.yaml:5:15")
    assert "hunter2" not in repr(explained(check, "*"))


def test_the_type_that_a_section_implies_is_told(check: Check) -> None:
    found = field(explained(check, "security/API"), "type")
    assert (found.value, found.place, found.is_implied) == ("basic_auth", None, True)


@pytest.mark.parametrize(
    ("environ", "name", "value", "source"),
    [
        ({"HOST": "example.com"}, "HOST", "https://example.com", "the environment"),
        ({}, "HOST", None, "not set"),
    ],
)
def test_variables_are_told_with_what_set_them(
    check: Check, environ: dict[str, str], name: str, value: str | None, source: str
) -> None:
    found = field(explained(check, "outgoing_rest/CRM", environ=environ), "host")
    assert found.is_known == (value is not None)
    assert found.value == value
    assert [(used.name, used.source) for used in found.variables] == [(name, source)]


def test_the_default_of_a_variable_is_told(check: Check) -> None:
    found = field(explained(check, "security/API"), "realm")
    assert (found.value, [(used.name, used.source) for used in found.variables]) == ("here", [("REALM", "its default")])


def test_what_is_merged_is_told_where_it_is_written_and_where_it_is_merged(check: Check) -> None:
    explanation = explained(check, "outgoing_rest/B")
    assert told(field(explanation, "timeout"))[:3] == (30.0, "connections.yaml:7:14", "connections.yaml:8:9")
    assert told(field(explanation, "name"))[:3] == ("B", "connections.yaml:9:11", "None")


def test_an_alias_is_told_where_its_value_is_written(check: Check) -> None:
    found = field(explained(check, "outgoing_rest/B"), "ping_path")
    assert told(found)[:3] == ("/a", "connections.yaml:5:15", "connections.yaml:10:16")


def test_the_includes_that_lead_to_an_object_are_told_the_nearest_first(check: Check) -> None:
    files = {"main.yaml": "include: a.yaml", "a.yaml": "include: [b.yaml]", "b.yaml": CONNECTIONS}
    thing = explained(check, "outgoing_rest/CRM", files=files).objects[0]
    assert [str(place) for place in thing.included_at] == ["a.yaml:1:11", "main.yaml:1:10"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("outgoing_rest/CRM", ["CRM"]),
        ("outconn_plain_http/CRM", ["CRM"]),
        ("outgoing_rest", ["CRM", "B"]),
        ("outgoing_rest/?", ["B"]),
        ("*/*R*", ["CRM"]),
        ("CRM", ["CRM"]),
        ("*", ["API", "CRM", "B"]),
    ],
)
def test_patterns_choose_objects(check: Check, pattern: str, found: list[str]) -> None:
    explanation = explained(check, pattern)
    assert ([thing.name for thing in explanation.objects], explanation.missing) == (found, {})


def test_what_matches_nothing_is_told_with_what_is_near(check: Check) -> None:
    explanation = explained(check, "outgoing_rest/CMR", "hello", "security/API")
    assert [thing.name for thing in explanation.objects] == ["API"]
    assert explanation.missing == {"outgoing_rest/CMR": "did you mean `outgoing_rest/CRM`?", "hello": ""}


def test_a_name_may_hold_what_patterns_are_made_of(check: Check) -> None:
    files = {"main.yaml": "security: [{name: 'a/[b]*', type: apikey, password: p}]"}
    assert [thing.name for thing in explained(check, "security/a/[b]*", files=files).objects] == ["a/[b]*"]


def test_a_faulty_object_is_explained_as_far_as_it_goes(check: Check) -> None:
    files = {"main.yaml": "outgoing_rest: [{name: A, host: 12, timeot: 3, timeout: x}]"}
    explanation = explained(check, "outgoing_rest/A", files=files)
    assert field(explanation, "timeout").value == "x"
    assert field(explanation, "url_path").value is None
