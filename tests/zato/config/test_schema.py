from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.zato.config.test_vocabulary import AMQP_4, EVERY_FIELD, EXPORT_3_2, EXPORT_4, OLD_3_2, REST_4, SIMPLE_3_2
from zato.config.schema import file_schema, schema_of, section_schema
from zato.config.sections import SPELLINGS, UNSUPPORTED
from zato.kinds import KINDS
from zato.kinds.base import Kind, about


def wrong(document: Any) -> list[str]:
    """What an editor would mark."""
    return [error.message for error in Draft202012Validator(file_schema()).iter_errors(document)]


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(file_schema())
    for kind in KINDS:
        Draft202012Validator.check_schema(schema_of(kind))
    for spelling in SPELLINGS:
        Draft202012Validator.check_schema(section_schema(spelling))


@pytest.mark.parametrize("text", [SIMPLE_3_2, OLD_3_2, AMQP_4, REST_4, EXPORT_3_2, EXPORT_4], ids=range(6))
def test_an_editor_marks_nothing_in_files_of_either_version(text: str) -> None:
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    document.pop("sql", None)
    assert wrong(document) == []


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_an_editor_marks_no_field_that_is_read(name: str) -> None:
    section, fields = EVERY_FIELD[name]
    assert wrong({section: [fields]}) == []
    variables = {field: "${X}" for field, value in fields.items() if isinstance(value, (str, int)) and field != "type"}
    assert wrong({section: [{**fields, **variables}]}) == []


@pytest.mark.parametrize("empty", [[], None])
def test_an_editor_marks_no_empty_section_that_only_zato_has(empty: Any) -> None:
    document = dict.fromkeys([*UNSUPPORTED, "custom_thing"], empty)
    assert wrong(document) == []


@pytest.mark.parametrize("number", [0, 1])
def test_an_editor_marks_no_boolean_that_is_0_or_1(number: int) -> None:
    assert wrong({"def_amqp": [{"name": "A", "host": "h", "is_active": number}]}) == []


@pytest.mark.parametrize(
    "document",
    [
        {"sql": [{"name": "A"}]},
        {"custom_thing": [{"name": "A"}]},
        {"def_amqp": [{"name": "A", "host": "h", "is_active": 2}]},
        {"def_amqp": [{"name": "A", "host": "h", "prt": 1}]},
        {"def_amqp": [{"name": "A"}]},
        {"def_amqp": [{"name": "A", "host": "h", "port": 70_000}]},
        {"def_amqp": {"name": "A", "host": "h"}},
        {"def_amqpp": []},
        {"channel_rest": [{"name": "A", "url_path": "/"}]},
        {"outgoing_amqp": [{"name": "A", "delivery_mode": "persistant"}]},
        {"outgoing_rest": [{"name": "A", "host": "ftp://a", "url_path": "/"}]},
        {"security": [{"name": "A", "username": "u"}]},
        {"version": 2},
    ],
)
def test_an_editor_marks_what_is_wrong(document: Any) -> None:
    assert wrong(document) != []


def test_a_bare_section_of_3_2_needs_no_type() -> None:
    assert wrong({"basic_auth": [{"name": "A", "username": "u"}]}) == []


def test_a_choice_that_may_be_nothing_is_one_schema() -> None:
    class Toy(Kind, frozen=True, kw_only=True):
        """A toy."""

        size: Annotated[Literal["s", "m"], about("Its size.")] | None = None

    size = schema_of(Toy)["properties"]["size"]
    assert (size["enum"], size["description"]) == (["m", "s", None], "Its size.")
    assert msgspec.convert({"name": "A", "size": None}, Toy).size is None
