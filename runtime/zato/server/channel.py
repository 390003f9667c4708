"""What a service learns about the channel that it was called through: `self.channel`."""

from __future__ import annotations

from typing import Any

import msgspec

from zato.kinds.base import Kind


class SecurityInfo(msgspec.Struct, frozen=True):
    """The security definition that the caller satisfied; all None where the channel has none."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    """One of the constants of `zato.common.api.SEC_DEF_TYPE`."""
    username: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as a dict."""
        return msgspec.structs.asdict(self)


NO_SECURITY = SecurityInfo()


class ChannelInfo(msgspec.Struct, frozen=True):
    """A channel, as services see it (reference: service-api, section 1.6)."""

    type: str
    """One of the constants of `zato.common.api.CHANNEL`."""
    id: str | None = None
    name: str | None = None
    data_format: str | None = None
    security: SecurityInfo = NO_SECURITY
    is_internal: bool = False

    @property
    def sec(self) -> SecurityInfo:
        """The same as `security`."""
        return self.security


def channel_info(channel: Kind, type_: str, definition: Kind | None = None) -> ChannelInfo:
    """Describe an object that services are called through, and the security definition that guards it."""
    return ChannelInfo(
        type=type_,
        id=_id(channel),
        name=channel.name,
        data_format=getattr(channel, "data_format", None),
        security=_security_info(definition) if definition else NO_SECURITY,
    )


def _security_info(definition: Kind) -> SecurityInfo:
    tag = definition.__struct_config__.tag
    username = getattr(definition, "username", None)
    return SecurityInfo(_id(definition), definition.name, None if tag is None else str(tag), username)


def _id(thing: Kind) -> str:
    return f"{thing.section}/{thing.name}"
