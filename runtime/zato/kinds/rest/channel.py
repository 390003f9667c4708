"""REST channels: a URL path at which a service is called."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.http.channel import ChannelHTTP, DataFormat


class ChannelREST(ChannelHTTP, frozen=True, kw_only=True):
    """Where and how a service is called over HTTP (reference: enmasse, section 3.3)."""

    section = "channel_rest"
    also_section = ("channel_plain_http",)
    implied = {"connection": "channel", "transport": "plain_http"}
    dropped = {**ChannelHTTP.dropped, "soap_action": "", "soap_version": ""}

    data_format: DataFormat = "json"
    should_include_in_openapi: Annotated[bool, about("Whether exported OpenAPI documents list it.")] = True
    is_deprecated: Annotated[
        bool, about("Whether answers carry a Deprecation header.", pending="it is not sent yet")
    ] = False
    deprecation_sunset: Annotated[
        str, about("Date for the Sunset header of a deprecated channel.", pending="it is not sent yet")
    ] = ""
    deprecation_successor: Annotated[
        str, about("URL of what replaces a deprecated channel.", pending="it is not sent yet")
    ] = ""
