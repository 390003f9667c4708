"""The server process: what starts in which order, and stops in which."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

import zato
from zato.config.validate import tell_open_channels, undeployed_service
from zato.errors import ServerDirectoryError, ZatoError
from zato.kinds.scheduler.scheduler import Scheduler
from zato.kinds.words import counted
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets
from zato.server import user_config
from zato.server.control import Command, ControlSocket
from zato.server.deploy import SUFFIXES, Services
from zato.server.directory import ServerDirectory
from zato.server.follow import Follower
from zato.server.http.app import App
from zato.server.http.listener import Listener, bind
from zato.server.logs import Logs
from zato.server.pidfile import Pidfile
from zato.server.pinging import ping
from zato.server.runtime import Runtime
from zato.server.user_config import UserConfig
from zato.server.watch import Watch, Watcher
from zato.server.world import Worlds

SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread lets others run; Python's 5 ms triples the wait of the I/O thread (reliability, 3.1)."""

logger = logging.getLogger("zato")


class Options(msgspec.Struct, frozen=True):
    """What `zato start` says besides the directory."""

    bind: str | None = None
    deploy: tuple[str, ...] = ()
    foreground: bool = False


class Server:
    """One server: its runtime, its listener and what keeps both up to date."""

    def __init__(self, directory: ServerDirectory, options: Options) -> None:
        """Get ready to serve. Raises ZatoError, and then nothing is left behind."""
        self._directory = directory
        self._settings = directory.settings()
        self._stopping = threading.Event()
        self._started_at = time.time()
        with ExitStack() as ending:
            with self._interruptible():
                self._prepare(options, ending)
            self._ending = ending.pop_all()
            """What undoes the start, last things first: what takes work in ends before what others depend on."""

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Have Ctrl-C end the start, also where users' code is being imported, which may raise what it likes."""
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
        if self._stopping.is_set():
            raise KeyboardInterrupt

    def _interrupt(self, number: int, _: Any) -> None:
        if self._stopping.is_set():
            os._exit(128 + number)  # asked twice: at once
        self._stopping.set()
        raise KeyboardInterrupt

    def _prepare(self, options: Options, ending: ExitStack) -> None:
        pidfile = Pidfile(self._directory.pidfile)
        ending.callback(pidfile.release)
        with closing(self._open_odb()) as odb:
            revision = odb.current
            snapshot = odb.load(revision)
        address = self._settings.main.bind if options.bind is None else options.bind
        self._socket = listen(address, self._settings.http.backlog)
        ending.callback(self._socket.close)
        self.address = "http://{}:{}".format(*_host_and_port(self._socket))
        logs = Logs(self._directory.logs, self._settings.logging, foreground=options.foreground)
        ending.callback(logs.close)
        ending.callback(self._say_goodbye)
        deployed = [Path(folder) for folder in options.deploy]
        services = [self._directory.pickup, *deployed]
        user_conf = [*self._directory.user_config, *(folder / "user-conf" for folder in deployed)]
        self._watcher = Watcher(  # it looks before they do, so that it sees what changes in between
            [
                Watch(services, SUFFIXES, self._rescan),
                Watch(user_conf, user_config.SUFFIXES, self._rescan),
            ]
        )
        self._services = Services(services)
        self._user_config = UserConfig(user_conf)
        self._runtime = Runtime(
            self._directory.name, self._directory.path, self._services, self._user_config.values, self._settings
        )
        self._scheduler = Scheduler(lambda: self._open_odb().jobs)
        worlds = Worlds(self._runtime, self._scheduler)
        ending.callback(worlds.stop)
        ending.callback(self._scheduler.stop, self._settings.main.drain)
        worlds.switch(worlds.prepare(revision, snapshot, lenient=True))
        self._follower = Follower(self._open_odb, self._runtime, worlds)
        self._listener = Listener(App(self._runtime), self._socket, self._settings.http)
        self._warn()

    def _open_odb(self) -> ODB:
        return ODB(self._directory.odb(self._settings.main), Secrets(self._directory.key_file))

    def _say_goodbye(self) -> None:
        logger.info("%s stopped", self._directory.name)

    def _rescan(self) -> None:
        self._services.rescan()
        self._user_config.rescan()

    def _warn(self) -> None:
        try:
            self._directory.check_key_file()
        except ServerDirectoryError as e:
            logger.warning("%s", e)
        open_channels = tell_open_channels(self._runtime.world.snapshot)
        if open_channels:
            logger.warning("%s", open_channels)
        missing = {undeployed_service(thing, self._services.current) for thing in self._runtime.world.snapshot} - {None}
        if missing:
            logger.warning("Not deployed, though channels or jobs name them: %s", counted(sorted(map(str, missing))))

    def run(self, ready: Callable[[str], None]) -> int:
        """Serve until a signal says to stop, and finish what has begun. Returns the exit code."""
        sys.setswitchinterval(SWITCH_INTERVAL)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with self._ending as ending:
            commands: dict[str, Command] = {"wake": self._follower.wake, "info": self._info, "ping": self._ping}
            control = ControlSocket(self._directory.path, commands)
            ending.callback(control.close)
            self._follower.start()
            ending.callback(self._follower.stop)
            self._scheduler.start()
            self._watcher.start()
            ending.callback(self._watcher.stop)
            logger.info("%s serves revision %d on %s", self._runtime.name, self._runtime.world.revision, self.address)
            ready(self.address)
            self._listener.run(self._stopping, self._settings.main.drain)
            abandoned = self._listener.abandoned
            if abandoned:
                logger.error("%d requests were not answered before the drain ended", abandoned)
        return 1 if abandoned else 0

    def _stop(self, number: int, _: Any) -> None:
        if self._stopping.is_set():
            os._exit(128 + number)  # asked twice: at once
        self._stopping.set()
        self._listener.wake()

    # What the control socket offers

    def _info(self) -> dict[str, Any]:
        world = self._runtime.world
        return {
            "server": self._runtime.name,
            "directory": str(self._directory.path),
            "running": True,
            "version": zato.__version__,
            "address": self.address,
            "pid": os.getpid(),
            "uptime_seconds": round(time.time() - self._started_at, 1),
            "revision": world.revision,
            "objects": len(world.snapshot),
            "services": sorted(self._services.current),
            "service_problems": [str(problem) for problem in self._services.problems],
            "user_config_problems": [str(problem) for problem in self._user_config.problems],
            "connections": self._listener.connections,
            "in_flight": self._listener.in_flight,
            "queued": self._listener.queued,
            "shed": self._listener.shed,
            "timed_out": self._listener.timed_out,
        }

    def _ping(self, names: list[str], sections: list[str]) -> list[Any]:
        return [msgspec.to_builtins(pinged) for pinged in ping(self._runtime.world, names, sections)]


