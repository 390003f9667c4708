from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.zato_cli.running import Run
from tests.zato_cli.terminal import on_terminal
from zato.server.directory import ServerDirectory

MAIN = """\
include: [common/connections.yaml]
def_amqp:
  - name: Broker
    <<: &broker
      host: ${BROKER_HOST:-localhost}
      password: ${BROKER_PASSWORD}
    vhost: orders
  - name: Other
    <<: *broker
"""

CONNECTIONS = """\
apikey:
  - name: Key
    api_key: hunter2
"""

BROKER = """\
def_amqp/Broker  main.yaml:3:5
  name       "Broker"      main.yaml:3:11
  is_active  true          default
  protected  false         default
  host       "localhost"   main.yaml:5:13, through main.yaml:4:9, ${BROKER_HOST} from its default
  port       5672          default
  vhost      "orders"      main.yaml:7:12
  username   "guest"       default
  password   ***           main.yaml:6:17, through main.yaml:4:9, ${BROKER_PASSWORD} from env.ini:1:1
  frame_max  131072 bytes  default
  heartbeat  30 s          default
"""


@pytest.fixture(autouse=True)
def files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("common").mkdir()
    Path("main.yaml").write_text(MAIN)
    Path("common/connections.yaml").write_text(CONNECTIONS)
    Path("env.ini").write_text("BROKER_PASSWORD=hunter3\n")


def test_every_field_is_shown_with_what_set_it(run: Run) -> None:
    arguments = ("--explain", "def_amqp/Broker", "--input", "main.yaml", "--env-file", "env.ini")
    assert run("enmasse", *arguments) == (0, BROKER, "")


def test_a_terminal_gets_the_same_with_the_objects_name_in_bold(here: Path) -> None:
    arguments = ("enmasse", "--explain", "def_amqp/Broker", "--input", "main.yaml", "--env-file", "env.ini")
    code, printed = on_terminal(*arguments, cwd=here)
    first, rest = BROKER.split("\n", 1)
    assert (code, printed) == (0, f"\x1b[1m{first}\x1b[0m\n{rest}")


def test_several_objects_are_apart_and_no_secret_is_shown(run: Run) -> None:
    done = run("enmasse", "--explain", "*", "--input", "main.yaml", "--env-file", "env.ini")
    assert done.code == 0
    headings = [line for line in done.out.splitlines() if line and not line.startswith(" ")]
    assert headings == [
        "def_amqp/Broker  main.yaml:3:5",
        "def_amqp/Other  main.yaml:8:5",
        "security/Key  common/connections.yaml:2:5, included at main.yaml:1:11",
    ]
    assert "hunter" not in done.out


def test_what_was_misspelt_is_told_and_the_rest_is_shown(run: Run) -> None:
    done = run("enmasse", "--explain", "Brokr", "--explain", "security/Key", "--input", "common")
    assert done.code == 1
    assert done.out.startswith("security/Key  common/connections.yaml:2:5\n")
    assert done.err == "Error: there is no object `Brokr`\n"
    done = run("enmasse", "--explain", "sec/Kee", "--explain", "Ky", "--input", "common")
    assert done.err == (
        "Error: there is no object `sec/Kee` (did you mean `security/Key`?)\n"
        "Error: there is no object `Ky` (did you mean `Key`?)\n"
    )


@pytest.mark.parametrize("where", ["environment", "file"])
def test_an_empty_variable_leaves_its_default(run: Run, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv("BROKER_HOST", "" if where == "environment" else "elsewhere")
    if where == "file":
        Path("env.ini").write_text("BROKER_PASSWORD=hunter3\nBROKER_HOST=\n")
    arguments = ("--explain", "def_amqp/Broker", "--input", "main.yaml", "--env-file", "env.ini")
    assert run("enmasse", *arguments) == (0, BROKER, "")


def test_an_unset_variable_is_told_at_the_field_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROKER_PASSWORD", raising=False)
    done = run("enmasse", "--explain", "Other", "--input", "main.yaml")
    assert done.code == 0
    (line,) = (line for line in done.out.splitlines() if "password" in line)
    assert line == "  password   (not known)   main.yaml:6:17, through main.yaml:9:9, ${BROKER_PASSWORD} is not set"
    assert done.err.startswith("main.yaml:6:17: the environment variable `BROKER_PASSWORD` is not set")


def field(document: Any, name: str) -> Any:
    (thing,) = document["objects"]
    return next(field for field in thing["fields"] if field["field"] == name)


def test_json_says_it_all(run: Run) -> None:
    done = run("enmasse", "--explain", "Key", "--explain", "x", "--input", "main.yaml", "--json")
    (thing,) = done.json["objects"]
    assert (done.code, done.err) == (1, "")
    assert (thing["section"], thing["name"]) == ("security", "Key")
    assert thing["place"] == {"file": "common/connections.yaml", "line": 2, "column": 5}
    assert thing["included_at"] == [{"file": "main.yaml", "line": 1, "column": 11}]
    assert done.json["missing"] == [{"pattern": "x", "hint": ""}]
    assert len(done.json["problems"]) == 1
    assert field(done.json, "password") == {
        "field": "password",
        "value": "***",
        "known": True,
        "secret": True,
        "unit": "",
        "origin": "file",
        "place": {"file": "common/connections.yaml", "line": 3, "column": 14},
        "set_by": "",
        "written_as": "api_key",
        "through": None,
        "variables": [],
    }
    assert field(done.json, "type")["origin"] == "section"
    assert field(done.json, "header")["origin"] == "default"


def test_without_files_the_odb_tells_which_revision_set_a_field(run: Run, server: ServerDirectory) -> None:
    # Given
    path = str(server.path)
    arguments = ("--import", "--replace", "--input", "main.yaml", "--env-file", "env.ini")
    assert run("enmasse", path, *arguments).code == 0
    Path("main.yaml").write_text(MAIN.replace("vhost: orders", "vhost: sales"))
    assert run("enmasse", path, *arguments).code == 0

    # When
    done = run("enmasse", path, "--explain", "outconn/x", "--explain", "def_amqp/Broker", "--json")

    # Then
    assert done.code == 1
    told = {name: field(done.json, name) for name in ("host", "vhost", "password", "port")}
    assert told["vhost"]["set_by"].startswith("revision 2, ")
    assert told["host"]["set_by"].startswith("revision 1, ")
    assert (told["password"]["value"], told["password"]["origin"]) == ("***", "odb")
    assert told["password"]["variables"] == [{"name": "BROKER_PASSWORD", "from": ""}]
    assert told["port"]["origin"] == "default"

    # When
    done = run("enmasse", path, "--explain", "def_amqp/Broker")

    # Then
    assert done.out.startswith("def_amqp/Broker  in the ODB\n")
    assert "  password   ***           revision 1, " in done.out
    assert done.out.count(", ${BROKER_PASSWORD}\n") == 1
