"""Kerberos over HTTP (SPNEGO, RFC 4559), for outgoing connections (Zato 4.x)."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition


class SPNEGO(Definition, frozen=True, kw_only=True, tag_field="type", tag="spnego"):
    """Who a connection is to Kerberos, and to which service it goes."""

    also_section = ("def_sec", "spnego")
    pending = NOT_USED_YET

    principal: Annotated[str, about("Principal to get tickets for.", min_length=1)]
    keytab_path: Annotated[str, about("Path of the keytab that holds the principal's key.")] = ""
    target_spn: Annotated[str, about("Principal of the service; none makes it from the host's name.")] = ""
    needs_delegation: Annotated[bool, about("Whether the service may act for the principal.")] = False
