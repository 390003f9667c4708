"""What `zato enmasse` prints in a pipe, and its exit codes."""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.powers import without_root_powers
from tests.zato_cli.running import Run
from zato.odb.odb import ODB
from zato.odb.secrets import LOST_KEY, Secrets
from zato.server.directory import ServerDirectory

ACTIONS = (
    "--validate, --merge, --plan, --import, --export-odb, --export-local, --explain, --match, --history, --rollback,"
    " --diff"
)

FILES = """\
security:
  - name: API
    type: basic_auth
    username: api
    password: ${API_PASSWORD}
channel_rest:
  - name: Get user
    service: user.get
    url_path: /user
    security: API
def_amqp:
  - name: Broker
    host: localhost
    password: broker.s3cret
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("API_PASSWORD", "api.s3cret")
    Path("c.yaml").write_text(FILES)


@pytest.fixture
def server(tmp_path: Path) -> ServerDirectory:
    return ServerDirectory.create(tmp_path / "server1")


def current(server: ServerDirectory) -> int:
    with closing(ODB(server.path / "odb.db", Secrets(server.key_file))) as odb:
        return odb.current


# Validate


def test_valid_files_are_counted(run: Run) -> None:
    assert run("enmasse", "--validate", "--input", "c.yaml") == (0, "3 objects are valid\n", "")


def test_problems_go_to_standard_error_and_are_counted(run: Run) -> None:
    Path("c.yaml").write_text(FILES.replace("localhost", "[a]").replace("service:", "servce:"))
    assert run("enmasse", "--validate", "--input", "c.yaml") == (
        1,
        "",
        (
            "c.yaml:7:5: channel_rest/Get user: the field `service` is missing (Name of the service to run.)\n"
            "c.yaml:8:5: channel_rest/Get user/servce: unknown field `servce` (did you mean `service`?)\n"
            "c.yaml:13:11: def_amqp/Broker/host: a list is not a text\n"
            "3 errors\n"
        ),
    )


def test_warnings_do_not_stop_anything_unless_they_are_to(run: Run) -> None:
    Path("c.yaml").write_text("channel_rest: [{name: A, service: s, url_path: /a}]")
    warning = "c.yaml:1:16: warning: 1 channel has no security: A (anyone can call them; name one in `security`)\n"
    assert run("enmasse", "--validate", "--input", "c.yaml") == (0, "1 object is valid\n", warning)
    assert run("enmasse", "--validate", "--strict", "--input", "c.yaml") == (1, "", warning)


@pytest.mark.parametrize("action", ["--validate", "--plan", "--import"])
def test_where_there_is_no_object_nothing_was_checked(run: Run, server: ServerDirectory, action: str) -> None:
    Path("c.yaml").write_text("# later\n")
    done = run("enmasse", str(server.path), action, "--input", "c.yaml")
    assert done.code == 3
    assert done.err == (
        "c.yaml: warning: the file is empty\nThere is no object in these files, so nothing was checked\n"
    )


def test_files_come_from_standard_input_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"def_amqp: [{name: A}]"), isatty=lambda: False)
    )
    done = run("enmasse", "--validate", "--input", "-")
    assert done.err.startswith("<stdin>:1:12: def_amqp/A: the field `host` is missing")


def test_variables_come_from_a_file_and_win(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_PASSWORD")
    Path("env.ini").write_text("[env]\nAPI_PASSWORD = other.s3cret\n")
    assert run("enmasse", "--validate", "--env-file", "env.ini", "--input", "c.yaml").code == 0
    Path("env.ini").write_text("API_PASSWORD\n")
    assert run("enmasse", "--validate", "--env-file", "env.ini", "--input", "c.yaml") == (
        1,
        "",
        "env.ini:1:1: this line is not `NAME=value`\n1 error\n",
    )


# JSON


def test_json_is_one_document(run: Run) -> None:
    done = run("enmasse", "--validate", "--json", "--input", "c.yaml")
    assert (done.code, done.err) == (0, "")
    assert done.json == {"format_version": 1, "valid": True, "objects": 3, "problems": []}


def test_json_tells_problems_and_where_they_are(run: Run) -> None:
    Path("c.yaml").write_text(FILES + "  - name: Broker\n    host: h\n    password: p\n")
    done = run("enmasse", "--validate", "--json", "--input", "c.yaml")
    (problem,) = done.json["problems"]
    assert (done.code, done.err, done.json["valid"]) == (1, "", False)
    assert (problem["severity"], problem["file"], problem["path"]) == ("error", "c.yaml", "def_amqp/Broker")
    assert problem["message"] == "the name `Broker` is already taken in `def_amqp`"
    assert problem["range"]["start"] == {"line": 15, "column": 11}
    assert problem["related"] == [{"what": "first", "file": "c.yaml", "line": 12, "column": 11}]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            ["--plan", "--input", "c.yaml"],
            "which server? Neither this directory nor one above it is a server directory",
        ),
        (["--plan"], "--plan needs --input, the files to read"),
        (["--qqq"], "No such option '--qqq'."),
        (["none", "--import", "--input", "c.yaml"], "there is no directory none"),
        (["--validate", "--import", "--input", "c.yaml"], "say one of --validate, --merge, --plan, --import, "),
    ],
)
def test_json_is_one_document_whatever_goes_wrong(run: Run, arguments: list[str], error: str) -> None:
    done = run("enmasse", "--json", *arguments)
    assert (done.code, done.err) == (1, "")
    assert done.json["error"].startswith(error)


def test_json_of_every_action_is_one_document(run: Run, server: ServerDirectory) -> None:
    where = str(server.path)
    planned = run("enmasse", where, "--plan", "--json", "--input", "c.yaml")
    assert (planned.code, len(planned.json["steps"]), planned.json["unchanged"]) == (2, 3, 0)
    imported = run("enmasse", where, "--import", "--json", "--input", "c.yaml")
    assert (imported.code, imported.json["revision"], len(imported.json["steps"])) == (0, 1, 3)
    Path("c.yaml").write_text(FILES.replace("localhost", "other"))
    refused = run("enmasse", where, "--import", "--json", "--input", "c.yaml")
    assert (refused.code, refused.json["objects"]) == (1, [{"section": "def_amqp", "name": "Broker"}])
    exported = run("enmasse", where, "--export-odb", "--json", "--output", "o.yaml")
    assert exported.json == {
        "format_version": 1,
        "output": str(Path("o.yaml").absolute()),
        "objects": 3,
        "variables": ["API_PASSWORD", "DEF_AMQP_BROKER_PASSWORD"],
        "left": [],
    }
    merged = run("enmasse", "--merge", "--json", "--output", "o.json", "--input", "c.yaml")
    assert merged.json["objects"] == 3
    assert {done.err for done in (planned, imported, refused, exported, merged)} == {""}


def test_json_and_an_export_do_not_share_standard_output(run: Run) -> None:
    done = run("enmasse", "--merge", "--json", "--output", "-", "--input", "c.yaml")
    assert (done.code, done.json["error"]) == (
        1,
        "--json and --output - both write to standard output; leave one out",
    )


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], f"say one of {ACTIONS}"),
        (
            ["--plan", "--import", "--input", "a"],
            f"say one of {ACTIONS}, not --plan and --import",
        ),
        (["--validate"], "--validate needs --input, the files to read"),
        (["--export-local"], "--export-local needs --input, the files to read"),
        (["--export-local", "--export-odb"], "--export-local needs --input, the files to read"),
        (
            ["--export-odb", "--input", "c.yaml"],
            "--export-odb writes what the ODB holds; add --export-local to merge files into it",
        ),
        (
            ["--merge", "--input", "c.yaml"],
            "--merge needs --output, the file to write or - for standard output",
        ),
        (["--qqq"], "No such option '--qqq'."),
        (["--input"], "Option '--input' requires an argument."),
        (["--format", "xml"], "Invalid value for '--format' / '--dump-format': 'xml' is not one of 'yaml', 'json'."),
        (
            ["--merge", "--output", "-", "--include-type", "hello", "--input", "c.yaml"],
            "--include-type: there is no section hello",
        ),
    ],
)
def test_wrong_usage_is_told_and_the_exit_code_is_1(run: Run, arguments: list[str], error: str) -> None:
    done = run("enmasse", *arguments)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1] == f"Error: {error}"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("none", "there is no directory none; make a server with `zato quickstart create`"),
        ("empty", "empty is not a server directory: it has no .zato-info; make a server with `zato quickstart create`"),
    ],
)
def test_a_server_directory_that_is_none_is_told(run: Run, given: str, error: str) -> None:
    Path("empty").mkdir()
    assert run("enmasse", given, "--import", "--input", "c.yaml") == (1, "", f"Error: {error}\n")


def test_the_server_is_found_by_the_variable_and_by_the_directory(
    run: Run, server: ServerDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = str(Path("c.yaml").absolute())
    monkeypatch.chdir(server.logs)
    assert run("enmasse", "--plan", "--input", files).code == 2
    monkeypatch.chdir("/")
    monkeypatch.setenv("ZATO_SERVER_DIR", str(server.path))
    assert run("enmasse", "--plan", "--input", files).code == 2


# Plan


def test_a_plan_tells_what_would_change_and_changes_nothing(run: Run, server: ServerDirectory) -> None:
    where = str(server.path)
    assert run("enmasse", where, "--plan", "--input", "c.yaml") == (
        2,
        (
            "+ security `API`\n    no effect on traffic\n"
            "+ def_amqp `Broker`\n    no effect on traffic\n"
            "+ channel_rest `Get user`\n    answers any method /user from now on\n"
            "3 to create, 0 to update, 0 to delete, 0 unchanged\n"
        ),
        "",
    )
    assert current(server) == 0
    assert run("enmasse", where, "--import", "--input", "c.yaml").code == 0
    assert run("enmasse", where, "--plan", "--input", "c.yaml") == (
        0,
        "0 to create, 0 to update, 0 to delete, 3 unchanged\n",
        "",
    )
    Path("c.yaml").write_text(FILES.replace("localhost", "other").replace("broker.s3cret", "new.s3cret"))
    assert run("enmasse", where, "--plan", "--input", "c.yaml") == (
        2,
        (
            "~ def_amqp `Broker`\n"
            '    host: "localhost" → "other"\n'
            "    password: (changed)\n"
            "    no effect on traffic\n"
            "0 to create, 1 to update, 0 to delete, 2 unchanged\n"
        ),
        "",
    )
    assert current(server) == 1


# Import


def test_an_import_tells_what_it_did(run: Run, server: ServerDirectory) -> None:
    where = str(server.path)
    assert run("enmasse", where, "--import", "--input", "c.yaml") == (
        0,
        (
            "Created object `API`\nCreated object `Broker`\nCreated object `Get user`\n"
            "Revision 1: 3 created, 0 updated, 0 deleted, 0 unchanged\n"
        ),
        "",
    )
    assert run("enmasse", where, "--import", "--input", "c.yaml") == (
        0,
        "Nothing changed\nRevision 1: 0 created, 0 updated, 0 deleted, 3 unchanged\n",
        "",
    )


@pytest.mark.parametrize("option", ["--replace-odb-objects", "--replace"])
def test_objects_that_exist_are_replaced_only_when_asked(run: Run, server: ServerDirectory, option: str) -> None:
    where = str(server.path)
    run("enmasse", where, "--import", "--input", "c.yaml")
    Path("c.yaml").write_text(FILES.replace("localhost", "other") + "  - {name: New, host: h, password: p}\n")
    assert run("enmasse", where, "--import", "--input", "c.yaml") == (
        1,
        '~ def_amqp `Broker`\n    host: "localhost" → "other"\n',
        (
            "Error: 1 object exists and would change; nothing was imported;"
            " to update what exists, add --replace-odb-objects\n"
        ),
    )
    assert current(server) == 1
    assert run("enmasse", where, "--import", option, "--input", "c.yaml") == (
        0,
        ("Updated object `Broker`\nCreated object `New`\nRevision 2: 1 created, 1 updated, 0 deleted, 2 unchanged\n"),
        "",
    )


def test_files_with_problems_are_not_imported(run: Run, server: ServerDirectory) -> None:
    Path("c.yaml").write_text(FILES.replace("    password: ${API_PASSWORD}\n", ""))
    assert run("enmasse", str(server.path), "--import", "--input", "c.yaml") == (
        1,
        "",
        (
            "c.yaml:2:5: security/API/password: `API` has no password and the ODB holds none"
            " (give it as `password: ${NAME}`)\n1 error\n"
        ),
    )
    assert current(server) == 0


def test_a_secret_that_was_left_out_is_kept_and_its_variable_too(run: Run, server: ServerDirectory) -> None:
    where = str(server.path)
    run("enmasse", where, "--import", "--input", "c.yaml")
    Path("c.yaml").write_text(FILES.replace("    password: ${API_PASSWORD}\n", "").replace("user: api", "user: api2"))
    changed = FILES.replace("    password: ${API_PASSWORD}\n", "").replace("username: api", "username: api2")
    Path("c.yaml").write_text(changed)
    done = run("enmasse", where, "--import", "--replace", "--input", "c.yaml")
    assert "Updated object `API`" in done.out
    exported = run("enmasse", where, "--export-odb", "--include-name", "API", "--output", "-")
    assert exported.out == (
        "security:\n- name: API\n  type: basic_auth\n  username: api2\n  password: ${API_PASSWORD}\n"
    )


# The ODB and its key


def test_an_unreadable_key_file_is_told(run: Run, server: ServerDirectory) -> None:
    server.key_file.chmod(0)
    with without_root_powers():
        done = run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    assert done == (1, "", f"Error: the key file {server.key_file} cannot be read: Permission denied\n")


def test_a_missing_key_file_is_told(run: Run, server: ServerDirectory) -> None:
    server.key_file.unlink()
    done = run("enmasse", str(server.path), "--export-odb", "--output", "-")
    message = f"Error: the key file {server.key_file} cannot be read: No such file or directory; {LOST_KEY}\n"
    assert done == (1, "", message)


def test_another_key_is_told(run: Run, server: ServerDirectory) -> None:
    server.key_file.unlink()
    Secrets.create_key(server.key_file)
    done = run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: the key in {server.key_file} is not the one that the ODB's secrets")


def test_an_odb_of_a_newer_version_is_told_and_left_alone(run: Run, server: ServerDirectory) -> None:
    with closing(ODB(server.path / "odb.db", Secrets(server.key_file))) as odb:
        odb._database.execute("UPDATE setting SET value = 99 WHERE name = 'format'")
    path = server.path / "odb.db"
    before = path.read_bytes()
    done = run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    assert done == (
        1,
        "",
        (
            f"Error: the ODB {path} has format 99 and this version knows formats up to 2;"
            " upgrade to the version that wrote it\n"
        ),
    )
    assert path.read_bytes() == before


def test_a_missing_odb_is_told(run: Run, server: ServerDirectory) -> None:
    (server.path / "odb.db").unlink()
    done = run("enmasse", str(server.path), "--plan", "--input", "c.yaml")
    assert done == (1, "", f"Error: there is no ODB at {server.path}/odb.db\n")
    assert not (server.path / "odb.db").exists()


def test_a_file_that_is_no_odb_is_told(run: Run, server: ServerDirectory) -> None:
    (server.path / "odb.db").write_text("hello " * 200)
    done = run("enmasse", str(server.path), "--plan", "--input", "c.yaml")
    assert done == (1, "", f"Error: the ODB {server.path}/odb.db cannot be used: file is not a database\n")


def test_a_read_only_odb_is_told_and_left_as_it_was(run: Run, server: ServerDirectory) -> None:
    run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    Path("c.yaml").write_text(FILES + "  - {name: New, host: h, password: p}\n")
    before = {path: path.read_bytes() for path in server.path.glob("odb.db*")}
    for path in (*before, server.path):
        path.chmod(0o500 if path.is_dir() else 0o400)
    with without_root_powers():
        done = run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    server.path.chmod(0o700)
    assert (done.code, done.out) == (1, "")
    assert re.match(r"Error: the ODB .*/odb.db cannot be (used|locked): ", done.err)
    assert {path: path.read_bytes() for path in server.path.glob("odb.db*")} == before


@pytest.mark.parametrize("has_log", [False, True])
def test_an_odb_in_a_directory_that_cannot_be_written_is_read(run: Run, server: ServerDirectory, has_log: bool) -> None:
    # Given
    where, path = str(server.path), server.path / "odb.db"
    with closing(ODB(path, Secrets(server.key_file))) as odb:
        assert run("enmasse", where, "--import", "--input", "c.yaml").code == 0
        if not has_log:
            odb.close()
        assert Path(f"{path}-wal").exists() == has_log
        server.path.chmod(0o500)

        # When
        with without_root_powers():
            commands = (["--plan", "--input", "c.yaml"], ["--history"], ["--export-odb", "--output", "-"])
            done = [run("enmasse", where, *command) for command in commands]
        server.path.chmod(0o700)

    # Then
    assert [outcome.code for outcome in done] == [0, 0, 0]
    assert done[0].out == "0 to create, 0 to update, 0 to delete, 3 unchanged\n"
    assert done[2].out == EXPORTED


# Export

NEEDED = "2 variables have to be set for it to be read: API_PASSWORD, DEF_AMQP_BROKER_PASSWORD\n"


def test_an_export_goes_to_a_file_named_after_the_time(run: Run, server: ServerDirectory) -> None:
    run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    done = run("enmasse", str(server.path), "--export-odb")
    (path,) = Path.cwd().glob("zato-export-*")
    assert re.fullmatch(r"zato-export-\d{4}-\d\d-\d\dT\d\d_\d\d_\d\d_\d{6}\.yml", path.name)
    assert done == (0, f"ODB objects read\nODB objects merged in\nData exported to {path}\n", NEEDED)
    assert path.read_text() == EXPORTED


EXPORTED = """\
security:
- name: API
  type: basic_auth
  username: api
  password: ${API_PASSWORD}

