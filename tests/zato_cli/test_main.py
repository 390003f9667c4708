from __future__ import annotations

from pathlib import Path

import pytest

import zato
from tests.zato_cli.running import Run
from zato_cli.main import Commands, cli, main


def test_every_command_is_listed_with_what_it_does(run: Run) -> None:
    done = run("--help")
    assert (done.code, done.err) == (0, "")
    group = cli
    assert isinstance(group, Commands)
    for name in ("check-config", "enmasse", "info", "ping", "quickstart", "schema", "start", "stop", "wait"):
        (line,) = [line for line in done.out.splitlines() if line.startswith(f"  {name} ")]
        assert len(line.split()) > 3


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version") == (0, f"{zato.__version__}\n", "")


def test_a_misspelt_command_is_told(run: Run) -> None:
    done = run("enmase")
    assert (done.code, done.out) == (1, "")
    assert "No such command 'enmase'" in done.err


def test_without_a_command_help_is_shown(run: Run) -> None:
    done = run()
    assert done.code == 1
    assert "Usage: zato [OPTIONS] COMMAND [ARGS]..." in done.out + done.err


def test_what_the_system_refuses_is_told_without_a_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(cli, "main", refuse)
    assert run("info") == (1, "", f"Error: {tmp_path}: Permission denied\n")


def test_an_interruption_has_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupt)
    with pytest.raises(SystemExit) as ended:
        main([])
    assert (ended.value.code, capsys.readouterr().err) == (130, "Interrupted\n")
