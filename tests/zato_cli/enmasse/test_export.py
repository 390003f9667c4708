"""Exports into files that there are, and the `.env.example` beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zato_cli.running import Run
from tests.zato_cli.terminal import on_terminal
from zato.server.directory import ServerDirectory

FILE = """\
# Who may call us
security:
  - name: Key  # of the sales team
    type: apikey
    password: ${KEY}

outgoing_rest:
  - {name: CRM, host: "${CRM_HOST}", url_path: /crm}  # the old one
"""
EXAMPLE = """\
# Made by `zato enmasse`: the variables that c.yaml needs.
# Fill in a copy, keep it out of version control, and give it as --env-file.
KEY=
CRM_HOST=
"""
NEEDED = "2 variables have to be set for it to be read: KEY, CRM_HOST"
SAID = "ODB objects read\nODB objects merged in\nData exported to {}\n"


@pytest.fixture(autouse=True)
def imported(here: Path, server: ServerDirectory, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ODB that holds what c.yaml says."""
    Path("c.yaml").write_text(FILE)
    Path("env.ini").write_text("KEY=hunter2\nCRM_HOST=http://crm\n")
    assert import_(run, server, "c.yaml") == 0


def import_(run: Run, server: ServerDirectory, *files: str) -> int:
    inputs = [argument for file in files for argument in ("--input", file)]
    return run("enmasse", str(server.path), "--import", "--replace", "--env-file", "env.ini", *inputs).code


def export(run: Run, server: ServerDirectory, *options: str, to: str = "c.yaml") -> tuple[int, str, str]:
    return run("enmasse", str(server.path), "--export-odb", "--output", to, *options)


def test_an_export_into_the_file_that_was_imported_changes_nothing(run: Run, server: ServerDirectory) -> None:
    before = Path("c.yaml").stat().st_mtime_ns
    done = export(run, server)
    assert done == (0, SAID.format(Path("c.yaml").absolute()), f"{NEEDED} (listed in .env.example)\n")
    assert (Path("c.yaml").read_text(), Path("c.yaml").stat().st_mtime_ns) == (FILE, before)
    assert Path(".env.example").read_text() == EXAMPLE


def test_a_terminal_gets_the_same(here: Path, server: ServerDirectory) -> None:
    code, printed = on_terminal("enmasse", str(server.path), "--export-odb", "--output", "c.yaml", cwd=here)
    said = SAID.format(here / "c.yaml")
    assert (code, printed) == (0, f"{said}{NEEDED} (listed in .env.example)\n")


def test_what_changed_in_the_odb_is_edited_and_comments_stay(run: Run, server: ServerDirectory) -> None:
    # Given
    Path("c.yaml").chmod(0o640)
    Path("other.yaml").write_text(
        FILE.replace("/crm", "/v2") + "groups: [{name: Sales, members: [Key]}]\n"
        "def_amqp: [{name: B, host: h, password: s3cret}]\n"
    )
    assert import_(run, server, "other.yaml") == 0

    # When
    code, _, _ = export(run, server)

    # Then
    assert code == 0
    assert Path("c.yaml").read_text() == FILE.replace("/crm", "/v2") + (
        "\ngroups:\n  - name: Sales\n    members:\n    - Key\n"
        "\ndef_amqp:\n  - name: B\n    host: h\n    password: ${DEF_AMQP_B_PASSWORD}\n"
    )
    assert Path("c.yaml").stat().st_mode & 0o777 == 0o640
    assert Path(".env.example").read_text() == f"{EXAMPLE}DEF_AMQP_B_PASSWORD=\n"
    Path("env.ini").write_text("KEY=hunter2\nCRM_HOST=http://crm\nDEF_AMQP_B_PASSWORD=s3cret\n")
    planned = run("enmasse", str(server.path), "--plan", "--env-file", "env.ini", "--input", "c.yaml")
    assert planned.code == 0


def test_only_what_is_chosen_is_edited(run: Run, server: ServerDirectory) -> None:
    Path("other.yaml").write_text(FILE.replace("/crm", "/v2") + "groups: [{name: Sales, members: [Key]}]\n")
    assert import_(run, server, "other.yaml") == 0
    assert export(run, server, "--include-type", "groups")[0] == 0
    assert Path("c.yaml").read_text() == FILE + "\ngroups:\n  - name: Sales\n    members:\n    - Key\n"
    assert export(run, server, "--include-name", "crm")[0] == 0
    assert "url_path: /v2" in Path("c.yaml").read_text()


def test_what_differs_in_included_files_is_told(run: Run, server: ServerDirectory) -> None:
    Path("main.yaml").write_text("include: [c.yaml]\n")
    Path("c.yaml").write_text(FILE.replace("/crm", "/other"))
    done = export(run, server, to="main.yaml")
    assert done[::2] == (
        0,
        "c.yaml:8:5: outgoing_rest/CRM differs in url_path, and only main.yaml was written, which includes it\n",
    )
    assert Path("main.yaml").read_text() == "include: [c.yaml]\n"
    json = run("enmasse", str(server.path), "--export-odb", "--output", "main.yaml", "--json").json
    assert json["left"] == ["c.yaml:8:5: outgoing_rest/CRM differs in url_path"]


