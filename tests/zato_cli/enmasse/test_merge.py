"""What is written over a file that was read must not lose what only that file has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.zato_cli.running import Run
from zato.server.directory import ServerDirectory

KEY = "security: [{name: Key, type: apikey, password: hunter2}]\n"
BROKER = "def_amqp: [{name: B, host: h, password: hunter3}]\n"
REFUSED = (
    "Error: {} is one of the files that are read, and writing it would lose {} in them in clear, {}; write to another"
    " --output, or put variables in place of them first\n"
)

actions = pytest.mark.parametrize("action", [["--merge"], ["--export-local"], ["--export-local", "--export-odb"]])


@actions
def test_the_only_copy_of_a_secret_is_not_written_over(run: Run, server: ServerDirectory, action: list[str]) -> None:
    Path("c.yaml").write_text(KEY)
    done = run("enmasse", str(server.path), *action, "--input", "c.yaml", "--output", "c.yaml")
    assert done.code == 1
    assert done.err == REFUSED.format("c.yaml", "1 secret that is", "security/Key/password")
    assert "hunter" not in done.out + done.err
    assert Path("c.yaml").read_text() == KEY


@pytest.mark.parametrize("output", ["main.yaml", "./sub/../sub/b.yaml", "link.yaml", "hard.yaml"])
def test_a_file_that_is_included_or_linked_is_one_of_them(run: Run, output: str) -> None:
    Path("sub").mkdir()
    Path("sub/b.yaml").write_text(KEY)
    Path("main.yaml").write_text("include: [sub/b.yaml]\n" + BROKER)
    Path("link.yaml").symlink_to("main.yaml")
    os.link("sub/b.yaml", "hard.yaml")
    done = run("enmasse", "--merge", "--input", "main.yaml", "--output", output)
    lost = "def_amqp/B/password, security/Key/password"
    assert done.code == 1
    assert done.err.startswith(f"Error: {output} is one of the files")
    assert all(path in done.err for path in lost.split(", "))
    assert Path("sub/b.yaml").read_text() == KEY


def test_a_file_whose_secrets_are_variables_may_be_written_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P", "hunter2")
    Path("c.yaml").write_text(KEY.replace("hunter2", "'${P}'"))
    done = run("enmasse", "--merge", "--input", "c.yaml", "--output", "c.yaml")
    assert (done.code, done.err) == (0, "1 variable has to be set for it to be read: P (listed in .env.example)\n")
    assert Path("c.yaml").read_text() == "security:\n- name: Key\n  type: apikey\n  password: ${P}\n"


@pytest.mark.parametrize("written", ["prefix-${P}", "${P:-hunter2}"])
def test_a_secret_of_which_a_variable_is_only_a_part_would_be_lost(
    run: Run, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("P", "hunter2")
    Path("c.yaml").write_text(KEY.replace("hunter2", f"'{written}'"))
    assert run("enmasse", "--merge", "--input", "c.yaml", "--output", "c.yaml").code == 1


def test_another_file_is_written_and_the_variables_are_told(run: Run) -> None:
    keys = "".join(f"  - {{name: K{number}, type: apikey, password: hunter{number}}}\n" for number in range(5))
    Path("c.yaml").write_text("security:\n" + keys)
    done = run("enmasse", "--merge", "--input", "c.yaml", "--output", "o.yaml")
    assert (done.code, done.err) == (
        0,
        (
            "5 variables have to be set for it to be read: SECURITY_K0_PASSWORD, SECURITY_K1_PASSWORD,"
            " SECURITY_K2_PASSWORD and 2 more (listed in .env.example)\n"
        ),
    )
