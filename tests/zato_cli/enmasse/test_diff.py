from __future__ import annotations

import pytest

from tests.zato_cli.enmasse.importing import Importer, key


@pytest.fixture
def revisions(importer: Importer) -> Importer:
    """Three revisions: one object, another header and password, one object more."""
    importer.given(security=[key()])
    importer.given(security=[key(header="X", password="other")])
    importer.given(security=[key("More")])
    return importer


def test_two_revisions_are_compared_without_showing_secrets(revisions: Importer) -> None:
    assert revisions("--diff", "1", "2") == (
        0,
        (
            '~ security `Key`\n    password: (changed)\n    header: "X-API-Key" → "X"\n'
            "Revision 1 → 2: 0 created, 1 updated, 0 deleted, 0 unchanged\n"
        ),
        "",
    )
    assert revisions("--diff", "2", "--diff", "1").out.startswith(
        '~ security `Key`\n    password: (changed)\n    header: "X" → "X-API-Key"\n'
    )


def test_one_revision_is_compared_with_the_current_one(revisions: Importer) -> None:
    assert revisions("--diff", "2") == (
        0,
        "+ security `More`\nRevision 2 → 3: 1 created, 0 updated, 0 deleted, 1 unchanged\n",
        "",
    )
    assert revisions("--diff", "3").out == "Revision 3 → 3: 0 created, 0 updated, 0 deleted, 2 unchanged\n"


def test_json_is_one_document(revisions: Importer) -> None:
    told = revisions("--diff", "2", "3", "--json")

    assert told.json == {
        "format_version": 1,
        "old": 2,
        "new": 3,
        "steps": [{"action": "create", "section": "security", "name": "More", "changes": []}],
        "unchanged": 1,
    }


def test_what_cannot_be_compared_is_told(revisions: Importer) -> None:
    assert revisions("--diff", "1", "9").err.startswith("Error: there is no revision 9")
    assert revisions("--diff", "1", "--diff", "2", "--diff", "3").err.endswith("Error: --diff compares two revisions\n")
    assert revisions("--diff").code == 1
