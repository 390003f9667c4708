"""Exceptions that services raise and catch, under the import path that existing services use.

Exception
├── ZatoException
│   ├── HTTPException             answers with its status (reference: service-api, section 1.16)
│   │   ├── BadRequest 400, Unauthorized 401, Forbidden 403, NotFound 404, MethodNotAllowed 405,
│   │   └── Conflict 409, TooManyRequests 429, InternalServerError 500, ServiceUnavailable 503
│   ├── Inactive                  the connection or service exists and is switched off
│   └── TimeoutException          a system did not answer in time
"""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar


class ZatoException(Exception):
    """Any error that carries a correlation ID."""

    def __init__(self, cid: str | None = None, msg: str | None = None) -> None:
        self.cid = cid
        self.msg = msg
        super().__init__(msg)

    def __str__(self) -> str:
        return f"<{type(self).__name__} cid:`{self.cid}`, msg:`{self.msg}`>"


class HTTPException(ZatoException):
    """An error that answers an HTTP call with a status of its own."""

    status: int = HTTPStatus.INTERNAL_SERVER_ERROR
    default: ClassVar[str] = ""

    def __init__(self, cid: str | None = None, msg: str | None = None, status: int | None = None) -> None:
        super().__init__(cid, msg or self.default)
        if status is not None:
            self.status = status
        self.reason = HTTPStatus(self.status).phrase

    @property
    def details(self) -> str:
        """What the caller is told."""
        return self.msg or ""


Reportable = ClientHTTPError = HTTPException


class BadRequest(HTTPException):
    """400; the caller sees `msg` only with `needs_msg=True`."""

    status = HTTPStatus.BAD_REQUEST
    default = "Bad request"

    def __init__(self, cid: str | None = None, msg: str | None = None, needs_msg: bool = False) -> None:
        super().__init__(cid, msg)
        self.needs_msg = needs_msg

    @property
    def details(self) -> str:
        """What the caller is told."""
        return self.msg if self.needs_msg and self.msg else self.default


class Unauthorized(HTTPException):
    """401, with `challenge` as the WWW-Authenticate header."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, cid: str | None = None, msg: str | None = None, challenge: str | None = None) -> None:
        super().__init__(cid, msg)
        self.challenge = challenge


class Forbidden(HTTPException):
    """403."""

    status = HTTPStatus.FORBIDDEN
    default = "You are not allowed to access this resource"


class NotFound(HTTPException):
    """404."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(HTTPException):
    """405."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class Conflict(HTTPException):
    """409."""

    status = HTTPStatus.CONFLICT


class TooManyRequests(HTTPException):
    """429."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class InternalServerError(HTTPException):
    """500, with a text of the service's choice."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    default = "Internal server error"


class ServiceUnavailable(HTTPException):
    """503."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class Inactive(ZatoException):
    """A connection or a service exists and is switched off."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(None, f"`{name}` is inactive")

    def __str__(self) -> str:
        return str(self.msg)


class TimeoutException(ZatoException):
    """A system did not answer in time."""
