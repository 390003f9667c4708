"""A client certificate with its key, for outgoing connections (Zato 3.2)."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition


class TLSKeyCert(Definition, frozen=True, kw_only=True, tag_field="type", tag="tls_key_cert"):
    """What an outgoing connection shows in the TLS handshake."""

    also_section = ("def_sec", "tls_key_cert")
    pending = NOT_USED_YET

    auth_data: (
        Annotated[
            str,
            about(
                "Private key and certificate chain, one after the other, as PEM.", secret=True, also={"value": "3.2"}
            ),
        ]
        | None
    ) = None

    def missing_secret(self) -> str | None:
        """Without the key there is nothing to show."""
        return None if self.auth_data else "auth_data"
