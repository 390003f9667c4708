"""Outgoing SOAP connections: where a system is and how its operations are called."""

from __future__ import annotations

from typing import Annotated, Any

from zato.kinds.base import about
from zato.kinds.http.outgoing import OutgoingHTTP, Row
from zato.kinds.soap.version import SOAPVersion


class OutgoingSOAP(OutgoingHTTP, frozen=True, kw_only=True):
    """A system that services call over SOAP (reference: enmasse, section 3.6)."""

    section = "outgoing_soap"
    also_section = ("outconn_soap",)
    implied = {"connection": "outgoing", "transport": "soap"}
    dropped = {**OutgoingHTTP.dropped, "data_format": ""}
    pending = "they are kept, and using one fails"

    soap_action: Annotated[str, about("SOAPAction of requests.")] = ""
    soap_version: SOAPVersion = "1.1"
    use_ws_addressing: Annotated[bool, about("Whether envelopes have a WS-Addressing header.")] = False
    wsa_action: Annotated[str, about("WS-Addressing action; none is `soap_action`.")] = ""
    wsa_to: Annotated[str, about("WS-Addressing receiver; none is the address of the system.")] = ""
    wsa_reply_to: Annotated[str, about("WS-Addressing address of answers; none is the caller itself.")] = ""
    use_mtom: Annotated[bool, about("Whether binary data is sent beside the envelope (MTOM).")] = False
    tls_client_cert: Annotated[str, about("Path of the certificate chain to show, as PEM.")] = ""
    tls_client_key: Annotated[str, about("Path of its private key, as PEM.")] = ""
    body_credentials: Annotated[
        tuple[Row, ...], about("Parameters of the operation that carry the credentials: rows of name, position.")
    ] = ()

    request_operation: Annotated[str, about("Operation of the declared call.")] = ""
    request_message: Annotated[tuple[Row, ...], about("Message of the declared call: rows of key, value, mode.")] = ()
    request_message_map: Annotated[Any, about("Expression that makes the message of the declared call.")] = None
    request_soap_headers: Annotated[
        tuple[Row, ...], about("SOAP headers of the declared call: rows of key, value, mode.")
    ] = ()
