"""Options and actions: each pair of them either has an effect or is refused."""

from __future__ import annotations

import pytest

from tests.zato_cli.enmasse.importing import Importer, key
from zato_cli.commands.enmasse import ACTIONS, GOES_WITH, OF_ZATO, command

COMMANDS = {
    "--validate": ["--validate"],
    "--merge": ["--merge"],
    "--plan": ["--plan"],
    "--import": ["--import"],
    "--export-odb": ["--export-odb"],
    "--export-local": ["--export-local"],
    "--explain": ["--explain", "*"],
    "--match": ["--match", "GET", "/"],
    "--history": ["--history"],
    "--rollback": ["--rollback", "0"],
    "--diff": ["--diff", "0"],
}
WRITING = "--merge --export-odb --export-local"
LOADING = "--validate --merge --plan --import --export-local"
READING = f"{LOADING} --explain --match"
OPTIONS = {
    "--input c.yaml": READING,
    "--output o.yaml": WRITING,
    "--format json": WRITING,
    "--include-type security": WRITING,
    "--include-name a": WRITING,
    "--replace-odb-objects": "--import",
    "--dry-run": "--import --rollback",
    "--ping": "--import --rollback",
    "--prune": "--plan --import",
    "--max-delete 3": "--plan --import --rollback",
    "--owner me": "--plan --import",
    "--out p": "--plan",
    "--from-plan p": "--import",
    "--header Accept:text/plain": "--match",
    "--ignore-unsupported": READING,
    "--format-errors github": f"{READING} --export-odb",
    "--strict": LOADING,
    "--env-file e.ini": f"{READING} --export-odb",
    "--json": " ".join(COMMANDS),
}
REFUSED = [
    (option, action) for option, actions in OPTIONS.items() for action in COMMANDS if action not in actions.split()
]


def test_the_table_has_every_action_and_every_option() -> None:
    options = {param.opts[0] for param in command.params if param.opts[0].startswith("--")}

    assert list(COMMANDS) == list(ACTIONS)
    assert {option.split()[0] for option in OPTIONS} == set(GOES_WITH) == options - set(ACTIONS) - set(OF_ZATO)


@pytest.mark.parametrize(("option", "action"), REFUSED)
def test_an_option_without_an_effect_on_the_action_is_refused(importer: Importer, option: str, action: str) -> None:
    importer.write(security=[key()])
    files = ["--input", "c.yaml"] if action in READING.split() else []

    done = importer(*COMMANDS[action], *files, *option.split())

    assert (done.code, done.out) == (1, "")
    error = done.err.splitlines()[-1]
    name = option.split(maxsplit=1)[0]
    if (name, action) == ("--input", "--export-odb"):
        assert error == "Error: --export-odb writes what the ODB holds; add --export-local to merge files into it"
    else:
        assert error.startswith(f"Error: {name} goes with ")
        assert error.endswith(f", not with {action}")
    assert importer("--history", "--json").json["current"] == 0


@pytest.mark.parametrize(
    ("option", "action"),
    [(option, action) for option, actions in OPTIONS.items() for action in actions.split()],
)
def test_an_option_with_an_effect_on_the_action_is_taken(importer: Importer, option: str, action: str) -> None:
    importer.write(security=[key()])
    files = ["--input", "c.yaml"] if action in READING.split() and "--input" not in option else []
    needed = ["--prune"] if "--max-delete" in option and action != "--rollback" else []

    done = importer(*COMMANDS[action], *files, *needed, *option.split())

    assert " goes with " not in done.out + done.err
    assert "leave out" not in done.out + done.err


@pytest.mark.parametrize("action", ["--explain", "--match"])
@pytest.mark.parametrize("option", ["--ignore-unsupported", "--format-errors text", "--env-file e.ini"])
def test_what_is_said_of_files_needs_files(importer: Importer, option: str, action: str) -> None:
    done = importer(*COMMANDS[action], *option.split())

    assert (done.code, done.out) == (1, "")
    assert (
        done.err.splitlines()[-1] == f"Error: {option.split(maxsplit=1)[0]}: without --input, {action} reads no files"
    )


def test_an_option_that_goes_with_one_action_names_it(importer: Importer) -> None:
    assert importer("--history", "--out", "p").err.endswith("Error: --out goes with --plan, not with --history\n")
    assert importer("--history", "--strict").err.endswith(
        "Error: --strict goes with --validate, --merge, --plan, --import and --export-local, not with --history\n"
    )
