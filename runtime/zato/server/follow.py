"""Following the ODB: each new revision is prepared when it is staged and served when it becomes the current one."""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from zato.config.snapshot import Key
from zato.errors import ODBError, ZatoError
from zato.odb.odb import ODB, Worker
from zato.server.pinging import failures, ping_each
from zato.server.runtime import Runtime
from zato.server.world import Prepared, World, Worlds

POLL_SECONDS = 1.0
"""Longest wait, since not all that happens is announced."""
START_SECONDS = 10.0
STOP_SECONDS = 10.0

logger = logging.getLogger("zato.follow")


class _Bell:
    """An event that can be waited for together with sockets."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        os.eventfd_write(self.descriptor, 1)

    def hush(self) -> None:
        with suppress(BlockingIOError):  # it did not ring
            os.eventfd_read(self.descriptor)

    def wait(self, timeout: float) -> None:
        waiting = select.poll()
        waiting.register(self.descriptor, select.POLLIN)
        waiting.poll(timeout * 1000)
        self.hush()

    def __del__(self) -> None:
        os.close(self.descriptor)  # whoever may ring it still has it


class _Pings:
    """Pings connections of a world that is prepared, in a thread of its own, since others must hear of us meanwhile."""

    def __init__(self, world: World, keys: Sequence[Key], done: Callable[[], None]) -> None:
        self.problem: str | None = None
        """Which connection did not answer, and why; "" if all did, None while that is not known."""
        self._world = world
        self._keys = keys
        self._done = done
        threading.Thread(target=self._run, name="pings", daemon=True).start()

    def _run(self) -> None:
        self.problem = failures(ping_each(self._world, self._keys))
        self._done()


class Follower:
    """Keeps the runtime's world at the ODB's current revision, and tells the ODB so; a thread of its own."""

    def __init__(self, open_odb: Callable[[], ODB], runtime: Runtime, worlds: Worlds) -> None:
        self._open_odb = open_odb
        self._runtime = runtime
        self._worlds = worlds
        self._bell = _Bell()
        self._looked = threading.Event()
        self._stopping = False
        self._prepared: Prepared | None = None
        self._pings: _Pings | None = None
        self._problem: tuple[int, str] = (0, "")
        self._logged = ""
        self._worker_id = f"{socket.gethostname()}/{runtime.base_dir}/{os.getpid()}"
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)

    def start(self) -> None:
        """Begin to follow. On return the ODB knows of us, so that each import from now on waits for us."""
        self._thread.start()
        self._looked.wait(START_SECONDS)

    def wake(self) -> None:
        """Look at the ODB now."""
        self._bell.ring()

    def stop(self) -> None:
        """Stop following and sign off."""
        self._stopping = True
        self._bell.ring()
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping:
            try:
                with closing(self._open_odb()) as odb:
                    self._follow(odb)
                    self._sign_off(odb)
            except Exception as e:  # noqa: BLE001 - whatever it is, the server goes on with what it has
                self._log_once(e)
                self._looked.set()
                self._bell.wait(POLL_SECONDS)
        self._drop_prepared()

    def _follow(self, odb: ODB) -> None:
        self._bell.hush()
        while not self._stopping:
            self._look(odb)
            if self._logged:
                logger.info("The ODB can be used again")
            self._logged = ""
            self._looked.set()
            odb.wait(self._bell.descriptor, POLL_SECONDS)
            self._bell.hush()

    def _log_once(self, e: Exception) -> None:
        """Log an error unless it is that of the look before."""
        if str(e) != self._logged:
            stack = None if isinstance(e, ZatoError) else e
            logger.error("%s; going on with revision %s", e, self._runtime.world.revision, exc_info=stack)
        self._logged = str(e)

    def _look(self, odb: ODB) -> None:
        current, staged = odb.pointers
        if current != self._runtime.world.revision:
            self._switch(odb, current)
        if staged is None:
            self._drop_prepared()
        else:
            self._prepare(odb, staged)
        self._report(odb)

    def _prepare(self, odb: ODB, revision: int) -> None:
        if self._problem[0] == revision:
            return
        if self._prepared is None or self._prepared.world.revision != revision:
            self._drop_prepared()
            try:
                self._prepared = self._worlds.prepare(revision, odb.load(revision))
            except Exception as e:
                stack = None if isinstance(e, ZatoError) else e
                logger.error("Revision %s cannot be served: %s", revision, e, exc_info=stack)
                self._problem = (revision, str(e) or type(e).__name__)
                return
            keys = odb.pings(revision)
            self._pings = _Pings(self._prepared.world, keys, self._bell.ring) if keys else None
        if self._pings is not None and self._pings.problem:
            logger.error("Revision %s is not served: %s", revision, self._pings.problem)
            self._problem = (revision, self._pings.problem)
            self._drop_prepared()

    def _drop_prepared(self) -> None:
        if self._prepared is not None:
            self._prepared.abandon()
        self._prepared = self._pings = None

    def _switch(self, odb: ODB, revision: int) -> None:
        began = time.perf_counter()
        try:
            prepared = self._prepared
            if prepared is None or prepared.world.revision != revision:
                prepared = self._worlds.prepare(revision, odb.load(revision), lenient=True)
            self._worlds.switch(prepared)
        except ODBError:
            raise
        except Exception as e:  # whoever imported the revision is told, and takes it back
            if self._problem[0] != revision:
                serving = self._runtime.world.revision
                logger.exception("Revision %s cannot be served; going on with revision %s", revision, serving)
            self._problem = (revision, str(e) or type(e).__name__)
            return
        self._prepared = self._pings = None
        logger.info("Serving revision %s, switched in %.0f ms", revision, 1000 * (time.perf_counter() - began))

    def _report(self, odb: ODB) -> None:
        serving = self._runtime.world.revision
        problem_revision, problem = self._problem
        if self._prepared is not None and (self._pings is None or self._pings.problem == ""):
            prepared = self._prepared.world.revision
        else:
            prepared = max(serving, problem_revision)
        worker = Worker(
            id=self._worker_id,
            server=self._runtime.name,
            host=socket.gethostname(),
            pid=os.getpid(),
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
