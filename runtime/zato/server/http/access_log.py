"""The access log: one line for each request (reference: service-api, section 2.3)."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

_logger = logging.getLogger("zato.http_access")
_LINE = '%s %s/%.6f "%s" [%s] "%s %s %s" %d %d "-" "%s"'


class AccessLog:
    """Writes lines; what a second has in common is made once in it."""

    def __init__(self) -> None:
        self._second = -1
        self._date = ""

    def is_on(self) -> bool:
        """Whether anybody reads it."""
        return _logger.isEnabledFor(logging.INFO)

    def write(
        self, environ: Mapping[str, Any], *, cid: str, seconds: float, channel: str, status: int, size: int
    ) -> None:
        """Write one line."""
        values = (
            environ.get("REMOTE_ADDR", "-"),
            cid,
            seconds,
            _shown(channel),
            self._now(),
            environ["REQUEST_METHOD"],
            _shown(environ["PATH_INFO"]),
            environ.get("SERVER_PROTOCOL", "-"),
            status,
            size,
            _shown(environ.get("HTTP_USER_AGENT", "-")),
        )
        # not _logger.info, which would look for its caller: the dearest part of a record, and of no use here
        _logger.handle(logging.LogRecord(_logger.name, logging.INFO, "", 0, _LINE, values, None))

    def _now(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._date = time.strftime("%d/%b/%Y:%H:%M:%S %z", time.localtime(second))
            self._second = second
        return self._date


def _shown(text: str) -> str:
    """Text from outside, so that it can neither end a line nor a quotation."""
    if text.isprintable() and '"' not in text:
        return text
    return text.encode("unicode_escape").decode().replace('"', "\\x22")
