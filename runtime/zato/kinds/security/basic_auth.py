"""HTTP Basic Auth, for channels and outgoing connections (RFC 7617)."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, MutableMapping
from typing import Annotated, Any

from zato.kinds.base import Opening, about
from zato.kinds.security.definition import Definition, Password


class BasicAuth(Definition, frozen=True, kw_only=True, tag_field="type", tag="basic_auth"):
    """A user name and a password."""

    also_section = ("def_sec", "basic_auth")

    username: Annotated[
        str,
        about(
            "User name; it has no colon.",
            min_length=1,
            form="it has no colon and no control characters",
            pattern=r"^[^:\x00-\x1f\x7f]+$",
        ),
    ]
    password: Password = None
    realm: Annotated[
        str,
        about(
            "Realm that a 401 answer names.",
            was="required in 3.2",
            form="it has no quotes, backslashes and control characters",
            pattern=r'^[^"\\\x00-\x1f\x7f]*$',
        ),
    ] = "zato"

    def missing_secret(self) -> str | None:
        """Without a password there is nothing to compare with."""
        return None if self.password else "password"

    def open(self, opening: Opening) -> BasicAuthHandle:
        """Make what checks and signs requests."""
        return BasicAuthHandle(self)


class BasicAuthHandle:
    """Checks and signs requests with one user name and password."""

    source = ("basic_auth", "HTTP_AUTHORIZATION")
    """Type of credentials, and the key that WSGI has for the header that they come in."""

    def __init__(self, definition: BasicAuth) -> None:
        self.definition = definition
        self.challenge = f'Basic realm="{definition.realm}"'
        credentials = f"{definition.username}:{definition.password or ''}"
        self._enabled = bool(definition.password)
        self._expected = credentials.encode()
        # RFC 7617 leaves the encoding open: browsers and curl send UTF-8, some clients (requests among them) Latin-1
        try:
            self._expected_latin1 = credentials.encode("latin-1")
        except UnicodeEncodeError:  # no client can send it so
            self._expected_latin1 = self._expected
        self._header = "Basic " + b64encode(self._expected).decode()

    @property
    def expected(self) -> tuple[bytes, ...]:
        """The credentials that are right: in one encoding or the other, or none without a password."""
        return (self._expected, self._expected_latin1) if self._enabled else ()

    def presented(self, environ: Mapping[str, Any]) -> bytes | None:
        """The credentials that a request carries, be they right or wrong; None if it has none of this type."""
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            return b64decode(token.strip(), validate=True)
        except (binascii.Error, ValueError):
            return b""

    def authenticate(self, environ: Mapping[str, Any]) -> bool:
        """Compare in constant time; an empty password never authenticates."""
        given = self.presented(environ) or b""
        utf8, latin1 = hmac.compare_digest(given, self._expected), hmac.compare_digest(given, self._expected_latin1)
        return (utf8 or latin1) and self._enabled

    def sign(self, headers: MutableMapping[str, str]) -> None:
        """Add the Authorization header."""
        headers["Authorization"] = self._header

    def close(self) -> None:
        """Nothing is held."""
