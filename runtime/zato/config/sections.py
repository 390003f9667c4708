"""Which sections there are, under every spelling."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from zato.kinds import KINDS
from zato.kinds.base import Kind


class Section(msgspec.Struct, frozen=True, eq=False):
    """One section: what it is called and which kinds of objects it holds."""

    name: str
    kinds: Mapping[str | None, type[Kind]]
    """The kinds by the value of their `type` field; under None if there is only one, without such a field."""

    @property
    def typed(self) -> bool:
        """Whether its objects say in `type` of which kind they are."""
        return None not in self.kinds

    def kind_of(self, written: object) -> type[Kind] | None:
        """The kind that a `type` means, under any of its spellings; None where it means nothing."""
        return next((kind for tag, kind in self.kinds.items() if written == tag or written in kind.also_type), None)


def _type_of(kind: type[Kind]) -> str | None:
    tag = kind.__struct_config__.tag
    return None if tag is None else str(tag)


def _sections() -> dict[str, Section]:
    kinds: dict[str, dict[str | None, type[Kind]]] = {}
    for kind in KINDS:
        kinds.setdefault(kind.section, {})[_type_of(kind)] = kind
    return {name: Section(name, of_section) for name, of_section in kinds.items()}


SECTIONS: Mapping[str, Section] = _sections()
"""Sections by canonical name, in the order in which their objects may depend on each other."""

POSITIONS: Mapping[str, int] = {name: position for position, name in enumerate(SECTIONS)}
"""Where each section is in that order."""


def _spellings() -> dict[str, tuple[Section, str | None]]:
    spellings: dict[str, tuple[Section, str | None]] = {name: (section, None) for name, section in SECTIONS.items()}
    for kind in KINDS:
        for spelling in kind.also_section:
            implied = _type_of(kind) if spelling in {_type_of(kind), *kind.also_type} else None
            spellings[spelling] = (SECTIONS[kind.section], implied)
    return spellings


SPELLINGS: Mapping[str, tuple[Section, str | None]] = _spellings()
"""Every spelling of a section → the section, and the `type` that the spelling implies (3.2's bare `basic_auth:`)."""

HTTP_SOAP = "http_soap"
"""3.2's section of everything that is HTTP: fields of each object say to which section it belongs."""

BY_IMPLIED: Mapping[tuple[tuple[str, str], ...], Section] = {
    tuple(kind.implied.items()): SECTIONS[kind.section] for kind in KINDS if kind.implied
}
"""What objects of HTTP_SOAP say about themselves → the section that they belong to."""

# Sections that Zato 3.2 or 4.x reads and this runtime does not have (reference: enmasse, section 2.1).
UNSUPPORTED = frozenset(
    """
    alert_notifications alert_rules audit_extraction audit_retention cache_builtin channel_as4 channel_azure_service_bus
    channel_hl7_mllp channel_ibm_mq channel_jms_wmq channel_kafka channel_mllp channel_openapi channel_zmq cloud_aws_s3
    confluence def_cassandra def_jms_wmq def_namespace elastic_search email_imap email_smtp ftp grpc jira json_rpc ldap
    llm mcp_gateway microsoft_cloud microsoft_fabric microsoft_power_automate microsoft_teams mongodb
    notif_cloud_openstack_swift notif_sql odata odoo outconn_ftp outconn_jms_wmq outconn_odoo outconn_redis outconn_sap
    outconn_sql outconn_zmq outgoing_as2 outgoing_as4 outgoing_azure_service_bus outgoing_elastic_search outgoing_fhir
    outgoing_ftp outgoing_graphql outgoing_grpc outgoing_hl7_mllp outgoing_ibm_mq outgoing_kafka outgoing_ldap
    outgoing_mllp outgoing_mongodb outgoing_odata outgoing_sap outgoing_sftp outgoing_smb outgoing_wsx pubsub_endpoint
    pubsub_permission pubsub_sub pubsub_subscription pubsub_topic query_cassandra quota_tier rbac_client_role
    rbac_permission rbac_role rbac_role_permission rule_engine_api salesforce sap search_es search_solr sftp
    slack smb sql web_socket zato_cache_builtin zato_cache_memcached zato_cloud_openstack_swift zato_generic_connection
    zato_generic_rest_wrapper zato_query_cassandra zato_sms_twilio
    """.split()  # noqa: SIM905 - a list of literals would be a hundred lines
)

UNSUPPORTED_PREFIX = "custom_"
"""4.x has sections `custom_<type>` besides."""


def is_unsupported(spelling: object) -> bool:
    """Whether a section is one that Zato reads and this runtime does not have."""
    return isinstance(spelling, str) and (spelling in UNSUPPORTED or spelling.startswith(UNSUPPORTED_PREFIX))
