"""Following the ODB: each new revision is prepared when it is staged and served when it becomes the current one."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable

from zato.errors import ODBError, SwitchError
from zato.odb.odb import ODB, Worker
from zato.server.runtime import Runtime
from zato.server.world import Prepared, Worlds

POLL_SECONDS = 1.0

logger = logging.getLogger("zato.follow")


class Follower:
    """Keeps the runtime's world at the ODB's current revision, and tells the ODB so; a thread of its own."""

    def __init__(self, open_odb: Callable[[], ODB], runtime: Runtime, worlds: Worlds) -> None:
        self._open_odb = open_odb
        self._runtime = runtime
        self._worlds = worlds
        self._woken = threading.Event()
        self._stopping = False
        self._prepared: Prepared | None = None
        self._problem: tuple[int, str] = (0, "")
        self._worker_id = f"{socket.gethostname()}/{runtime.base_dir}/{os.getpid()}"
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
        self._unreachable = False

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the ODB now."""
        self._woken.set()

    def stop(self) -> None:
        """Stop following and sign off."""
        self._stopping = True
        self._woken.set()
        self._thread.join(10)

    def _run(self) -> None:
        odb: ODB | None = None
        while not self._stopping:
            self._woken.clear()
            try:
                odb = odb or self._open_odb()
                self._look(odb)
                self._unreachable = False
            except ODBError as e:
                if not self._unreachable:
                    logger.error("%s; going on with revision %s", e, self._runtime.world.revision)
                self._unreachable = True
            except Exception:
                logger.exception("Following the ODB failed; going on with revision %s", self._runtime.world.revision)
            self._woken.wait(POLL_SECONDS)
        if odb is not None:
            self._sign_off(odb)

    def _look(self, odb: ODB) -> None:
        current, staged = odb.current, odb.staged
        if current != self._runtime.world.revision:
            self._switch(odb, current)
        if staged is not None:
            self._prepare(odb, staged)
        elif self._prepared is not None:
            self._prepared.abandon()
            self._prepared = None
        self._report(odb)

    def _prepare(self, odb: ODB, revision: int) -> None:
        if self._prepared is not None and self._prepared.world.revision == revision:
            return
        if self._problem[0] == revision:
            return
        if self._prepared is not None:
            self._prepared.abandon()
            self._prepared = None
        try:
            self._prepared = self._worlds.prepare(revision, odb.load(revision))
        except (SwitchError, ODBError) as e:
            logger.error("Revision %s cannot be served: %s", revision, e)
            self._problem = (revision, str(e))

    def _switch(self, odb: ODB, revision: int) -> None:
        began = time.perf_counter()
        prepared = self._prepared
        if prepared is None or prepared.world.revision != revision:
            prepared = self._worlds.prepare(revision, odb.load(revision), lenient=True)
        self._prepared = None
        self._worlds.switch(prepared)
        logger.info("Serving revision %s, switched in %.0f ms", revision, 1000 * (time.perf_counter() - began))

    def _report(self, odb: ODB) -> None:
        serving = self._runtime.world.revision
        problem_revision, problem = self._problem
        prepared = self._prepared.world.revision if self._prepared else max(serving, problem_revision)
        worker = Worker(
            id=self._worker_id,
            server=self._runtime.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            seen_at=time.time(),
            prepared=prepared,
            serving=serving,
            problem=problem if prepared == problem_revision else "",
        )
        odb.report(worker)

    def _sign_off(self, odb: ODB) -> None:
        try:
            odb.forget([self._worker_id])
        except ODBError as e:
            logger.warning("%s", e)
        odb.close()
