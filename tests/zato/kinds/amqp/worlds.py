"""The world that AMQP objects are opened in, and the log lines that they write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.publisher import Publisher
from zato.kinds.base import Handle, Kind

Service = Callable[[Any, Any], Any]


class OneDefinition:
    """A world with one definition, its publisher and one service, which gets the payload and `self.request.amqp`."""

    server_name = "server1"
    scheduler = None

    def __init__(self, definition: DefAMQP, service: Service | None = None) -> None:
        self.definition = definition
        self.publisher = Publisher(definition, self.server_name)
        self._service = service

    def object(self, section: str, name: str) -> Kind:
        assert (section, name) == ("def_amqp", self.definition.name)
        return self.definition

    def handle(self, section: str, name: str) -> Handle:
        assert (section, name) == ("def_amqp", self.definition.name)
        return self.publisher

    def invoke(self, service: str, payload: Any, *, channel: Kind, channel_type: str, extra: Mapping[str, Any]) -> Any:
        assert (service, channel_type) == ("my.service", "amqp")
        assert self._service is not None
        return self._service(payload, extra["amqp"])


def lines(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    """The log lines so far that contain a text."""
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]
