"""Outgoing REST connections: where a system is and how it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from zato.kinds.base import Opening, about
from zato.kinds.http.outgoing import DECLARATIVE, OutgoingHTTP, Row

if TYPE_CHECKING:
    from zato.kinds.base import SecurityHandle
    from zato.kinds.rest.connection import OutgoingRESTHandle


class OutgoingREST(OutgoingHTTP, frozen=True, kw_only=True):
    """A system that services call over HTTP (reference: enmasse, section 3.5)."""

    section = "outgoing_rest"
    also_section = ("outconn_plain_http", "outconn_rest", "outgoing_plain_http")
    implied = {"connection": "outgoing", "transport": "plain_http"}
    dropped = {**OutgoingHTTP.dropped, "soap_action": "", "soap_version": ""}

    data_format: Annotated[
        Literal["json", "form", "xml", ""],
        about(
            "How data is sent and read; an empty value leaves it as it is.",
            spelled={None: "", "none": ""},
            was="none, which exports wrote as json",
        ),
    ] = "json"
    request_method: Annotated[str, about("Method of the declared call.", pending=DECLARATIVE)] = ""
    request_data: Annotated[Any, about("Body of the declared call.", pending=DECLARATIVE)] = None
    request_data_mode: Annotated[Literal["text", "jsonata"], about("What `request_data` is.", pending=DECLARATIVE)] = (
        "text"
    )
    request_query_string: Annotated[tuple[Row, ...], about("Rows of key, value, mode.", pending=DECLARATIVE)] = ()
    request_path_params: Annotated[tuple[Row, ...], about("Rows of key, value, mode.", pending=DECLARATIVE)] = ()
    request_headers: Annotated[tuple[Row, ...], about("Rows of key, value, mode.", pending=DECLARATIVE)] = ()

    def open(self, opening: Opening) -> OutgoingRESTHandle:
        """Make what services get from `self.out.rest[...]`; nothing is sent yet."""
        from zato.kinds.rest.connection import OutgoingRESTHandle

        security = opening.handle("security", self.security) if self.security else None
        return OutgoingRESTHandle(self, cast("SecurityHandle | None", security), opening.server_name)
