from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.zato_cli.running import Run


def test_the_schema_of_whole_files_is_printed(run: Run) -> None:
    done = run("schema")
    assert done.code == 0
    assert {"security", "channel_rest", "include", "version"} <= set(json.loads(done.out)["properties"])


@pytest.mark.parametrize("section", ["outgoing_amqp", "outconn_amqp"])
def test_the_schema_of_a_section_is_printed_under_any_spelling(run: Run, section: str) -> None:
    done = run("schema", section)
    assert done.code == 0
    assert "delivery_mode" in json.loads(done.out)["items"]["properties"]


def test_a_section_that_there_is_not_is_told(run: Run) -> None:
    done = run("schema", "chanel_rest")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("\nError: there is no section `chanel_rest` (did you mean `channel_rest`?)\n")


def test_a_field_is_explained(run: Run) -> None:
    done = run("schema", "--explain", "def_amqp.heartbeat")
    assert done.code == 0
    assert done.out.startswith("def_amqp.heartbeat\n  Meaning  ")
    assert run("schema", "--explain", "def_amqp.hearbeat") == (
        1,
        "",
        "Error: there is no field `hearbeat` (did you mean `heartbeat`?)\n",
    )
    done = run("schema", "security", "--explain", "def_amqp")
    assert (done.code, done.err.splitlines()[-1]) == (1, "Error: --explain goes alone")


def test_files_are_written_and_stale_ones_removed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "gone.md").write_text("")
    (tmp_path / "reference" / "mine.txt").write_text("")
    done = run("schema", "--write", str(tmp_path))
    assert done.code == 0
    written = {path.name for path in tmp_path.rglob("*.*")}
    assert {"zato.schema.json", "security.md", "mine.txt"} <= written
    assert "gone.md" not in written
    assert done.out == f"{len(written) - 1} files written to {tmp_path}\n"


def test_a_section_and_a_directory_do_not_go_together(run: Run, tmp_path: Path) -> None:
    done = run("schema", "security", "--write", str(tmp_path))
    assert done.code == 1
    assert done.err.endswith("\nError: --write writes every section; leave SECTION out\n")
