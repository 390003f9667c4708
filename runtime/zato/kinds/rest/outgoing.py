"""Outgoing REST connections: where a system is and how it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from zato.kinds.base import NO_SECURITY, Kind, Opening, about

if TYPE_CHECKING:
    from zato.kinds.base import SecurityHandle
    from zato.kinds.rest.connection import OutgoingRESTHandle

Row = dict[str, Any]
_DECLARATIVE = "declared calls are kept but not run yet"
_RETRIES = "calls are not repeated yet"


class OutgoingREST(Kind, frozen=True, kw_only=True):
    """A system that services call over HTTP (reference: enmasse, section 3.5)."""

    section = "outgoing_rest"
    also_section = ("outconn_plain_http", "outconn_rest", "outgoing_plain_http")
    dropped = {
        "id": "", "cluster_id": "", "connection": "", "transport": "", "is_internal": "", "soap_action": "",
        "soap_version": "", "security_id": "", "opaque1": "", "service": "", "service_id": "", "sec_type": "",
        "method": "", "serialization_type": "", "is_audit_log_active": "", "is_audit_log_sent_active": "",
        "is_audit_log_received_active": "", "max_len_messages_sent": "", "max_len_messages_received": "",
        "max_bytes_per_message_sent": "", "max_bytes_per_message_received": "",
        "sec_tls_ca_cert_id": "say it with `validate_tls`", "cache_id": "", "cache_type": "", "cache_expiry": "",
        "is_wrapper": "", "wrapper_type": "", "has_rbac": "", "sec_use_rbac": "", "merge_url_params_req": "",
        "url_params_pri": "", "params_pri": "", "match_slash": "", "http_accept": "", "hl7_version": "",
        "json_path": "", "data_encoding": "", "should_parse_on_input": "", "should_validate": "",
        "should_return_errors": "",
    }  # fmt: skip
    refused = {
        "username": "credentials live in a security definition; name it in `security`",
        "password": "credentials live in a security definition; name it in `security`",
    }

    host: Annotated[
        str,
        about(
            "Scheme, host and port.",
            form="it begins with http:// or https:// and has no user, spaces, ? or #",
            pattern=r"^https?://[^/?#@\s\x00-\x1f\x7f]+(/[^?#\s\x00-\x1f\x7f]*)?$",
        ),
    ]
    url_path: Annotated[
        str,
        about(
            "Path of the system; `{name}` is filled in by callers.",
            form="it begins with a slash and has no spaces",
            pattern=r"^(/[^\s\x00-\x1f\x7f]*)?$",
        ),
    ]
    security: Annotated[
        str,
        about(
            "Security definition to call with.",
            ref="security", also=("security_name", "sec_def"), spelled=NO_SECURITY,
        ),
    ] | None = None  # fmt: skip
    data_format: Annotated[
        Literal["json", "form", "xml", ""],
        about("How data is sent and read; an empty value leaves it as it is.", spelled={None: "", "none": ""}),
    ] = "json"
    timeout: Annotated[float, about("Longest wait for an answer; 0 waits for ever.", unit="s", ge=0, le=86_400)] = 120.0
    pool_size: Annotated[int, about("Connections kept open.", ge=1, le=10_000)] = 20
    ping_method: Annotated[
        Literal["HEAD", "GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
        about("HTTP method of pings.", spelled={None: "HEAD", "": "HEAD"}),
    ] = "HEAD"
    ping_path: (
        Annotated[
            str,
            about(
                "Path of pings; none pings `url_path` up to its first placeholder.",
                form="it begins with a slash",
                pattern="^/",
            ),
        ]
        | None
    ) = None
    content_type: (
        Annotated[
            str,
            about(
                "Content-Type of requests; none follows `data_format`.",
                form="it has no control characters",
                pattern=r"^[^\x00-\x1f\x7f]*$",
            ),
        ]
        | None
    ) = None
    content_encoding: Annotated[
        Literal["", "gzip"],
        about("Content-Encoding of requests.", spelled={None: ""}, pending="requests are not compressed yet"),
    ] = ""
    validate_tls: Annotated[
        bool | str,
        about("Whether to verify certificates, or the path of a CA bundle to do it with.", also=("tls_verify",)),
    ] = True

    max_retries: Annotated[int, about("How often a failed call is repeated.", ge=0, le=1000, pending=_RETRIES)] = 0
    retry_sleep_time: Annotated[float, about("First pause between calls.", unit="s", ge=0, pending=_RETRIES)] = 2.0
    retry_backoff_threshold: Annotated[
        float, about("Longest time spent on one call with its repeats.", unit="s", ge=0, pending=_RETRIES)
    ] = 60.0
    retry_backoff_multiplier: Annotated[float, about("Factor between pauses.", ge=1, pending=_RETRIES)] = 2.0

    request_method: Annotated[str, about("Method of the declared call.", pending=_DECLARATIVE)] = ""
    request_data: Annotated[Any, about("Body of the declared call.", pending=_DECLARATIVE)] = None
    request_data_mode: Annotated[Literal["text", "jsonata"], about("What `request_data` is.", pending=_DECLARATIVE)] = (
        "text"
    )
    request_query_string: Annotated[tuple[Row, ...], about("Rows of key, value, mode.", pending=_DECLARATIVE)] = ()
    request_path_params: Annotated[tuple[Row, ...], about("Rows of key, value, mode.", pending=_DECLARATIVE)] = ()
    request_headers: Annotated[tuple[Row, ...], about("Rows of key, value, mode.", pending=_DECLARATIVE)] = ()
    response_map: Annotated[Any, about("Expression that shapes the answer.", pending=_DECLARATIVE)] = None
    response_map_mode: Annotated[
        Literal["jsonata", "xpath"], about("What `response_map` is.", pending=_DECLARATIVE)
    ] = "jsonata"
    callback_type: Annotated[
        Literal["", "service", "topic", "rest"],
        about("What receives the answer.", pending=_DECLARATIVE, spelled={None: ""}),
    ] = ""
    callback_name: Annotated[str, about("Name of what receives the answer.", pending=_DECLARATIVE)] = ""
    scheduler_run_every: (
        Annotated[int, about("How often to run the declared call.", ge=1, pending=_DECLARATIVE)] | None
    ) = None
    scheduler_run_unit: Annotated[str, about("Unit of `scheduler_run_every`.", pending=_DECLARATIVE)] = "minutes"
    scheduler_start_date: Annotated[str, about("When to begin.", pending=_DECLARATIVE)] | None = None
    health_check_run_every: Annotated[int, about("How often to check.", ge=1, pending=_DECLARATIVE)] | None = None
    health_check_run_unit: Annotated[str, about("Unit of `health_check_run_every`.", pending=_DECLARATIVE)] = "minutes"
    health_check_notify_on: Annotated[
        Literal["failures", "all"], about("Which checks are told.", pending=_DECLARATIVE)
    ] = "failures"
    health_check_callback_type: Annotated[
        Literal["", "service", "topic", "rest"], about("What is told.", pending=_DECLARATIVE, spelled={None: ""})
    ] = ""
    health_check_callback_name: Annotated[str, about("Name of what is told.", pending=_DECLARATIVE)] = ""

    @property
    def address(self) -> str:
        """Where the system is, placeholders included."""
        return self.base + self.url_path

    @property
    def base(self) -> str:
        """What all paths of the system are put behind: `host`, without a slash at its end."""
        return self.host.rstrip("/")

    def open(self, opening: Opening) -> OutgoingRESTHandle:
        """Make what services get from `self.out.rest[...]`; nothing is sent yet."""
        from zato.kinds.rest.connection import OutgoingRESTHandle

        security = opening.handle("security", self.security) if self.security else None
        return OutgoingRESTHandle(self, cast("SecurityHandle | None", security), opening.server_name)
