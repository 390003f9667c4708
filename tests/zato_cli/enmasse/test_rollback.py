from __future__ import annotations

import pytest

from tests.zato_cli.enmasse.importing import Importer, channel, key


def exported(importer: Importer) -> str:
    return importer("--export-odb", "--output", "-").out


def test_it_shows_its_plan_and_makes_a_new_revision_with_the_content_of_that_one(importer: Importer) -> None:
    # Given
    importer.given(security=[key()])
    first = exported(importer)
    importer.given("--prune", security=[key("Other")], channel_rest=[channel()])

    # When
    done = importer("--rollback", "1")

    # Then
    assert done == (
        0,
        (
            "+ security `Key`\n    no effect on traffic\n"
            "- channel_rest `Get user`\n    answers any method /get/user no more\n"
            "- security `Other`\n    no effect on traffic\n"
            "1 to create, 0 to update, 2 to delete, 0 unchanged\n"
            "Created object `Key`\nDeleted object `Get user`\nDeleted object `Other`\n"
            "Revision 3: 1 created, 0 updated, 2 deleted, 0 unchanged\n"
        ),
        "",
    )
    assert exported(importer) == first
    assert importer.given("--plan", security=[key()]).code == 0
    assert importer("--diff", "1").out == "Revision 1 → 3: 0 created, 0 updated, 0 deleted, 1 unchanged\n"


def test_owners_and_variables_come_back_too(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    monkeypatch.setenv("PW", "s3cret")
    importer.given("--owner", "team", security=[key(password="${PW}")])
    first = exported(importer)
    importer.given(security=[key(password="other")])

    # When
    assert importer("--rollback", "1").code == 0

    # Then
    assert "password: ${PW}" in first
    assert exported(importer) == first
    assert importer.given("--plan", "--owner", "team", security=[key(password="${PW}")]).code == 0


def test_a_dry_run_only_shows_the_plan(importer: Importer) -> None:
    # Given
    importer.given(security=[key()])

    # When
    done = importer("--rollback", "0", "--dry-run")

    # Then
    assert done == (
        0,
        "- security `Key`\n    no effect on traffic\n0 to create, 0 to update, 1 to delete, 0 unchanged\n",
        "",
    )
    assert importer("--history", "--json").json["current"] == 1


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_what_is_protected_is_not_deleted(importer: Importer, options: tuple[str, ...]) -> None:
    # Given
    importer.given(security=[key("A", protected=True), key("B")])

    # When
    refused = importer("--rollback", "0", *options)

    # Then
    assert refused == (
        1,
        "- security `A`\n",
        (
            "Error: this would delete 1 protected object, which is not in revision 0; nothing was changed; to allow"
            " it, import with `protected: false` first\n"
        ),
    )
    assert importer("--history", "--json").json["current"] == 1
    importer.given(security=[key("A"), key("B")])
    assert importer("--rollback", "0").code == 0


def test_a_protected_object_goes_back_to_what_it_was(importer: Importer) -> None:
    importer.given(security=[key("A", header="X-Old")])
    first = exported(importer)
    importer.given(security=[key("A", header="X-New", protected=True)])

    assert importer("--rollback", "1").code == 0

    assert exported(importer) == first


def test_more_than_ten_deletions_are_refused_listed_and_can_be_allowed(importer: Importer) -> None:
    # Given
    importer.given(security=[key(f"K{number:02}") for number in range(11)])

    # When
    refused = importer("--rollback", "0")

    # Then
    assert refused == (
        1,
        "".join(f"- security `K{number:02}`\n" for number in range(11)),
        "Error: 11 objects would be deleted, and no more than 10 may be; if that is right, add --max-delete 11\n",
    )
    assert importer("--rollback", "0", "--max-delete", "10", "--json").json["objects"][0]["name"] == "K00"
    assert importer("--rollback", "0", "--max-delete", "11").code == 0


def test_json_is_one_document(importer: Importer) -> None:
    importer.given(security=[key()])

    done = importer("--rollback", "0", "--json")

    assert (done.code, done.json["revision"], done.json["steps"][0]["action"]) == (0, 2, "delete")


def test_where_nothing_differs_there_is_no_new_revision(importer: Importer) -> None:
    importer.given(security=[key()])

    assert importer("--rollback", "1").out.endswith(
        "\nNothing changed\nRevision 1: 0 created, 0 updated, 0 deleted, 1 unchanged\n"
    )


def test_a_revision_that_there_is_not_is_told(importer: Importer) -> None:
    assert importer("--rollback", "7") == (
        1,
        "",
        "Error: there is no revision 7; `zato enmasse --history` lists those that there are\n",
    )
    assert importer("--rollback", "x").code == 1


def test_a_ping_that_fails_keeps_everything_as_it_is(importer: Importer) -> None:
    # Given
    connection = {"name": "CRM", "host": "http://127.0.0.1:1", "url_path": "/"}
    importer.given(outgoing_rest=[connection])
    importer.given("--prune", outgoing_rest=[])

    # When
    done = importer("--rollback", "1", "--ping")

    # Then
    assert done.code == 4
    assert done.err.startswith("Error: `CRM` does not answer: ")
    assert importer("--history", "--json").json["current"] == 2
