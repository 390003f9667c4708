"""--import: --prune with --owner and --max-delete, --dry-run, --from-plan and --ping."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.servers.http_server import HTTPServer
from tests.zato_cli.enmasse.importing import Importer, channel, key
from tests.zato_cli.running import Run
from zato.server.directory import ServerDirectory


def names(importer: Importer) -> list[str]:
    """What the ODB holds."""
    exported = importer("--export-odb", "--output", "-", "--format", "json")
    return [thing["name"] for things in json.loads(exported.out).values() for thing in things]


# Prune


def test_what_the_files_no_longer_hold_stays_without_prune_and_goes_with_it(importer: Importer) -> None:
    # Given
    importer.given(security=[key("A"), key("B")], channel_rest=[channel("C", security="A")])

    # When
    kept = importer.given(security=[key("A")])
    pruned = importer.given("--prune", security=[key("A")])

    # Then
    assert kept == (0, "Nothing changed\nRevision 1: 0 created, 0 updated, 0 deleted, 1 unchanged\n", "")
    assert pruned == (0, "Deleted object `B`\nRevision 2: 0 created, 0 updated, 1 deleted, 1 unchanged\n", "")
    assert names(importer) == ["A", "C"]


def test_a_section_without_objects_is_checked_where_it_is_pruned(importer: Importer) -> None:
    importer.given(security=[key("A")])

    assert importer.given("--prune", security=[]).code == 0
    assert importer.given("--prune", security=[]) == (
        0,
        "Nothing changed\nRevision 2: 0 created, 0 updated, 0 deleted, 0 unchanged\n",
        "",
    )
    assert importer.given(security=[]).code == 3
    assert importer.given("--prune").code == 3


def test_an_owner_prunes_only_what_was_imported_in_its_name(importer: Importer) -> None:
    # Given
    importer.given("--owner", "orders", security=[key("Ours"), key("Also-ours")])
    importer.given("--owner", "billing", security=[key("Theirs")])
    importer.given(security=[key("Nobody's")])

    # When
    done = importer.given("--owner", "orders", "--prune", security=[key("Ours")])

    # Then
    assert done.out == "Deleted object `Also-ours`\nRevision 4: 0 created, 0 updated, 1 deleted, 1 unchanged\n"
    assert names(importer) == ["Nobody's", "Ours", "Theirs"]


def test_an_object_changes_hands_only_when_that_is_asked_for(importer: Importer) -> None:
    # Given
    importer.given("--owner", "orders", security=[key()])
    importer.write(security=[key()])

    # When
    refused = importer("--import", "--input", "c.yaml")

    # Then
    assert refused == (
        1,
        "~ security `Key`\n    owner orders → default\n",
        (
            "Error: 1 object exists and would change; nothing was imported; to update what exists, add"
            " --replace-odb-objects\n"
        ),
    )
    assert importer("--plan", "--owner", "orders", "--input", "c.yaml").code == 0
    assert importer("--import", "--replace", "--input", "c.yaml").code == 0
    assert importer.given("--owner", "orders", "--prune", security=[]).out.startswith(
        "Nothing changed\nRevision 2: 0 created"
    )
    assert names(importer) == ["Key"]


def test_what_is_protected_is_not_pruned(importer: Importer) -> None:
    importer.given(security=[key("A", protected=True), key("B")])

    pruned = importer.given("--prune", security=[])

    assert pruned.err == "1 protected object is kept: security/A\n"
    assert names(importer) == ["A"]
    planned = importer("--plan", "--prune", "--json", "--input", "c.yaml")
    assert (planned.err, planned.json["kept"]) == ("", [{"section": "security", "name": "A"}])


def test_more_than_ten_deletions_are_refused_listed_and_can_be_allowed(importer: Importer) -> None:
    # Given
    importer.given(security=[key(f"K{number:02}") for number in range(11)])
    listed = "".join(f"- security `K{number:02}`\n" for number in range(11))
    refusal = "Error: 11 objects would be deleted, and no more than 10 may be; if that is right, add --max-delete 11\n"

    # When
    refused = importer.given("--prune", security=[])

    # Then
    assert refused == (1, listed, refusal)
    assert len(names(importer)) == 11

    # When
    planned = importer("--plan", "--prune", "--input", "c.yaml", "--out", "plan.json")

    # Then
    assert (planned.code, planned.err) == (1, refusal)
    assert planned.out.endswith("0 to create, 0 to update, 11 to delete, 0 unchanged\n")
    assert not Path("plan.json").exists()
    assert importer.given("--prune", "--max-delete", "100%", security=[]).code == 0
    assert names(importer) == []


def test_a_refusal_is_one_json_document_too(importer: Importer) -> None:
    importer.given(security=[key("A"), key("B")])

    refused = importer.given("--prune", "--max-delete", "1", "--json", security=[])

    assert (refused.code, refused.err) == (1, "")
    assert refused.json["error"].startswith("2 objects would be deleted")
    assert refused.json["objects"] == [{"section": "security", "name": name} for name in "AB"]


def test_a_deletion_that_somebody_needs_is_refused_and_told(importer: Importer) -> None:
    importer.given(security=[key()], channel_rest=[channel(security="Key")])

    refused = importer.given("--prune", security=[])

    assert refused == (
        1,
        "",
        (
            "ODB: channel_rest/Get user/security: it refers to `Key` of `security`, which --prune would delete"
            " (keep `Key` in the files, or change what refers to it first)\n1 error\n"
        ),
    )
    assert len(names(importer)) == 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["--import", "--prune", "--max-delete", "many"],
            "--max-delete: `many` is neither a number of objects nor a percentage of all, as in 25 and 5%",
        ),
        (
            ["--import", "--max-delete", "3"],
            "--import deletes nothing without --prune; add it, or leave out --max-delete",
        ),
        (
            ["--import", "--from-plan", "p", "--prune", "--replace"],
            "--from-plan: a saved plan says all that is to change; leave out --replace-odb-objects, --prune",
        ),
    ],
)
def test_options_that_would_do_nothing_are_refused(importer: Importer, arguments: list[str], error: str) -> None:
    importer.write(security=[])

    done = importer(*arguments, "--input", "c.yaml")

    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1] == f"Error: {error}"


# Dry run


def test_a_dry_run_shows_the_plan_of_an_import_that_would_be_carried_out(importer: Importer) -> None:
    # Given
    importer.given(security=[key()])

    # When
    done = importer.given("--dry-run", security=[key(header="X-Key")])

    # Then
    assert done == (
        0,
        (
            '~ security `Key`\n    header: "X-API-Key" → "X-Key"\n    no effect on traffic\n'
            "0 to create, 1 to update, 0 to delete, 0 unchanged\n"
        ),
        "",
    )
    assert importer.given("--plan", security=[key()]).code == 0


def test_a_dry_run_is_refused_where_the_import_would_be(importer: Importer) -> None:
    importer.given(security=[key()])
    importer.write(security=[key(header="X-Key")])

    assert importer("--import", "--dry-run", "--input", "c.yaml").code == 1


# Saved plans


def test_a_saved_plan_is_carried_out_once_with_its_secrets_given_again(importer: Importer) -> None:
    # Given
    assert importer.given("--plan", "--out", "plan.json", security=[key()], channel_rest=[channel()]).code == 2
    assert "s3cret" not in Path("plan.json").read_text()

    # When
    without = importer("--import", "--from-plan", "plan.json")
    done = importer("--import", "--from-plan", "plan.json", "--input", "c.yaml")
    again = importer("--import", "--from-plan", "plan.json", "--input", "c.yaml")

    # Then
    assert without.code == 1
    assert without.err.startswith("Error: the password of security/Key changes, and what is at hand is not what was pl")
    assert done.code == 0
    assert done.out.startswith("Created object `Key`\nCreated object `Get user`\nRevision 1:")
    assert again == (
        1,
        "",
        (
            "Error: the plan was made for revision 0, and revision 1 is the current one; make a new plan. Since then:"
            " security/Key was created; channel_rest/Get user was created\n"
        ),
    )


def test_a_saved_plan_needs_no_files_where_no_secret_changes_and_no_word_that_objects_may_change(
    importer: Importer,
) -> None:
    # Given
    importer.given(security=[key("A"), key("B")])
    importer.given("--plan", "--prune", "--owner", "team", "--out", "plan.json", security=[key("A", header="H")])
    Path("c.yaml").unlink()

    # When
    shown = importer("--import", "--from-plan", "plan.json", "--dry-run")
    done = importer("--import", "--from-plan", "plan.json")

    # Then
    assert shown.out.startswith('~ security `A`\n    owner default → team\n    header: "X-API-Key" → "H"\n')
    assert done.out == "Updated object `A`\nRevision 2: 0 created, 1 updated, 0 deleted, 0 unchanged\n"


def test_a_saved_plan_that_is_not_there_or_was_made_elsewhere_is_told(importer: Importer, run: Run) -> None:
    # Given
    other = Importer(run, ServerDirectory.create(Path("other")))
    importer.given("--plan", "--out", "plan.json", channel_rest=[channel()])

    # Then
    assert importer("--import", "--from-plan", "none.json") == (
        1,
        "",
        "Error: none.json cannot be read: No such file or directory\n",
    )
    assert other("--import", "--from-plan", "plan.json") == (
        1,
        "",
        "Error: the plan was made for another server, or was changed since; make a new one\n",
    )


def test_a_plan_that_cannot_be_saved_is_told(importer: Importer) -> None:
    done = importer.given("--plan", "--out", "none/plan.json", channel_rest=[channel()])

    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("Error: none/plan.json cannot be written: No such file or directory\n")


# Ping


def test_without_a_server_the_command_pings_what_changes_before_it_changes_anything(importer: Importer) -> None:
    with HTTPServer() as up:
        # Given
        crm = {"name": "CRM", "host": up.url, "url_path": "/"}
        down = {"name": "Down", "host": "http://127.0.0.1:1", "url_path": "/"}

        # When
        done = importer.given("--ping", outgoing_rest=[crm])
        failed = importer.given("--ping", outgoing_rest=[{**crm, "timeout": 5}, down], security=[key()])

    # Then
    assert done.code == 0
    assert failed.code == 4
    assert failed.out == ""
    assert failed.err.startswith("Error: `Down` does not answer: `Down`: connection refused")
    assert failed.err.endswith("; everything is as it was, at revision 1\n")
    assert names(importer) == ["CRM"]

    # When
    unchanged = importer.given("--ping", outgoing_rest=[crm], security=[key()])

    # Then
    assert unchanged.code == 0


def test_a_connection_whose_definition_changes_is_pinged_too(importer: Importer) -> None:
    # Given
    connection = {"name": "CRM", "host": "http://127.0.0.1:1", "url_path": "/", "security": "Key"}
    assert importer.given(
        security=[key()], outgoing_rest=[connection, {**connection, "name": "Off", "is_active": False}]
    )

    # When
    failed = importer.given("--ping", "--json", security=[key(password="other")])

    # Then
    assert (failed.code, failed.err) == (4, "")
    assert failed.json["error"].startswith("`CRM` does not answer: ")
    assert "Off" not in failed.json["error"]
