from __future__ import annotations

import re
import textwrap

import pytest

from tests.zato.config.checking import Check
from zato.config.examples import EXAMPLES
from zato.config.reference import page
from zato.config.sections import SECTIONS
from zato.kinds import KINDS
from zato.kinds.base import fields_of


def test_every_kind_has_an_example() -> None:
    tags = [(kind.section, kind.__struct_config__.tag) for kind in KINDS]
    assert sorted(map(str, EXAMPLES)) == sorted(map(str, tags))


def test_the_examples_together_are_one_configuration(check: Check) -> None:
    sections: dict[str, str] = {}
    for (section, _), example in EXAMPLES.items():
        sections[section] = sections.get(section, "") + textwrap.indent(example, "  ")
    document = "".join(f"{name}:\n{content}" for name, content in sections.items())
    objects = check.objects(document, dict.fromkeys(re.findall(r"\$\{(\w+)\}", document), "x"))
    assert len(objects) == len(EXAMPLES)
    assert {type(thing) for thing in objects} == set(KINDS)


@pytest.mark.parametrize("name", SECTIONS)
def test_a_page_names_every_field_once_for_each_type(name: str) -> None:
    lines = page(SECTIONS[name]).splitlines()
    for field in {field for kind in SECTIONS[name].kinds.values() for field in fields_of(kind)}:
        having = sum(field in fields_of(kind) for kind in SECTIONS[name].kinds.values())
        assert sum(line.startswith(f"| `{field}` |") for line in lines) == having


def test_fields_without_an_effect_are_apart_with_the_reason() -> None:
    text = page(SECTIONS["outgoing_rest"])
    first, *rest = text.split("Kept without an effect: ")
    assert "`max_retries`" not in first
    assert [part.partition(".")[0] for part in rest] == [
        "requests are not compressed yet",
        "calls are not repeated yet",
        "declared calls are kept but not run yet",
    ]