def_amqp:
- name: Broker
  host: localhost
  password: ${DEF_AMQP_BROKER_PASSWORD}

channel_rest:
- name: Get user
  service: user.get
  url_path: /user
  security: API
"""


def test_an_export_to_standard_output_is_nothing_but_the_export(run: Run, server: ServerDirectory) -> None:
    run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    done = run("enmasse", str(server.path), "--export-odb", "--output", "-")
    assert done == (0, EXPORTED, f"ODB objects read\nODB objects merged in\n{NEEDED}")
    merged = run("enmasse", "--merge", "--input", "c.yaml", "--output", "-")
    assert merged == (0, EXPORTED, NEEDED)
    local = run("enmasse", "--export-local", "--input", "c.yaml", "--output", "-")
    assert local == (0, EXPORTED, NEEDED)


def test_an_export_can_be_imported_again(run: Run, server: ServerDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    where = str(server.path)
    run("enmasse", where, "--import", "--input", "c.yaml")
    monkeypatch.setenv("DEF_AMQP_BROKER_PASSWORD", "broker.s3cret")
    for name in ("export.yaml", "export.json"):
        run("enmasse", where, "--export-odb", "--output", name)
        assert run("enmasse", where, "--plan", "--input", name).code == 0
    assert json.loads(Path("export.json").read_text())["def_amqp"][0]["name"] == "Broker"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--include-type", "security"], ["API"]),
        (["--include-type", "rest, amqp"], ["Broker", "Get user"]),
        (["--include-type", "channel_plain_http"], ["Get user"]),
        (["--include-type", "all"], ["API", "Broker", "Get user"]),
        (["--include-name", "USER,bro"], ["Broker", "Get user"]),
        (["--include-name", "user", "--include-type", "security"], []),
    ],
)
def test_an_export_can_be_limited(run: Run, server: ServerDirectory, options: list[str], names: list[str]) -> None:
    run("enmasse", str(server.path), "--import", "--input", "c.yaml")
    done = run("enmasse", str(server.path), "--export-odb", "--format", "json", "--output", "-", *options)
    assert [thing["name"] for things in json.loads(done.out).values() for thing in things] == names


@pytest.mark.parametrize("option", ["--format", "--dump-format"])
def test_the_format_is_what_is_asked_for_or_what_the_file_is_called(run: Run, option: str) -> None:
    run("enmasse", "--merge", "--input", "c.yaml", option, "json", "--output", "a.yaml")
    run("enmasse", "--merge", "--input", "c.yaml", "--output", "b.json")
    assert Path("a.yaml").read_text() == Path("b.json").read_text()
    assert json.loads(Path("b.json").read_text())["security"][0]["name"] == "API"


def test_files_win_over_the_odb_when_both_are_exported(run: Run, server: ServerDirectory) -> None:
    where = str(server.path)
    run("enmasse", where, "--import", "--input", "c.yaml")
    Path("d.yaml").write_text("def_amqp: [{name: Broker, host: '${HOST:-new}'}, {name: B2, host: h, password: p}]")
    done = run("enmasse", where, "--export-local", "--export-odb", "--input", "d.yaml", "--output", "-")
    assert done.code == 0
    assert done.out == EXPORTED.replace(
        "- name: Broker\n  host: localhost\n",
        "- name: B2\n  host: h\n  password: ${DEF_AMQP_B2_PASSWORD}\n- name: Broker\n  host: ${HOST:-new}\n",
    )


def test_a_file_that_cannot_be_written_is_told_and_one_that_exists_stays(run: Run) -> None:
    done = run("enmasse", "--merge", "--input", "c.yaml", "--output", "none/a.yaml")
    assert done == (1, "", "Error: none/a.yaml cannot be written: No such file or directory\n")
    Path("d").mkdir()
    assert run("enmasse", "--merge", "--input", "c.yaml", "--output", "d").code == 1
    Path("d/a.yaml").write_text("before")
    Path("d").chmod(0o500)
    with without_root_powers():
        done = run("enmasse", "--merge", "--input", "c.yaml", "--output", "d/a.yaml")
    assert done == (1, "", "Error: d/a.yaml cannot be written: Permission denied\n")
    assert Path("d/a.yaml").read_text() == "before"
    assert [path.name for path in Path("d").iterdir()] == ["a.yaml"]


def test_no_secret_is_in_any_output_or_in_clear_in_any_file(run: Run, server: ServerDirectory) -> None:
    where = str(server.path)
    Path("changed.yaml").write_text(FILES.replace("broker.s3cret", "other.s3cret"))
    shown = [
        run("enmasse", where, *arguments)
        for arguments in (
            ["--validate", "--input", "c.yaml"],
            ["--plan", "--input", "c.yaml"],
            ["--import", "--input", "c.yaml"],
            ["--plan", "--json", "--input", "changed.yaml"],
            ["--import", "--input", "changed.yaml"],
            ["--import", "--replace", "--json", "--input", "changed.yaml"],
            ["--export-odb", "--output", "-"],
            ["--export-local", "--input", "changed.yaml", "--output", "-"],
            ["--export-local", "--export-odb", "--input", "c.yaml", "--output", "-"],
        )
    ]
    assert "s3cret" not in repr(shown)
    stored = {path: path.read_bytes() for path in server.path.rglob("*") if path.is_file()}
    assert [path for path, content in stored.items() if b"s3cret" in content] == []
    assert server.key_file.stat().st_mode & 0o777 == 0o600
