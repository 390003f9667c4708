from __future__ import annotations

from pathlib import Path

import pytest

from tests.zato_cli.running import Run
from tests.zato_cli.terminal import on_terminal
from zato.server.directory import ServerDirectory

FILES = """\
security:
  - {name: API, type: basic_auth, username: u, password: "${API_PASSWORD}"}
  - {name: Key, type: apikey, password: p}
groups:
  - {name: Clients, members: [API, Key]}
channel_rest:
  - {name: User, service: user.get, url_path: "/user/{id}", security: API, groups: [Clients], method: GET}
  - {name: Any, service: any, url_path: "/{kind}/{id}", security: API}
  - {name: Old, service: old, url_path: /user/old, is_active: false, security: API}
  - {name: List, service: list, url_path: /users, http_accept: text/csv, security: API}
"""


@pytest.fixture(autouse=True)
def files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_PASSWORD", "s3cret")
    Path("c.yaml").write_text(FILES)


ANSWERED = """\
GET /user/12?x=y is answered by channel_rest `User` (c.yaml:7:5)
  service    user.get
  security   basic_auth `API` (c.yaml:2:5)
  security   groups `Clients` (c.yaml:5:5), any of API, Key
  parameter  id = 12
  because    of the channels that match it comes first
Others:
  channel_rest `Any` (c.yaml:8:5), /{kind}/{id}: it matches too, but its path has less before the first parameter: `/`
"""


def test_who_answers_is_told_and_why(run: Run) -> None:
    assert run("enmasse", "--match", "get", "/user/12?x=y", "--input", "c.yaml") == (
        0,
        ANSWERED,
        "",
    )


def test_a_terminal_gets_the_same(here: Path) -> None:
    assert on_terminal("enmasse", "--match", "GET", "/user/12?x=y", "--input", "c.yaml", cwd=here) == (0, ANSWERED)


@pytest.mark.parametrize(
    ("request_", "printed"),
    [
        (
            ("GET", "/users"),
            (
                "GET /users is answered by channel_rest `List` (c.yaml:10:5)\n"
                "  service    list\n"
                "  security   basic_auth `API` (c.yaml:2:5)\n"
                "  because    no other channel matches\n"
            ),
        ),
        (
            ("GET", "/users", "--header", "accept: text/html"),
            (
                "GET /users is answered by no channel: the channels that have this path do not answer\n"
                "Near it:\n"
                "  channel_rest `List` (c.yaml:10:5), /users: it answers only where Accept is `text/csv`\n"
            ),
        ),
        (
            ("GET", "/users/"),
            (
                "GET /users/ is answered by no channel: no channel has exactly this path\n"
                "Near it:\n"
                "  channel_rest `List` (c.yaml:10:5), /users: its path has no slash at the end\n"
            ),
        ),
        (
            ("GET", "/"),
            "GET / is answered by no channel: no channel has this path\n",
        ),
    ],
)
def test_what_is_near_is_told(run: Run, request_: tuple[str, ...], printed: str) -> None:
    done = run("enmasse", "--match", *request_, "--input", "c.yaml")
    assert (done.code, done.out) == (int("no channel" in printed.partition("\n")[0]), printed)


def test_an_inactive_channel_is_among_the_others(run: Run) -> None:
    done = run("enmasse", "--match", "GET", "/user/old", "--input", "c.yaml")
    assert done.out.endswith("\n  channel_rest `Old` (c.yaml:9:5), /user/old: it is inactive\n")


def test_no_more_than_ten_others_are_shown(run: Run) -> None:
    channels = "".join(f"  - {{name: '{n}', service: s, url_path: '/{{x}}', method: GET}}\n" for n in range(13))
    Path("c.yaml").write_text(f"channel_rest:\n{channels}")
    done = run("enmasse", "--match", "POST", "/x", "--input", "c.yaml")
    assert done.out.count("it answers GET only\n") == 10
    assert done.out.endswith("\n  and 3 more\n")


def test_a_header_that_does_not_decide_is_told(run: Run) -> None:
    done = run("enmasse", "--match", "GET", "/users", "--header", "X-Y: z", "--input", "c.yaml")
    assert (done.code, done.err) == (0, "`X-Y` does not decide which channel answers; only `Accept` does\n")
    done = run("enmasse", "--match", "GET", "/users", "--header", "X", "--input", "c.yaml")
    assert done.code == 1
    assert done.err.endswith("\nError: --header is `Name: value`, and `X` is not\n")


def test_problems_elsewhere_do_not_keep_it_from_answering(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_PASSWORD")
    done = run("enmasse", "--match", "GET", "/user/12", "--input", "c.yaml")
    assert done.code == 0
    assert done.err.startswith("c.yaml:2:58: the environment variable `API_PASSWORD` is not set")


def test_json_says_it_all(run: Run) -> None:
    done = run("enmasse", "--match", "GET", "/user/12", "--input", "c.yaml", "--json")
    assert done.code == 0
    assert done.json == {
        "format_version": 1,
        "method": "GET",
        "path": "/user/12",
        "accept": "",
        "answered": True,
        "reason": "of the channels that match it comes first",
        "channel": {"section": "channel_rest", "name": "User", "file": "c.yaml", "line": 7, "column": 5},
        "service": "user.get",
        "security": [
            {
                "section": "security", "name": "API", "file": "c.yaml", "line": 2, "column": 5,
                "members": [], "refuses": "",
            },
            {
                "section": "groups", "name": "Clients", "file": "c.yaml", "line": 5, "column": 5,
                "members": ["API", "Key"], "refuses": "",
            },
        ],
        "parameters": {"id": "12"},
        "others": [
            {
                "section": "channel_rest", "name": "Any", "file": "c.yaml", "line": 8, "column": 5,
                "url_path": "/{kind}/{id}",
                "reason": "it matches too, but its path has less before the first parameter: `/`",
            }
        ],
        "problems": [],
    }  # fmt: skip


def test_without_files_the_odb_is_asked(run: Run, server: ServerDirectory) -> None:
    # Given
    assert run("enmasse", str(server.path), "--import", "--input", "c.yaml").code == 0

    # When
    done = run("enmasse", str(server.path), "--match", "GET", "/user/12")

    # Then
    assert done.code == 0
    assert done.out.startswith("GET /user/12 is answered by channel_rest `User`\n  service    user.get\n")
    assert run("enmasse", str(server.path), "--match", "GET", "/xyz", "--json").json["answered"] is False
