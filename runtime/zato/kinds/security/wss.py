"""WS-Security, for SOAP channels and outgoing SOAP connections (Zato 4.x)."""

from __future__ import annotations

from typing import Annotated, Literal

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition, Password


class WSS(Definition, frozen=True, kw_only=True, tag_field="type", tag="wss"):
    """What the WS-Security header of an envelope holds: a user's token, a signature, or a SAML assertion."""

    also_section = ("def_sec", "wss")
    pending = NOT_USED_YET

    mode: Annotated[Literal["username_token", "x509", "saml"], about("What proves who the sender is.")]
    username: Annotated[str, about("User name of a username token.")] = ""
    password: Password = None
    use_digest: Annotated[bool, about("Whether a username token holds a digest in place of the password.")] = False
    sign: Annotated[bool, about("Whether envelopes are signed.")] = False
    encrypt: Annotated[bool, about("Whether bodies are encrypted.")] = False
    issuer: Annotated[str, about("Issuer of SAML assertions.")] = ""
    subject: Annotated[str, about("Subject of SAML assertions.")] = ""
    audience: Annotated[str, about("Audience of SAML assertions.")] = ""
    signing_key: Annotated[str, about("Private key to sign with: PEM, or its path.", secret=True)] | None = None
    signing_certificate_chain: Annotated[str, about("Certificates of `signing_key`: PEM, or their path.")] = ""
    decryption_key: Annotated[str, about("Private key to decrypt with: PEM, or its path.", secret=True)] | None = None
    peer_certificate: Annotated[str, about("Certificate of the other side: PEM, or its path.")] = ""
    trust_anchors: Annotated[str, about("Certificates of trusted authorities: PEM, or their path.")] = ""

    def missing_secret(self) -> str | None:
        """A username token needs a password, a signature its key."""
        if self.mode == "username_token":
            return None if self.password else "password"
        return "signing_key" if self.sign and not self.signing_key else None
