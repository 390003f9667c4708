"""What outgoing REST and SOAP connections have in common: where a system is and how it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from zato.kinds import connections
from zato.kinds.base import NO_SECURITY, Kind, about
from zato.kinds.security.definition import NO_CONTROL_CHARACTERS

Row = dict[str, Any]
DECLARATIVE = "declared calls are kept but not run yet"
_RETRIES = "calls are not repeated yet"


class OutgoingHTTP(Kind, frozen=True, kw_only=True):
    """A system that services call over HTTP (reference: enmasse, sections 3.5 and 3.6)."""

    dropped = {
        "id": "", "cluster_id": "", "is_internal": "", "security_id": "", "opaque1": "", "service": "",
        "service_id": "", "sec_type": "", "method": "", "serialization_type": "", "is_audit_log_active": "",
        "is_audit_log_sent_active": "", "is_audit_log_received_active": "", "max_len_messages_sent": "",
        "max_len_messages_received": "", "max_bytes_per_message_sent": "", "max_bytes_per_message_received": "",
        "sec_tls_ca_cert_id": "say it with `validate_tls`", "cache_id": "", "cache_type": "", "cache_expiry": "",
        "is_wrapper": "", "wrapper_type": "", "has_rbac": "", "sec_use_rbac": "", "merge_url_params_req": "",
        "url_params_pri": "", "params_pri": "", "match_slash": "", "http_accept": "", "hl7_version": "",
        "json_path": "", "data_encoding": "", "should_parse_on_input": "", "should_validate": "",
        "should_return_errors": "",
    }  # fmt: skip
    said_by = {"security_id": "security", "sec_type": "security"}
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
            ref="security", also={"security_name": "3.2 and 4.x", "sec_def": "3.2"}, spelled=NO_SECURITY,
        ),
    ] | None = None  # fmt: skip
    timeout: Annotated[
        float,
        about(
            "Longest wait for an answer; 0 waits for ever.",
            unit="s",
            ge=0,
            le=86_400,
            was="10 s in 3.2; in 4.x 60 s for REST and 10 s for SOAP",
        ),
    ] = 120.0
    pool_size: Annotated[int, about("Connections kept open.", ge=1, le=10_000)] = 20
    ping_method: Annotated[
        Literal["HEAD", "GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
        about(
            "HTTP method of pings.",
            spelled={None: "HEAD", "": "HEAD"},
            was="HEAD in 3.2; in 4.x GET for REST and HEAD for SOAP",
        ),
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
                "Content-Type of requests; none lets their format decide.",
                form="it has no control characters",
                pattern=NO_CONTROL_CHARACTERS,
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
        about(
            "Whether to verify certificates, or the path of a CA bundle to do it with.",
            also={"tls_verify": "3.2 and 4.x"},
        ),
    ] = True

    max_retries: Annotated[int, about("How often a failed call is repeated.", ge=0, le=1000, pending=_RETRIES)] = 0
    retry_sleep_time: Annotated[float, about("First pause between calls.", unit="s", ge=0, pending=_RETRIES)] = 2.0
    retry_backoff_threshold: Annotated[
        float, about("Longest time spent on one call with its repeats.", unit="s", ge=0, pending=_RETRIES)
    ] = 60.0
    retry_backoff_multiplier: Annotated[float, about("Factor between pauses.", ge=1, pending=_RETRIES)] = 2.0

    response_map: Annotated[Any, about("Expression that shapes the answer.", pending=DECLARATIVE)] = None
    response_map_mode: Annotated[Literal["jsonata", "xpath"], about("What `response_map` is.", pending=DECLARATIVE)] = (
        "jsonata"
    )
    callback_type: Annotated[
        Literal["", "service", "topic", "rest"],
        about("What receives the answer.", pending=DECLARATIVE, spelled={None: ""}),
    ] = ""
    callback_name: Annotated[str, about("Name of what receives the answer.", pending=DECLARATIVE)] = ""
    scheduler_run_every: (
        Annotated[int, about("How often to run the declared call.", ge=1, pending=DECLARATIVE)] | None
    ) = None
    scheduler_run_unit: Annotated[str, about("Unit of `scheduler_run_every`.", pending=DECLARATIVE)] = "minutes"
    scheduler_start_date: Annotated[str, about("When to begin.", pending=DECLARATIVE)] | None = None
    health_check_run_every: Annotated[int, about("How often to check.", ge=1, pending=DECLARATIVE)] | None = None
    health_check_run_unit: Annotated[str, about("Unit of `health_check_run_every`.", pending=DECLARATIVE)] = "minutes"
    health_check_notify_on: Annotated[
        Literal["failures", "all"], about("Which checks are told.", pending=DECLARATIVE)
    ] = "failures"
    health_check_callback_type: Annotated[
        Literal["", "service", "topic", "rest"], about("What is told.", pending=DECLARATIVE, spelled={None: ""})
    ] = ""
    health_check_callback_name: Annotated[str, about("Name of what is told.", pending=DECLARATIVE)] = ""

    def when_added(self) -> str:
        """Services find it."""
        return connections.WHEN_ADDED

    def when_changed(self, before: Self) -> str:
        """New calls have a pool of their own; those that have begun finish in the old one."""
        return connections.WHEN_CHANGED

    def when_removed(self) -> str:
        """Services do not find it."""
        return connections.WHEN_REMOVED

    @classmethod
    def when_renewed(cls, names: Sequence[str]) -> str:
        """As if they had changed themselves."""
        return connections.when_renewed(names)

    @property
    def address(self) -> str:
        """Where the system is, placeholders included."""
        return self.base + self.url_path

    @property
    def base(self) -> str:
        """What all paths of the system are put behind: `host`, without a slash at its end."""
        return self.host.rstrip("/")
