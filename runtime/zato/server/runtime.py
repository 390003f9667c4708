"""What a running service needs of its server: `self.server`. It has no sockets and knows no process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from zato.common.api import CHANNEL
from zato.common.cid import new_cid
from zato.common.ext.bunch import Bunch
from zato.config.problems import did_you_mean
from zato.kinds.base import Kind
from zato.server.channel import ChannelInfo, channel_info
from zato.server.invoke import Deployed, run
from zato.server.request import Request
from zato.server.response import Response
from zato.server.settings import Settings
from zato.server.world import EMPTY, World


class Deployment(Protocol):
    """The services that are deployed."""

    @property
    def current(self) -> Mapping[str, Deployed]:
        """Deployed services by name; a new mapping after each change."""
        ...


class Runtime:
    """The world that is current, the services and the user configuration."""

    def __init__(
        self,
        name: str,
        base_dir: Path,
        services: Deployment,
        user_config: Bunch,
        settings: Settings | None = None,
    ) -> None:
        self.name = name
        self.base_dir = base_dir
        self.services = services
        self.user_config = user_config
        self.settings = settings or Settings()
        self.world: World = EMPTY
        """The current world. A request reads it once and keeps to what it read, to its end and not beyond."""

    def invoke(self, service: str, payload: Any = "", **kwargs: Any) -> Any:
        """Run a service and return its response's payload; further keyword arguments make a payload, too.

        Raises what the service raises, and KeyError where it is not deployed.
        """
        return self.call(service, payload or kwargs)

    def call(
        self,
        service: str,
        payload: Any,
        *,
        cid: str = "",
        channel_type: str = CHANNEL.INVOKE,
        data_format: str = "dict",
        transport: str = "",
        world: World | None = None,
    ) -> Any:
        """Run a service for another one, or for an operator, and return its response's payload."""
        payload = payload or ""
        request = Request(cid or new_cid(), payload, payload, data_format=data_format, transport=transport)
        return self._run(service, request, ChannelInfo(channel_type, data_format=data_format), world or self.world)

    def run_for_channel(
        self, service: str, payload: Any, *, channel: Kind, channel_type: str, extra: Mapping[str, Any]
    ) -> Any:
        """Run a service for a message of an inbound channel, as `zato.kinds.base.Opening.invoke` says."""
        info = channel_info(channel, channel_type)
        request = Request(new_cid(), payload, payload, data_format=info.data_format, extra=extra)
        return self._run(service, request, info, self.world)

    def _run(self, service: str, request: Request, channel: ChannelInfo, world: World) -> Any:
        deployed = self.services.current.get(service)
        if deployed is None:
            near = did_you_mean(service, self.services.current)
            raise KeyError(f"no service `{service}` is deployed" + (f"; {near}" if near else ""))
        response = Response()
        run(deployed, self, world, request=request, response=response, channel=channel, wsgi_environ={})
        return response.payload