def test_a_file_with_problems_is_not_touched(run: Run, server: ServerDirectory) -> None:
    Path("c.yaml").write_text("securty: []\n")
    assert export(run, server)[::2] == (
        1,
        "c.yaml:1:1: unknown section `securty` (did you mean `security`?)\n1 error\n",
    )
    assert Path("c.yaml").read_text() == "securty: []\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_keeps_its_encoding_and_its_line_ends(run: Run, server: ServerDirectory, encoding: str) -> None:
    crlf = FILE.replace("\n", "\r\n")
    Path("c.yaml").write_bytes(crlf.replace("/crm", "/ü").encode(encoding))
    assert export(run, server)[0] == 0
    assert Path("c.yaml").read_bytes() == crlf.encode(encoding)


def test_yaml_becomes_json_when_asked_and_json_stays_json(run: Run, server: ServerDirectory) -> None:
    Path("c.json").write_text('{"security": []}')
    assert export(run, server, to="c.json")[0] == 0
    assert Path("c.json").read_text().startswith('{"security": [{"name":"Key","type":"apikey","password":"${KEY}"}], ')
    assert export(run, server, "--format", "json")[0] == 0
    assert Path("c.yaml").read_text().startswith('{\n  "security": [\n')


# .env.example


def test_without_secrets_there_is_no_example(run: Run, server: ServerDirectory) -> None:
    assert export(run, server, "--include-type", "outgoing_rest", to="rest.yaml")[::2] == (0, "")
    assert not Path(".env.example").exists()


@pytest.mark.parametrize("arguments", [["--export-odb"], ["--merge", "--input", "c.yaml", "--env-file", "env.ini"]])
def test_a_new_file_gets_an_example_too(run: Run, server: ServerDirectory, arguments: list[str]) -> None:
    Path("new").mkdir()
    assert run("enmasse", str(server.path), *arguments, "--output", "new/o.yaml").code == 0
    lines = Path("new/.env.example").read_text().splitlines()
    assert lines[0] == "# Made by `zato enmasse`: the variables that o.yaml needs."
    assert "KEY=" in lines


def test_an_example_that_a_person_made_is_left_alone(run: Run, server: ServerDirectory) -> None:
    Path(".env.example").write_text("KEY=abc\n")
    done = export(run, server)
    assert done[2] == f".env.example was not made by an export and is left alone; it lacks CRM_HOST\n{NEEDED}\n"
    assert Path(".env.example").read_text() == "KEY=abc\n"
    Path(".env.example").write_text("KEY=abc\nCRM_HOST=\n")
    assert export(run, server)[2] == f"{NEEDED}\n"


def test_each_file_has_a_part_of_its_own(run: Run, server: ServerDirectory) -> None:
    # Given
    Path("m.yaml").write_text(FILE.replace("CRM_HOST", "HOST").replace("CRM", "New"))

    # When
    for source, target in (("c.yaml", "one.yaml"), ("m.yaml", "two.yaml"), ("c.yaml", "one.yaml")):
        arguments = ["--merge", "--input", source, "--output", target, "--env-file", "env.ini"]
        Path("env.ini").write_text("KEY=hunter2\nCRM_HOST=http://crm\nHOST=http://new\n")
        assert run("enmasse", *arguments).code == 0

    # Then
    one, two = (EXAMPLE.replace("c.yaml", name) for name in ("one.yaml", "two.yaml"))
    two = two.replace("KEY=\nCRM_HOST", "# KEY= (above)\nHOST")
    assert Path(".env.example").read_text() == f"{one}\n{two}"


def test_a_file_that_needs_no_variable_any_more_loses_its_part(run: Run, server: ServerDirectory) -> None:
    # Given
    for name in ("one.yaml", "two.yaml"):
        assert export(run, server, "--include-type", "security", to=name)[0] == 0
    example = Path(".env.example").read_text()
    assert "# KEY= (above)" in example

    # When
    Path("one.yaml").unlink()
    assert export(run, server, "--include-type", "outgoing_rest", to="one.yaml")[0] == 0

    # Then
    assert Path(".env.example").read_text() == EXAMPLE.replace("c.yaml", "two.yaml").replace("CRM_HOST=\n", "")
    Path("two.yaml").unlink()
    assert export(run, server, "--include-type", "outgoing_rest", to="two.yaml")[0] == 0
    assert not Path(".env.example").exists()


def test_standard_output_gets_none(run: Run, server: ServerDirectory) -> None:
    code, _, said = export(run, server, to="-")
    assert (code, said.splitlines()[-1]) == (0, "1 variable has to be set for it to be read: KEY")
    assert not Path(".env.example").exists()
