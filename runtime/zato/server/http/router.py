"""REST channels as they are served: with their security, and what services are told about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from zato.common.api import CHANNEL, DATA_FORMAT
from zato.kinds.base import Kind, SecurityHandle
from zato.kinds.rest import router
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.groups import GroupHandle
from zato.server.channel import ChannelInfo, channel_info


class DenyAll:
    """Guards a channel whose security definition cannot be used: nobody gets in."""

    challenge = ""

    def authenticate(self, environ: Mapping[str, Any]) -> bool:
        """Refuse."""
        return False


class Route(router.Route):
    """A REST channel and what is worth knowing about it before the first request."""

    __slots__ = ("answers_json", "content_type", "groups", "info", "security", "service")

    def __init__(
        self,
        channel: ChannelREST,
        security: Callable[[str], SecurityHandle | None],
        group: Callable[[str], GroupHandle | None],
    ) -> None:
        super().__init__(channel)
        self.service = channel.service
        self.security: SecurityHandle | DenyAll | None = None
        definition = None
        if channel.security is not None:
            handle = security(channel.security)
            self.security = handle or DenyAll()
            definition = handle.definition if handle else None
        self.groups: list[GroupHandle] | None = None
        if channel.groups:
            self.groups = [found for name in channel.groups if (found := group(name)) is not None]
        self.info = self.info_for(definition)
        self.answers_json = channel.data_format in {DATA_FORMAT.JSON, DATA_FORMAT.DICT}
        self.content_type = channel.content_type or ("application/json" if self.answers_json else "text/plain")

    def info_for(self, definition: Kind | None) -> ChannelInfo:
        """What a service is told about the channel, and about the security definition that its caller satisfies."""
        return channel_info(self.channel, CHANNEL.HTTP_SOAP, definition)


class Router(router.Router[Route]):
    """Finds routes: compiled once for each world, then only read."""

    def __init__(
        self,
        channels: Iterable[ChannelREST],
        security: Callable[[str], SecurityHandle | None],
        group: Callable[[str], GroupHandle | None] = lambda _: None,
    ) -> None:
        """Compile channels.

        `security` and `group` give live handles of definitions and groups, None of those that cannot be used.
        """
        super().__init__(Route(channel, security, group) for channel in channels)
