from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from zato.kinds import KINDS
from zato.kinds.base import Kind, about, fields_of


class Part(msgspec.Struct, frozen=True):
    size: int = 0


class Engine(Kind, frozen=True, kw_only=True):
    """A kind with a field of each sort."""

    section = "engine"

    power: Annotated[float, about("How strong it is.", unit="kW", ge=0)]
    fuel: Annotated[Literal["petrol", "diesel"], about("What it burns.", spelled={"95": "petrol", None: "diesel"})] = (
        "diesel"
    )
    key: Annotated[str, about("Starts it.", secret=True, also={"password": "3.2"})] | None = None
    spare_key: Annotated[str, about("Starts it too.", secret=True)] | None = None
    owner: Annotated[str, about("Whose it is.", ref="owners")] | None = None
    parts: Annotated[tuple[Part, ...], about("What it is made of.")] = ()
    base: Annotated[Part, about("What it stands on.")] = msgspec.field(default_factory=Part)
    notes: Annotated[dict[str, Any], about("Anything.", pending="notes are not read yet")] | None = None
    validate: Annotated[bool | str, about("Whether to look, or where.")] = True
    plain: int = 3


def test_fields_are_in_the_order_of_declaration_those_of_every_kind_first() -> None:
    assert list(fields_of(Engine)) == [
        "name", "is_active", "protected",
        "power", "fuel", "key", "spare_key", "owner", "parts", "base", "notes", "validate", "plain",
    ]  # fmt: skip


def test_a_field_says_what_its_declaration_says() -> None:
    fields = fields_of(Engine)

    assert fields["power"].description == "How strong it is."
    assert fields["power"].unit == "kW"
    assert fields["fuel"].spelled == {"95": "petrol", None: "diesel"}
    assert fields["key"].secret
    assert fields["key"].also == {"password": "3.2"}
    assert not fields["owner"].secret
    assert fields["owner"].ref == "owners"
    assert fields["notes"].pending == "notes are not read yet"
    assert not fields["plain"].description


@pytest.mark.parametrize(
    ("name", "plain_type"),
    [
        ("name", str),
        ("is_active", bool),
        ("power", float),
        ("fuel", str),
        ("key", str),
        ("parts", list),
        ("base", dict),
        ("notes", dict),
        ("validate", bool),
        ("plain", int),
    ],
)
def test_a_field_has_the_type_that_a_file_has(name: str, plain_type: type) -> None:
    assert fields_of(Engine)[name].type is plain_type


def test_a_field_without_a_default_is_required() -> None:
    fields = fields_of(Engine)

    assert [field.name for field in fields.values() if field.required] == ["name", "power"]
    assert fields["power"].default is None
    assert fields["fuel"].default == "diesel"
    assert fields["key"].default is None
    assert fields["base"].default == Part()
    assert fields["is_active"].default is True


def test_bounds_and_facts_are_in_the_json_schema() -> None:
    schema = msgspec.json.schema(Engine)["$defs"]["Engine"]["properties"]

    assert schema["power"]["minimum"] == 0
    assert schema["power"]["x-unit"] == "kW"
    assert schema["power"]["description"] == "How strong it is."
    assert "password" not in schema
    assert "writeOnly" not in schema["power"]
    assert "'writeOnly': True" in str(schema["key"])
    assert "'x-ref': 'owners'" in str(schema["owner"])


def test_secrets_are_not_shown() -> None:
    engine = Engine(name="E", power=1, key="canary-5f1e")

    shown = f"{engine!r} {engine} {[engine]}"

    assert "canary-5f1e" not in shown
    assert repr(engine).startswith(
        "Engine(name='E', is_active=True, protected=False, power=1, fuel='diesel', key=***, spare_key=None,"
    )


def test_a_kind_without_a_live_side_opens_nothing() -> None:
    engine = Engine(name="E", power=1)

    assert engine.open(None) is None  # type: ignore[arg-type]  # it asks for nothing
    assert engine.missing_secret() is None


@pytest.mark.parametrize(
    "data",
    [
        {"power": 1},
        {"name": "", "power": 1},
        {"name": "a\nb", "power": 1},
        {"name": "a\u200bb", "power": 1},
        {"name": "a\u202eb", "power": 1},
        {"name": "x" * 201, "power": 1},
        {"name": "E", "power": -1},
        {"name": "E", "power": 1, "powr": 1},
    ],
)
def test_what_does_not_fit_the_declaration_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(data, Engine)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_declares_itself_whole(kind: type[Kind]) -> None:
    fields = fields_of(kind)

    assert kind.section
    assert all(field.description.endswith(".") for field in fields.values())
    assert not (kind.dropped.keys() | kind.refused.keys()) & fields.keys()
    assert not kind.dropped.keys() & kind.refused.keys()
    spellings = [spelling for field in fields.values() for spelling in (field.name, *field.also)]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_kind_shows_its_secrets(kind: type[Kind]) -> None:
    secrets = {field.name: "canary-5f1e" for field in fields_of(kind).values() if field.secret}
    required = {field.name: "/x" for field in fields_of(kind).values() if field.required and not field.secret}
    values: dict[str, Any] = {**required, **secrets}

    assert "canary-5f1e" not in repr(kind(**values))
