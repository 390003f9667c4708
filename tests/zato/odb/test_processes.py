from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.waiting import wait_for
from zato.odb.processes import may_run, runs_here

HERE = socket.gethostname()


def test_a_process_of_this_host_runs_until_it_has_ended() -> None:
    # Given
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert may_run(HERE, process.pid)
        assert runs_here(HERE, process.pid)

        # When it was killed, and nobody has asked yet how it ended
        process.kill()

        # Then
        wait_for(lambda: not may_run(HERE, process.pid), "the process is gone")
        assert not runs_here(HERE, process.pid)
        os.kill(process.pid, 0)  # the system still knows it

    # When somebody has
    assert not may_run(HERE, process.pid)


def test_of_other_hosts_nobody_can_tell() -> None:
    assert may_run("elsewhere", 1)
    assert not runs_here("elsewhere", 1)


def test_without_proc_a_process_runs_while_the_system_knows_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("zato.odb.processes.PROC", tmp_path)
    assert may_run(HERE, os.getpid())
