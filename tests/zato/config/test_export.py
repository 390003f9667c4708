from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import yaml

from zato.config.export import Format, Sections, export, secret_references, sections_called, text
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.base import Kind
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.basic_auth import BasicAuth
from zato.kinds.security.bearer_token import BearerToken

OBJECTS = [
    ChannelREST(name="Get User", service="user.get", url_path="/user", security="API", timeout=5.0, method="GET"),
    OutgoingREST(name="CRM", host="https://crm", url_path="/${v}", data_format=""),
    BasicAuth(name="B", username="b", password="b.secret"),
    BasicAuth(name="API", username="api", password="api.secret", is_active=False),
]


def exported(objects: Sequence[Kind], **choice: list[str]) -> Sections:
    return export(objects, {}, **choice)


def test_sections_stand_in_the_order_of_their_dependencies_and_objects_by_name_without_defaults() -> None:
    assert exported(OBJECTS) == {
        "security": [
            {
                "name": "API",
                "type": "basic_auth",
                "is_active": False,
                "username": "api",
                "password": "${SECURITY_API_PASSWORD}",
            },
            {"name": "B", "type": "basic_auth", "username": "b", "password": "${SECURITY_B_PASSWORD}"},
        ],
        "outgoing_rest": [{"name": "CRM", "host": "https://crm", "url_path": "/$${v}", "data_format": ""}],
        "channel_rest": [
            {
                "name": "Get User",
                "service": "user.get",
                "url_path": "/user",
                "security": "API",
                "method": "GET",
                "timeout": 5.0,
            }
        ],
    }
    assert list(exported(OBJECTS)) == ["security", "outgoing_rest", "channel_rest"]


def test_a_secret_is_the_variable_that_it_was_imported_from() -> None:
    references = {("security", "API"): {"password": "${API_PW}"}}
    assert export(OBJECTS, references)["security"][0]["password"] == "${API_PW}"


def test_rows_are_what_they_were_imported_from() -> None:
    headers = [{"key": "Authorization", "value": "Bearer ${TOK}"}, {"key": "A", "value": "$${b}"}]
    references = {("outgoing_rest", "CRM"): {"request_headers": json.dumps(headers)}}
    rows = ({"key": "Authorization", "value": "Bearer x"}, {"key": "A", "value": "${b}"})
    crm = OutgoingREST(name="CRM", host="https://crm", url_path="/", request_headers=rows)
    assert export([crm], references)["outgoing_rest"][0]["request_headers"] == headers
    assert secret_references([crm], references) == references


def test_a_list_that_was_one_variable_stays_one() -> None:
    references = {("security", "T"): {"extra_fields": "${FIELDS}"}}
    token = BearerToken(name="T", extra_fields=("a=b",))
    assert export([token], references)["security"][0]["extra_fields"] == "${FIELDS}"


def test_no_two_secrets_get_one_variable() -> None:
    names = ["a b", "a-b", "A.B", "ż", "ł", "", "C"]
    objects = [DefAMQP(name=name, host="h", password=name) for name in names]
    references = {("def_amqp", "C"): {"password": "${DEF_AMQP_A_B_PASSWORD_2}"}}
    variables = {thing["name"]: thing["password"] for thing in export(objects, references)["def_amqp"]}
    assert variables == {
        "": "${DEF_AMQP_PASSWORD}",
        "A.B": "${DEF_AMQP_A_B_PASSWORD}",
        "C": "${DEF_AMQP_A_B_PASSWORD_2}",
        "a b": "${DEF_AMQP_A_B_PASSWORD_3}",
        "a-b": "${DEF_AMQP_A_B_PASSWORD_4}",
        "ł": "${DEF_AMQP_PASSWORD_2}",
        "ż": "${DEF_AMQP_PASSWORD_3}",
    }


def test_a_choice_of_objects_does_not_change_their_variables() -> None:
    objects = [DefAMQP(name=name, host="h", password="p") for name in ("a b", "a-b")]
    assert exported(objects, names=["a-b"])["def_amqp"][0]["password"] == "${DEF_AMQP_A_B_PASSWORD_2}"


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ({"sections": ["security"]}, ["API", "B"]),
        ({"names": ["user", "CR"]}, ["CRM", "Get User"]),
        ({"names": ["u"], "sections": ["security"]}, []),
        ({"names": ["nothing"]}, []),
        ({}, ["API", "B", "CRM", "Get User"]),
    ],
)
def test_objects_are_chosen_by_section_and_by_parts_of_their_names(
    choice: dict[str, list[str]], chosen: list[str]
) -> None:
    assert [thing["name"] for things in exported(OBJECTS, **choice).values() for thing in things] == chosen


@pytest.mark.parametrize(
    ("given", "sections", "unknown"),
    [
        (["security", "outconn_amqp"], {"security", "outgoing_amqp"}, []),
        (["rest"], {"channel_rest", "outgoing_rest"}, []),
        (["amqp"], {"channel_amqp", "outgoing_amqp", "def_amqp"}, []),
        (["channel_plain_http", "hello"], {"channel_rest"}, ["hello"]),
        ([], set(), []),
    ],
)
def test_sections_go_by_every_spelling(given: list[str], sections: set[str], unknown: list[str]) -> None:
    assert sections_called(given) == (sections, unknown)


def test_yaml_has_no_aliases_and_a_blank_line_between_sections() -> None:
    row = {"key": "a", "value": "ż"}
    objects: list[Kind] = [
        OutgoingREST(name="A", host="http://a", url_path="", request_headers=(row, row)),
        OutgoingAMQP(name="B", address="h"),
    ]
    assert (
        text(exported(objects), "yaml")
        == """\
outgoing_rest:
- name: A
  host: http://a
  url_path: ''
  request_headers:
  - key: a
    value: ż
  - key: a
    value: ż

outgoing_amqp:
- name: B
  address: h
"""
    )


def test_json_is_read_as_yaml_too() -> None:
    document: Sections = {"security": [{"name": "a\x7f\x85\u2028ż"}]}
    written = text(document, "json")
    assert written.startswith('{\n  "security": [\n')
    assert yaml.load(written, Loader=yaml.CSafeLoader) == document


@pytest.mark.parametrize("to", ["yaml", "json"])
def test_an_export_of_nothing_is_a_document(to: Format) -> None:
    assert text({}, to) == "{}\n"
