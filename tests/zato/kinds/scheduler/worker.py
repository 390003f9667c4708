"""A process that runs the jobs of an ODB: `python -m tests.zato.kinds.scheduler.worker DIRECTORY [URL]`.

What it does is appended to DIRECTORY/runs: `won JOB TIME CID` when the ODB grants a run, `ran JOB CID` by its service.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zato.kinds.base import Handle, Kind
from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import Claim, JobState
from zato.kinds.scheduler.scheduler import Scheduler
from zato.odb.jobs import Jobs
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets


class Worker:
    """kinds.base.Opening."""

    server_name = "server1"

    def __init__(self, directory: Path, url: str | None = None) -> None:
        self._directory = directory
        self._address = url or directory / "odb.db"
        self._runs = os.open(directory / "runs", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.scheduler = Scheduler(self._open_ledger)
        odb = self._open_odb()
        for job in odb.load():
            assert isinstance(job, Job)
            job.open(self).start()
        odb.close()

    def _open_odb(self) -> ODB:
        return ODB(self._address, Secrets(self._directory / "secret.key"))

    def _open_ledger(self) -> Jobs:
        worker = self

        class Noted(Jobs):
            def claim(
                self, name: str, schedule: str, expected: JobState, time: int, run: str, now: float, *, skip: bool
            ) -> Claim:
                claim = super().claim(name, schedule, expected, time, run, now, skip=skip)
                if claim.outcome == "won":
                    worker.note("won", name, str(time), run)
                return claim

        return Noted(self._open_odb()._database)

    def note(self, *words: str) -> None:
        os.write(self._runs, f"{' '.join(words)}\n".encode())

    def object(self, section: str, name: str) -> Kind:
        raise KeyError(name)

    def handle(self, section: str, name: str) -> Handle:
        raise KeyError(name)

    def invoke(self, service: str, payload: Any, *, channel: Kind, channel_type: str, extra: Mapping[str, Any]) -> Any:
        self.note("ran", channel.name, extra["cid"])


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    Worker(Path(sys.argv[1]), *sys.argv[2:]).scheduler.start()
    threading.Event().wait()
