from __future__ import annotations

import getpass
import hashlib
import re
from pathlib import Path

from tests.zato_cli.enmasse.importing import Importer, channel, key

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"


def without_times(text: str) -> str:
    return re.sub(TIME, "TIME", text).replace(getpass.getuser(), "ME")


def test_the_newest_revision_comes_first_with_who_made_it_of_what_and_what_changed(importer: Importer) -> None:
    # Given
    importer.given(security=[key(), key("Old")])
    importer.given("--prune", "--owner", "team", security=[key(password="new", header="X"), key("New")])
    importer.given("--plan", "--out", "plan.json", channel_rest=[channel()])
    importer("--import", "--from-plan", "plan.json")
    importer("--rollback", "1")

    # Then
    history = importer("--history")
    assert (history.code, history.err) == (0, "")
    assert without_times(history.out) == (
        "Revision 4 (current), TIME, by ME\n"
        "    back to revision 1\n"
        "    ~ security `Key`: owner team → default, password, header\n"
        "    - channel_rest `Get user`\n"
        "    - security `New`\n"
        "Revision 3, TIME, by ME\n"
        "    plan: plan.json\n"
        "    files: c.yaml\n"
        "    + channel_rest `Get user`\n"
        "Revision 2, TIME, by ME\n"
        "    files: c.yaml\n"
        "    ~ security `Key`: owner default → team, password, header\n"
        "    + security `New`\n"
        "Revision 1, TIME, by ME\n"
        "    files: c.yaml\n"
        "    + security `Key`\n"
        "    + security `Old`\n"
    )


def test_json_has_all_of_it_and_no_secret(importer: Importer) -> None:
    # Given
    importer.given(security=[key()])
    importer.given(security=[key(password="n3w")])

    # When
    told = importer("--history", "--json")

    # Then
    assert "s3cret" not in told.out
    assert "n3w" not in told.out
    document = told.json
    assert document["current"] == 2
    newest = document["revisions"][0]
    assert (newest["number"], newest["made_by"]) == (2, getpass.getuser())
    assert newest["source"] == {
        "files": [{"path": "c.yaml", "sha256": hashlib.sha256(Path("c.yaml").read_bytes()).hexdigest()}]
    }
    assert newest["changes"] == [
        {
            "action": "update",
            "section": "security",
            "name": "Key",
            "changes": [{"field": "password", "secret": True}],
        }
    ]


def test_of_many_changes_the_first_are_told(importer: Importer) -> None:
    importer.given(security=[key(f"K{number:02}") for number in range(23)])

    lines = importer("--history").out.splitlines()

    assert len(lines) == 2 + 20 + 1
    assert lines[-1] == "    and 3 more; --json has them all"


def test_there_may_be_none_yet(importer: Importer) -> None:
    assert importer("--history") == (0, "", "There is no revision yet\n")
    assert importer("--history", "--json").json["revisions"] == []
