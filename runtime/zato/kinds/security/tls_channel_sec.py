"""What the client certificate of a caller must say, for channels behind a proxy that ends TLS (Zato 3.2)."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition


class TLSChannelSec(Definition, frozen=True, kw_only=True, tag_field="type", tag="tls_channel_sec"):
    """Fields of a certificate, each with the value that it must have (reference: service-api, section 2.5)."""

    also_section = ("def_sec", "tls_channel_sec")
    pending = NOT_USED_YET

    value: Annotated[
        str, about("Lines of `FIELD=value`, such as `CN=partner`.", also={"auth_data": "3.2"}, min_length=1)
    ]