def listen(address: str, backlog: int) -> socket.socket:
    """Open the socket for `host:port`. Raises ZatoError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65_535:
        raise ZatoError(f"`{address}` is no address to listen at; write it as host:port")
    try:
        return bind(host.strip("[]"), int(port), backlog)
    except OSError as e:
        raise ZatoError(f"the server cannot listen on {address}: {e.strerror}; choose another with --bind") from None


def _host_and_port(listening: socket.socket) -> tuple[str, int]:
    host, port = listening.getsockname()[:2]
    return (f"[{host}]" if ":" in host else host), port


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process that `zato start` starts in the background; how it went is written to --ready-fd."""
    parser = argparse.ArgumentParser(prog="zato.server.run")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--bind")
    parser.add_argument("--deploy", action="append", default=[])
    parser.add_argument("--ready-fd", type=int, required=True)
    given = parser.parse_args(arguments)
    with os.fdopen(given.ready_fd, "w", encoding="utf-8") as ready:

        def tell(told: dict[str, str]) -> None:
            ready.write(msgspec.json.encode(told).decode() + "\n")
            ready.close()

        try:
            server = Server(ServerDirectory(given.directory), Options(bind=given.bind, deploy=tuple(given.deploy)))
        except ZatoError as e:
            tell({"error": str(e)})
            return 1
        return server.run(lambda address: tell({"address": address}))


if __name__ == "__main__":
    sys.exit(main())
