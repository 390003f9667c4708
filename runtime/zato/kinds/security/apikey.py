"""An API key in a header, for channels and outgoing connections."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, MutableMapping
from typing import Annotated, Any

from zato.kinds.base import Opening, about
from zato.kinds.security.definition import HEADER_NAME, Definition


class APIKey(Definition, frozen=True, kw_only=True, tag_field="type", tag="apikey"):
    """A key that callers send in a header."""

    also_section = ("def_sec", "apikey")

    username: Annotated[str, about("A label; it is not sent.")] = ""
    password: (
        Annotated[
            str,
            about(
                "The key.",
                secret=True,
                form="it has only printable ASCII characters and no spaces",
                pattern=r"^[\x21-\x7e]*$",
                also={"api_key": "", "key": ""},
            ),
        ]
        | None
    ) = None
    header: Annotated[
        str,
        about(
            "Header that carries the key.",
            was="a setting of the server in 3.2",
            form="it is the name of an HTTP header",
            pattern=HEADER_NAME,
        ),
    ] = "X-API-Key"

    def missing_secret(self) -> str | None:
        """Without a key there is nothing to compare with."""
        return None if self.password else "password"

    def open(self, opening: Opening) -> APIKeyHandle:
        """Make what checks and signs requests."""
        return APIKeyHandle(self)


class APIKeyHandle:
    """Checks and signs requests with one key."""

    challenge = ""

    def __init__(self, definition: APIKey) -> None:
        self.definition = definition
        self.source = ("apikey", "HTTP_" + definition.header.upper().replace("-", "_"))
        self._environ_key = self.source[1]
        self._key = definition.password or ""
        self._expected = self._key.encode()

    @property
    def expected(self) -> tuple[bytes, ...]:
        """The key, if there is one."""
        return (self._expected,) if self._expected else ()

    def presented(self, environ: Mapping[str, Any]) -> bytes | None:
        """The key that a request carries, be it right or wrong; None if it has none."""
        given = environ.get(self._environ_key)
        return given.encode("latin-1", "replace") if given else None

    def authenticate(self, environ: Mapping[str, Any]) -> bool:
        """Compare in constant time; an empty key never authenticates."""
        return hmac.compare_digest(self.presented(environ) or b"", self._expected) and bool(self._expected)

    def sign(self, headers: MutableMapping[str, str]) -> None:
        """Add the key's header."""
        headers[self.definition.header] = self._key

    def close(self) -> None:
        """Nothing is held."""
