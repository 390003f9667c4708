"""The scheduler: one thread that looks after the jobs of this process and begins their runs when they are due."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from zato.common.api import CHANNEL
from zato.common.cid import new_cid
from zato.errors import ZatoError
from zato.kinds.base import Opening
from zato.kinds.scheduler.job import Job
from zato.kinds.scheduler.ledger import CLOCK_TOLERANCE, JobLedger, JobState
from zato.kinds.scheduler.schedule import due, next_run

MAX_RUNNING = 16
"""Runs at a time in this process. Those that find no room are left to other servers, or wait for LATE_SECONDS."""
LATE_SECONDS = 60.0
"""A run that could not begin for so long is missed, as it is when no server runs; except for one-time jobs."""
LOOK_SECONDS = 1.0
"""Longest wait, since nobody tells when the clock is set."""
RENEW_SECONDS = 5.0
"""How often the ledger hears that a run goes on."""
ASK_AGAIN_SECONDS = 5.0
"""When the ledger did not know a job: its revision is another one than ours, for a moment."""
DRAIN_SECONDS = 30.0

logger = logging.getLogger("zato.scheduler")


class Clock(msgspec.Struct, frozen=True):
    """Tells the time, in seconds."""

    now: Callable[[], float] = time.time
    """Since the epoch; people may set it."""
    monotonic: Callable[[], float] = time.monotonic


class ScheduledJob:
    """The live handle of a job."""

    def __init__(self, job: Job, opening: Opening) -> None:
        self.job = job
        self._opening = opening
        self._scheduler = opening.scheduler

    def start(self) -> None:
        """Have the job run at its times."""
        if self._scheduler is not None:
            self._scheduler.add(self)

    def close(self) -> None:
        """Have it run no more. A run that has begun goes on; the scheduler waits for it when it stops."""
        if self._scheduler is not None:
            self._scheduler.remove(self)

    def invoke(self, service: str, payload: Any, cid: str) -> Any:
        """Run a service for this job. Raises what the service raises."""
        extra = {"cid": cid, "job_type": self.job.job_type}
        return self._opening.invoke(service, payload, channel=self.job, channel_type=CHANNEL.SCHEDULER, extra=extra)


class _Entry:
    """A job that is looked after."""

    __slots__ = ("handle", "job", "state", "time", "turn")

    def __init__(self, handle: ScheduledJob) -> None:
        self.handle = handle
        self.job = handle.job
        self.state: JobState | None = None
        """None until the ledger knows the job."""
        self.time = 0
        """The run that is waited for."""
        self.turn = 0
        """Number of the only turn in the queue that counts."""


class _Run:
    """A run that has begun."""

    __slots__ = ("began", "chain", "cid", "handle", "renewed", "warned")

    def __init__(self, handle: ScheduledJob, cid: str, began: float, chain: tuple[str, ...]) -> None:
        self.handle = handle
        self.cid = cid
        self.began = self.renewed = began
        self.chain = chain
        """The jobs after which this one runs, through `on_success_job` and `on_error_job`."""
        self.warned = False


def _in_thread(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


class Scheduler:
    """Begins runs when they are due, each in a thread of its own.

    Before a run begins, the ledger must have granted it to this process: among all servers one gets it, and a run
    that its server did not live to end is not run again. Everything here belongs to the scheduler's thread, but for
    the inbox.
    """

    def __init__(
        self,
        open_ledger: Callable[[], JobLedger],
        clock: Clock | None = None,
        spawn: Callable[[str, Callable[[], None]], None] = _in_thread,
    ) -> None:
        """Nothing runs before `start`. `open_ledger` is called in the scheduler's thread, once there is a job."""
        self._open_ledger = open_ledger
        self._clock = clock or Clock()
        self._spawn = spawn
        self._thread = threading.Thread(target=self._work, name="scheduler", daemon=True)
        self._inbox: deque[Callable[[], None]] = deque()
        self._woken = threading.Event()
        self._stop_at: float | None = None
        self._opened: JobLedger | None = None
        self._entries: dict[str, _Entry] = {}
        self._new: list[_Entry] = []
        self._queue: list[tuple[float, int, str]] = []
        self._turns = itertools.count(1)
        self._wanted: list[tuple[str, tuple[str, ...]]] = []
        self._running: dict[str, _Run] = {}
        self._ended: list[str] = []
        self._newest = 0.0
        self._is_full = False
        """Whether jobs have had to wait since there last was room for all."""
        self._logged = ""

    def start(self) -> None:
        """Begin to run jobs."""
        self._thread.start()

    def stop(self, timeout: float = DRAIN_SECONDS) -> None:
        """Begin no more runs, and wait for those that have begun for up to `timeout` seconds."""
        if self._thread.is_alive():
            self._post(partial(self._stop, timeout))
            self._thread.join()

    def add(self, handle: ScheduledJob) -> None:
        """Look after a job."""
        self._post(partial(self._add, handle))

    def remove(self, handle: ScheduledJob) -> None:
        """Look after a job no more."""
        self._post(partial(self._remove, handle))

    def _post(self, message: Callable[[], None]) -> None:
        self._inbox.append(message)
        self._woken.set()

    # The scheduler's thread

    def _work(self) -> None:
        while not self._is_done():
            self._woken.clear()
            try:
                wait = self._step()
                self._logged = ""
            except Exception as e:  # noqa: BLE001 - whatever it is, the jobs are tried again
                self._log_once(e)
                self._close_ledger()
                wait = LOOK_SECONDS
            self._woken.wait(wait)
        for run in self._running.values():
            logger.warning("The server stops while job `%s` still runs (CID:%s)", run.handle.job.name, run.cid)
        for name, chain in self._wanted:
            logger.warning("Job `%s` does not run after `%s`, since the server stops", name, chain[-1])
        self._close_ledger()

    def _is_done(self) -> bool:
        if self._stop_at is None:
            return False
        return not (self._running or self._ended or self._inbox) or self._clock.monotonic() >= self._stop_at

    def _log_once(self, e: Exception) -> None:
        if str(e) != self._logged:
            stack = None if isinstance(e, ZatoError) else e
            logger.error("Jobs do not run for now: %s", e, exc_info=stack)
        self._logged = str(e)

    @property
    def _ledger(self) -> JobLedger:
        if self._opened is None:
            self._opened = self._open_ledger()
        return self._opened

    def _close_ledger(self) -> None:
        if self._opened is not None:
            with suppress(ZatoError):
                self._opened.close()
            self._opened = None

    def _step(self) -> float:
        """Do what is to be done now; return the seconds until there may be more.

        Where the ledger fails, what it was not told is still there to be told in the next step.
        """
        while self._inbox:
            self._inbox.popleft()()
        now = self._clock.now()
        self._release_and_renew(now)
        if self._stop_at is None:
            self._heed_clock(now)
            self._adopt(now)
            self._begin_wanted(now)
            self._begin_due()
        self._watch()
        return self._until_next(now)

    def _release_and_renew(self, now: float) -> None:
        if self._ended:
            self._ledger.release(self._ended)
            self._ended.clear()
        moment = self._clock.monotonic()
        runs = [run for run in self._running.values() if moment - run.renewed >= RENEW_SECONDS]
        if runs:
            self._ledger.renew([run.cid for run in runs], now)
            for run in runs:
                run.renewed = moment

    def _heed_clock(self, now: float) -> None:
        """Once the clock was put back, what was to come soon would take as long as it was put back by."""
        if now < self._newest - CLOCK_TOLERANCE:
            logger.warning("The clock was put back by %.0f s; jobs go by the new time", self._newest - now)
            for entry in self._entries.values():
                self._plan(entry, now)
        self._newest = now

    def _adopt(self, now: float) -> None:
        """Learn the states of jobs that the ledger has not told us yet."""
        entries = [entry for entry in self._new if self._entries.get(entry.job.name) is entry]
        if entries:
            states = self._ledger.adopt({entry.job.name: entry.job.schedule for entry in entries}, now)
            for entry in entries:
                entry.state = states.get(entry.job.name)
                self._plan(entry, now)
        self._new.clear()

    def _plan(self, entry: _Entry, now: float) -> None:
        """Put a job's next run into the queue."""
        if entry.state is None:
            self._put(entry, now + ASK_AGAIN_SECONDS)
            return
        time = next_run(entry.job, entry.state, now)
        if time is None:
            entry.turn = 0
            return
        entry.time = time
        self._put(entry, due(entry.job, time))

    def _put(self, entry: _Entry, moment: float) -> None:
        entry.turn = next(self._turns)
        heapq.heappush(self._queue, (moment, entry.turn, entry.job.name))

    def _begin_due(self) -> None:
        while self._queue and self._queue[0][0] <= (now := self._clock.now()) and self._has_room():
            turn = heapq.heappop(self._queue)
            try:
                self._take_turn(*turn, now)
            except Exception:
                heapq.heappush(self._queue, turn)
                raise
        if len(self._running) < MAX_RUNNING:
            self._is_full = False

    def _take_turn(self, moment: float, number: int, name: str, now: float) -> None:
        entry = self._entries.get(name)
        if entry is None or entry.turn != number:
            return
        if entry.state is None:
            self._new.append(entry)
        elif now - moment > LATE_SECONDS and entry.job.job_type != "one_time":
            logger.warning("A run of job `%s` is left out, being %.0f s late", entry.job.name, now - moment)
            self._plan(entry, now)
        else:
            self._claim(entry, entry.state, now)

    def _has_room(self) -> bool:
        if len(self._running) < MAX_RUNNING:
            return True
        if not self._is_full:
            logger.warning("%d jobs are running, which is the most; others wait for one to end", MAX_RUNNING)
        self._is_full = True
        return False

    def _claim(self, entry: _Entry, state: JobState, now: float) -> None:
        """Run a job if this server is the one to do it."""
        job, cid = entry.job, new_cid()
        is_once = job.job_type == "one_time"
        claim = self._ledger.claim(job.name, job.schedule, state, entry.time, cid, now, skip=not is_once)
        entry.state, entry.turn = claim.state, 0  # whatever fails from here on, this run is not asked for again
        if claim.outcome == "won":
            self._begin(entry.handle, cid)
        elif claim.outcome == "busy" and is_once:
            self._put(entry, now + LOOK_SECONDS)
            return
        elif claim.outcome == "busy":
            logger.warning("Job `%s` skips a run, since the one before has not ended", job.name)
        self._plan(entry, now)

    def _begin_wanted(self, now: float) -> None:
        """Run jobs that others name in `on_success_job` or `on_error_job`."""
        while self._wanted and self._has_room():
            name, chain = self._wanted[0]
            entry, cid = self._entries.get(name), new_cid()
            if entry is None:
                logger.warning("Job `%s` cannot run after `%s`: it is not active", name, chain[-1])
            elif name in chain:
                logger.error(
                    "Job `%s` does not run again after %s, or they would run without end", name, " → ".join(chain)
                )
            elif self._ledger.take(name, cid, now):
                self._begin(entry.handle, cid, chain)
            else:
                logger.warning("Job `%s` does not run after `%s`: it is running, or was deleted", name, chain[-1])
            self._wanted.pop(0)

    def _begin(self, handle: ScheduledJob, cid: str, chain: tuple[str, ...] = ()) -> None:
        run = self._running[cid] = _Run(handle, cid, self._clock.monotonic(), chain)
        try:
            self._spawn(f"job {handle.job.name}", partial(self._run, run))
        except RuntimeError:  # no more threads
            logger.exception("Job `%s` could not be run (CID:%s)", handle.job.name, cid)
            self._end(run)

    def _watch(self) -> None:
        """Tell of runs that take too long."""
        moment = self._clock.monotonic()
        for run in self._running.values():
            job, took = run.handle.job, moment - run.began
            if took * 1000 > job.max_execution_time_ms and not run.warned:
                run.warned = True
                logger.warning(
                    "Job `%s` has been running for %.0f ms; its max_execution_time_ms is %d (CID:%s)",
                    job.name, 1000 * took, job.max_execution_time_ms, run.cid,
                )  # fmt: skip

    def _until_next(self, now: float) -> float:
        if self._stop_at is not None:
            return min(LOOK_SECONDS, max(0.0, self._stop_at - self._clock.monotonic()))
        if self._new:
            return 0.0
        if not self._queue or len(self._running) >= MAX_RUNNING:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.0, self._queue[0][0] - now))

    # What is posted

    def _stop(self, timeout: float) -> None:
        self._stop_at = self._clock.monotonic() + timeout

    def _add(self, handle: ScheduledJob) -> None:
        entry = self._entries[handle.job.name] = _Entry(handle)
        self._new.append(entry)

    def _remove(self, handle: ScheduledJob) -> None:
        entry = self._entries.get(handle.job.name)
        if entry is not None and entry.handle is handle:
            del self._entries[handle.job.name]

    def _want(self, name: str, chain: tuple[str, ...]) -> None:
        self._wanted.append((name, chain))

    def _end(self, run: _Run) -> None:
        del self._running[run.cid]
        self._ended.append(run.cid)

    # The threads of runs

    def _run(self, run: _Run) -> None:
        job = run.handle.job
        try:
            response = run.handle.invoke(job.service, job.extra, run.cid)
        except BaseException as e:  # sys.exit() in a service must not leave the job running for ever
            logger.exception("Job `%s` failed in %s (CID:%s)", job.name, job.service, run.cid)
            self._go_on(run, job.on_error_service, job.on_error_job, error=f"{type(e).__name__}: {e}")
        else:
            took = 1000 * (self._clock.monotonic() - run.began)
            logger.info("Job `%s` ran %s in %.0f ms (CID:%s)", job.name, job.service, took, run.cid)
            self._go_on(run, job.on_success_service, job.on_success_job, response=response)
        finally:
            self._post(partial(self._end, run))

    def _go_on(self, run: _Run, service: str | None, job: str | None, **outcome: Any) -> None:
        """Run what comes after a job; the service gets what it needs to know about the run."""
        name = run.handle.job.name
        if service is not None:
            payload = {"job_name": name, "service": run.handle.job.service, "cid": run.cid, **outcome}
            try:
                run.handle.invoke(service, payload, run.cid)
            except BaseException:
                logger.exception("What runs after job `%s` failed, service %s (CID:%s)", name, service, run.cid)
        if job is not None:
            self._post(partial(self._want, job, (*run.chain, name)))
