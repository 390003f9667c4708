"""Problems as tools read them: JSON ranges and annotations of GitHub, on every command that reads files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zato_cli.running import Run
from tests.zato_cli.terminal import on_terminal
from zato.server.directory import ServerDirectory

FAULTY = """\
security:
  - {name: "Key", type: apikey, pasword: hunter2}
channel_rest:
  - name: A
    service: a.b
    url_path: "/{x}{y}"   # two parameters
"""

actions = pytest.mark.parametrize("action", ["--validate", "--plan", "--import"])


@pytest.fixture(autouse=True)
def files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    Path("c.yaml").write_text(FAULTY)


@actions
def test_json_has_the_range_of_each_key_or_value_and_its_line(run: Run, server: ServerDirectory, action: str) -> None:
    done = run("enmasse", str(server.path), action, "--json", "--input", "c.yaml")
    assert (done.code, done.err) == (1, "")
    ranges = {problem["path"]: (problem["range"], problem["snippet"]) for problem in done.json["problems"]}
    assert ranges["security/Key/pasword"] == (
        {"start": {"line": 2, "column": 33}, "end": {"line": 2, "column": 40}},
        {"code": '  - {name: "Key", type: apikey, pasword: *******}', "start": 32, "end": 39},
    )
    assert ranges["channel_rest/A/url_path"] == (
        {"start": {"line": 6, "column": 15}, "end": {"line": 6, "column": 24}},
        {"code": '    url_path: "/{x}{y}"   # two parameters', "start": 14, "end": 23},
    )


SECRETS = """\
outgoing_rest:
  - {name: A, host: "https://user:hunter2@crm", url_path: /, pasword: [hunter3, "hunter4"]}
security:
  - name: K
    type: apikey
    password:
      - hunter5
"""


def test_credentials_are_in_no_problem_whoever_reads_it(run: Run, here: Path) -> None:
    Path("c.yaml").write_text(SECRETS)
    json = run("enmasse", "--validate", "--json", "--input", "c.yaml")
    github = run("enmasse", "--validate", "--format-errors", "github", "--input", "c.yaml")
    code, printed = on_terminal("enmasse", "--validate", "--input", "c.yaml", cwd=here, env={"NO_COLOR": "1"})
    assert (json.code, github.code, code) == (1, 1, 1)
    assert not any("hunter" in text for text in (json.out, json.err, github.out, github.err, printed))
    assert 'A, host: "https://************@crm", url_path: /, pasword: [*******, *********]}' in printed
    problems = {problem["path"]: problem for problem in json.json["problems"]}
    assert problems["outgoing_rest/A/host"]["message"] == "`https://***@crm` has the wrong form"
    assert problems["security/K/password"]["snippet"]["code"] == "      - *******"


@actions
def test_github_gets_an_annotation_for_each_problem(run: Run, server: ServerDirectory, action: str) -> None:
    done = run("enmasse", str(server.path), action, "--format-errors", "github", "--input", "c.yaml")
    assert (done.code, done.out) == (1, "")
    assert (
        "::error file=c.yaml,line=6,endLine=6,col=15,endColumn=24"
        "::channel_rest/A/url_path: something must separate two parameters"
    ) in done.err.splitlines()
    assert "hunter2" not in done.err


@actions
def test_github_gets_warnings_where_there_are_no_errors(run: Run, server: ServerDirectory, action: str) -> None:
    Path("c.yaml").write_text("channel_rest: [{name: 'A, 100%', service: s, url_path: /a}]")
    done = run("enmasse", str(server.path), action, "--format-errors", "github", "--input", "c.yaml")
    assert done.code != 1
    assert done.err == (
        "::warning file=c.yaml,line=1,endLine=1,col=16,endColumn=59"
        "::1 channel has no security: A, 100%25 (anyone can call them; name one in `security`)\n"
    )


def test_a_file_as_a_whole_has_neither_range_nor_line(run: Run) -> None:
    Path("c,1:%.yaml").write_text("")
    (problem,) = run("enmasse", "--validate", "--json", "--input", "c,1:%.yaml").json["problems"]
    assert (problem["range"], problem["snippet"]) == (None, None)
    done = run("enmasse", "--validate", "--format-errors", "github", "--input", "c,1:%.yaml")
    assert done.err.startswith("::warning file=c%2C1%3A%25.yaml::the file is empty\n")


def test_what_goes_over_several_lines_is_annotated_without_columns(run: Run) -> None:
    Path("c.yaml").write_text(
        "channel_rest:\n  - name: A\n    service: s\n    security: none\n    url_path: |\n      a\n      b\n"
    )
    done = run("enmasse", "--validate", "--format-errors", "github", "--input", "c.yaml")
    assert done.err.startswith("::error file=c.yaml,line=5,endLine=7::channel_rest/A/url_path: a URL path starts")


def test_paths_are_those_of_the_repository(run: Run, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here.parent))
    done = run("enmasse", "--validate", "--format-errors", "github", "--input", "c.yaml")
    assert {line.partition(",")[0] for line in done.err.splitlines()[:-1]} == {
        f"::warning file={here.name}/c.yaml",
        f"::error file={here.name}/c.yaml",
    }


def test_annotations_and_json_go_together(run: Run) -> None:
    done = run("enmasse", "--validate", "--json", "--format-errors", "github", "--input", "c.yaml")
    assert done.json["valid"] is False
    assert "\n::error file=c.yaml," in done.err


def test_sections_that_only_zato_has_may_be_ignored(run: Run) -> None:
    Path("c.yaml").write_text("sql:\n  - name: A\nsecurity: [{name: K, type: apikey, password: p}]\n")
    assert run("enmasse", "--validate", "--input", "c.yaml") == (
        1,
        "",
        (
            "c.yaml:1:1: the section `sql` is not supported"
            " (this runtime does not have such objects; leave them out with --ignore-unsupported)\n1 error\n"
        ),
    )
    assert run("enmasse", "--validate", "--ignore-unsupported", "--input", "c.yaml") == (
        0,
        "1 object is valid\n",
        (
            "c.yaml:1:1: warning: the section `sql` is not supported"
            " (its objects are left out, as --ignore-unsupported says)\n"
        ),
    )
    Path("c.yaml").write_text("sqll:\n  - name: A\n")
    assert run("enmasse", "--validate", "--ignore-unsupported", "--input", "c.yaml").code == 1
