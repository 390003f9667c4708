"""Credentials that a HashiCorp Vault checks, for channels (Zato 3.2)."""

from __future__ import annotations

from typing import Annotated, Literal

from zato.kinds.base import about
from zato.kinds.security.definition import NO_CONTROL_CHARACTERS, NOT_USED_YET, Definition


class VaultConnection(Definition, frozen=True, kw_only=True, tag_field="type", tag="vault_connection"):
    """Which Vault knows the callers, and how it is asked."""

    also_section = ("def_sec", "vault_connection")
    also_type = ("vault_conn_sec",)
    pending = NOT_USED_YET

    url: Annotated[
        str,
        about(
            "Address of the Vault.",
            form="it begins with http:// or https://",
            pattern=r"^https?://[^\s\x00-\x1f\x7f]+$",
        ),
    ]
    token: (
        Annotated[
            str,
            about(
                "Token to ask with.", secret=True, form="it has no control characters", pattern=NO_CONTROL_CHARACTERS
            ),
        ]
        | None
    ) = None
    default_auth_method: Annotated[
        Literal["", "token", "username-password", "github"],
        about("What callers prove who they are with; none lets the service decide.", spelled={None: ""}),
    ] = ""
    service: Annotated[
        str, about("Service that takes the place of `default_auth_method`.", also={"service_name": "3.2"})
    ] = ""
    timeout: Annotated[float, about("Longest wait for an answer.", unit="s", gt=0, le=86_400)] = 10.0
    allow_redirects: Annotated[bool, about("Whether redirects are followed.")] = True
    validate_tls: Annotated[bool, about("Whether to verify certificates.", also={"tls_verify": "3.2"})] = True

    def missing_secret(self) -> str | None:
        """Without a token the Vault does not answer."""
        return None if self.token else "token"
