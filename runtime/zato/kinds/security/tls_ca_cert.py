"""Certificates of authorities that outgoing connections trust (Zato 3.2)."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition


class TLSCACert(Definition, frozen=True, kw_only=True, tag_field="type", tag="tls_ca_cert"):
    """One or more certificates of authorities."""

    also_section = ("def_sec", "tls_ca_cert")
    pending = NOT_USED_YET

    value: Annotated[
        str, about("The certificates, one after the other, as PEM.", also={"auth_data": "3.2"}, min_length=1)
    ]
