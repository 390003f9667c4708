"""SOAP channels: a URL path at which a service is called with a SOAP envelope."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.http.channel import ChannelHTTP, DataFormat
from zato.kinds.soap.version import SOAPVersion


class ChannelSOAP(ChannelHTTP, frozen=True, kw_only=True):
    """Where and how a service is called over SOAP (reference: enmasse, section 3.4)."""

    section = "channel_soap"
    implied = {"connection": "channel", "transport": "soap"}
    pending = "they are kept, but nothing answers at their paths"

    soap_action: Annotated[str, about("SOAPAction that requests must name; none takes any.")] = ""
    soap_version: SOAPVersion = "1.1"
    use_mtom: Annotated[bool, about("Whether binary data is sent beside the envelope (MTOM).")] = False
    data_format: DataFormat = ""

    @property
    def selector(self) -> tuple[str, str, str]:
        """What tells channels at one URL path apart: method, Accept and SOAPAction; "" takes any."""
        return self.method, self.http_accept, self.soap_action
