"""What REST and SOAP channels have in common: a URL path at which a service is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from zato.kinds.base import NO_SECURITY, Mistake, about
from zato.kinds.security.definition import NO_CONTROL_CHARACTERS
from zato.kinds.security.limits import Limited
from zato.kinds.words import number_of

DataFormat = Annotated[
    Literal["json", "form", "xml", "csv", "dict", "hl7", "post", ""],
    about("How bodies are read and written; an empty value leaves them as bytes.", spelled={None: "", "none": ""}),
]

NO_RBAC = "role-based access control is not supported; name a security definition in `security`"


class ChannelHTTP(Limited, frozen=True, kw_only=True):
    """Where and how a service is called over HTTP (reference: enmasse, sections 3.3 and 3.4)."""

    dropped = {
        "id": "", "cluster_id": "", "is_internal": "", "ping_method": "", "pool_size": "", "security_id": "",
        "opaque1": "", "service_id": "", "host": "", "sec_type": "", "serialization_type": "",
        "sec_tls_ca_cert_id": "", "cache_id": "", "cache_type": "", "cache_name": "", "cache_expiry": "",
        "is_audit_log_active": "", "is_audit_log_sent_active": "", "is_audit_log_received_active": "",
        "max_len_messages_sent": "", "max_len_messages_received": "",
        "max_bytes_per_message_sent": "", "max_bytes_per_message_received": "",
        "hl7_version": "HL7 is not supported", "json_path": "HL7 is not supported",
        "data_encoding": "", "should_parse_on_input": "", "should_validate": "", "should_return_errors": "",
    }  # fmt: skip
    refused = {"has_rbac": NO_RBAC, "sec_use_rbac": NO_RBAC}
    said_by = {"security_id": "security", "sec_type": "security"}
    refused_values = {("security_id", "ZATO_SEC_USE_RBAC"): NO_RBAC}

    service: Annotated[str, about("Name of the service to run.", also={"service_name": "3.2"}, min_length=1)]
    url_path: Annotated[str, about("Path to answer at; `{name}` takes one parameter.", min_length=1, max_length=200)]
    security: Annotated[
        str,
        about(
            "Security definition that callers must satisfy; none leaves the channel open.",
            ref="security", also={"security_name": "3.2", "sec_def": "3.2"}, spelled=NO_SECURITY,
        ),
    ] | None = None  # fmt: skip
    groups: Annotated[
        tuple[str, ...],
        about("Security groups: a caller must satisfy one member.", ref="groups", also={"security_groups": "3.2"}),
    ] = ()
    method: Annotated[
        Literal["", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"],
        about("The one HTTP method to answer; none answers all.", spelled={None: ""}),
    ] = ""
    http_accept: Annotated[
        str, about("Value that the Accept header must have; none takes any.", spelled={None: "", "*/*": ""})
    ] = ""
    match_slash: Annotated[bool, about("Whether a parameter of `url_path` may hold slashes.")] = False
    merge_url_params_req: Annotated[bool, about("Whether services see query and path parameters.")] = True
    url_params_pri: Annotated[
        Literal["qs-over-path", "path-over-qs"], about("Which wins where a query and a path parameter share a name.")
    ] = "qs-over-path"
    params_pri: Annotated[
        Literal["channel-params-over-msg", "msg-over-channel-params"],
        about("Which wins where a parameter and a key of the body share a name."),
    ] = "channel-params-over-msg"
    content_type: (
        Annotated[
            str,
            about(
                "Content-Type of answers; none lets their format decide.",
                form="it has no control characters",
                pattern=NO_CONTROL_CHARACTERS,
            ),
        ]
        | None
    ) = None
    content_encoding: Annotated[
        Literal["", "gzip"],
        about("Content-Encoding of answers.", spelled={None: ""}, pending="answers are not compressed yet"),
    ] = ""
    timeout: Annotated[
        float, about("Longest run of the service.", unit="s", ge=0, le=86_400, pending="runs are not cut short yet")
    ] = 10.0
    gateway_service_list: Annotated[
        tuple[str, ...],
        about(
            "Services that may be named by the caller.", also={"service_whitelist": "3.2"}, pending="it is not used yet"
        ),
    ] = ()
    response_cache: (
        Annotated[dict[str, Any], about("Whether and how answers are cached.", pending="answers are not cached yet")]
        | None
    ) = None

    @property
    def selector(self) -> tuple[str, str, str]:
        """What tells channels at one URL path apart: method, Accept and SOAPAction; "" takes any."""
        return self.method, self.http_accept, ""

    @property
    def request(self) -> str:
        """What it answers, as people write it."""
        return f"{self.method or 'any method'} {self.url_path}"

    def when_added(self) -> str:
        """It answers."""
        return f"answers {self.request} from now on"

    def when_changed(self, before: Self) -> str:
        """It answers otherwise, or other requests."""
        if (before.url_path, before.selector) == (self.url_path, self.selector):
            return f"applies from the next request to {self.request} on"
        return f"answers {self.request} from now on, {before.request} no more"

    def when_removed(self) -> str:
        """It does not answer."""
        return f"answers {self.request} no more"

    @classmethod
    def when_renewed(cls, names: Sequence[str]) -> str:
        """Who may call is decided anew."""
        return number_of(len(names), "channel depends on this", "channels depend on this")

    def mistakes(self) -> Iterator[Mistake]:
        """Limits that exclude each other, and a path that cannot be answered at."""
        from zato.kinds.rest.path import check

        yield from super().mistakes()
        wrong = check(self.url_path)
        if wrong:
            yield Mistake("url_path", wrong)
