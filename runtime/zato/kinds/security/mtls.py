"""Mutual TLS, for channels and outgoing connections (Zato 4.x)."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition


class MTLS(Definition, frozen=True, kw_only=True, tag_field="type", tag="mtls"):
    """The certificate that a connection shows, and the one that callers of a channel must show."""

    also_section = ("def_sec", "mtls")
    pending = NOT_USED_YET

    cert_path: Annotated[str, about("Path of the certificate chain that connections show, as PEM.")] = ""
    key_path: Annotated[str, about("Path of its private key, as PEM.")] = ""
    ca_certs_path: Annotated[str, about("Path of the certificates of authorities that connections trust, as PEM.")] = ""
    client_cert_fingerprint: Annotated[
        str,
        about(
            "SHA-256 fingerprint of the certificate that callers must show.",
            form="it is 64 hexadecimal digits, colons between them or not",
            pattern=r"^([0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31})?$",
        ),
    ] = ""
    client_cert_subject_dn: Annotated[str, about("Subject of the certificate that callers must show.")] = ""
