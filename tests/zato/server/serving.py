"""A server in this process, for tests: service files, user configuration, objects, and a real HTTP listener."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.servers.listening import running
from zato.config.snapshot import Key, Snapshot
from zato.kinds.base import Handle, Kind
from zato.kinds.rest.channel import ChannelREST
from zato.server.deploy import Services
from zato.server.http.app import App
from zato.server.runtime import Runtime
from zato.server.settings import Settings
from zato.server.user_config import UserConfig
from zato.server.world import World, Worlds


class Server:
    """A runtime with its own directories; nothing listens until `http` is entered."""

    def __init__(self, directory: Path, settings: Settings | None = None) -> None:
        self.services_dir = directory / "services"
        self.user_conf_dir = directory / "user-conf"
        for folder in (self.services_dir, self.user_conf_dir):
            folder.mkdir(parents=True)
        self.services = Services([self.services_dir])
        self.user_config = UserConfig([self.user_conf_dir])
        self.runtime = Runtime("test-server", directory, self.services, self.user_config.values, settings)
        self._worlds = Worlds(self.runtime)
        self._revision = 0

    def deploy(self, source: str, file: str = "tested.py") -> None:
        """Write a service file and take it over."""
        path = self.services_dir / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        self.services.rescan()

    def configure(self, *objects: Kind, handles: Mapping[Key, Handle] | None = None) -> None:
        """Have a world of these objects take over; `handles` stand in for those that the objects would open."""
        self._revision += 1
        if handles is None:
            self._worlds.switch(self._worlds.prepare(self._revision, Snapshot(objects)))
        else:
            self.runtime.world = World(self._revision, Snapshot(objects), handles)

    def user_conf(self, file: str, text: str) -> None:
        """Write a file of the user configuration and take it over."""
        (self.user_conf_dir / file).write_text(textwrap.dedent(text))
        self.user_config.rescan()

    @contextmanager
    def http(self) -> Iterator[Client]:
        """Listen while the block runs."""
        with running(App(self.runtime), drain=0) as listening, requests.Session() as session:
            session.trust_env = False
            yield Client(f"http://{listening.host}:{listening.port}", session)

    def close(self) -> None:
        """Let go of everything."""
        self._worlds.stop()
        self.services.close()


class Client:
    """Calls the server."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url = url
        self._session = session

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Call; what is neither text nor bytes is sent as JSON."""
        kind = "data" if body is None or isinstance(body, str | bytes) else "json"
        return self._session.request(method, self.url + path, timeout=10, **{kind: body}, **options)


def channel(service: str, url_path: str = "/", **fields: Any) -> ChannelREST:
    """A REST channel."""
    return ChannelREST(**{"name": service, "service": service, "url_path": url_path, **fields})
