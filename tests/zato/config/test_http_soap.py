"""3.2's section for everything over HTTP, and the fields that say where an object belongs (reference: enmasse, 3.2)."""

from __future__ import annotations

import pytest

from tests.zato.config.checking import Check


@pytest.mark.parametrize(
    ("fields", "section"),
    [
        ("connection: channel, transport: plain_http, service: s", "channel_rest"),
        ("connection: channel, transport: soap, service: s", "channel_soap"),
        ("connection: outgoing, transport: plain_http, host: 'http://a'", "outgoing_rest"),
        ("connection: outgoing, transport: soap, host: 'http://a'", "outgoing_soap"),
    ],
)
def test_objects_say_to_which_section_they_belong(check: Check, fields: str, section: str) -> None:
    wanted = check.load(f"http_soap:\n  - {{name: A, url_path: /a, {fields}}}\n")
    assert not wanted.problems.errors
    assert [(thing.section, thing.name) for thing in wanted.objects] == [(section, "A")]
    assert wanted.sections == {(section, None)}


def test_a_channel_and_a_connection_may_have_one_name(check: Check) -> None:
    text = """\
http_soap:
  - {connection: channel, transport: plain_http, name: A, service: s, url_path: /a}
  - {connection: outgoing, transport: plain_http, name: A, host: "http://a", url_path: /a}
"""
    assert len(check.objects(text)) == 2


def test_a_name_is_taken_in_the_section_that_the_object_belongs_to(check: Check) -> None:
    text = """\
channel_rest:
  - {name: A, service: s, url_path: /a}
http_soap:
  - {connection: channel, transport: plain_http, name: A, service: s, url_path: /b}
"""
    (error,) = check.errors(text)
    assert error.startswith("c.yaml:4:56: channel_rest/A: the name `A` is already taken in `channel_rest`")


@pytest.mark.parametrize(
    "fields",
    ["connection: channel", "transport: soap", "connection: x, transport: soap", "connection: [], transport: []"],
)
def test_an_object_that_does_not_say_is_told(check: Check, fields: str) -> None:
    assert check.errors(f"http_soap:\n  - {{name: A, {fields}}}\n") == [
        (
            "c.yaml:2:5: http_soap: it does not say to which section it belongs"
            " (`connection` is channel or outgoing, `transport` is plain_http or soap)"
        )
    ]


def test_an_unset_variable_is_told_alone(check: Check) -> None:
    (error,) = check.errors("http_soap: [{name: A, connection: '${X}', transport: soap}]")
    assert "the environment variable `X` is not set" in error


@pytest.mark.parametrize(
    ("section", "fields"),
    [
        ("channel_rest", "connection: outgoing"),
        ("channel_plain_http", "connection: outgoing"),
        ("channel_rest", "transport: soap"),
        ("channel_soap", "transport: plain_http"),
        ("outgoing_rest", "connection: channel"),
        ("outconn_plain_http", "transport: soap"),
        ("outconn_soap", "connection: channel"),
    ],
)
def test_what_contradicts_the_section_is_told(check: Check, section: str, fields: str) -> None:
    needed = "service: s" if section.startswith("channel") else "host: 'http://a'"
    (error,) = check.errors(f"{section}:\n  - {{{fields}, name: A, url_path: /a, {needed}}}\n")
    assert error.startswith("c.yaml:2:6: ")
    assert f"`{fields}` contradicts the section" in error


@pytest.mark.parametrize("empty", ["", " []", " null"])
def test_a_section_without_objects_means_nothing(check: Check, empty: str) -> None:
    assert check.load(f"http_soap:{empty}\n").sections == set()
