"""What exists: every kind of object, in the order in which objects may depend on each other."""

from __future__ import annotations

from zato.kinds.amqp.channel import ChannelAMQP
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.base import Kind
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.scheduler.job import Job
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.aws import AWS
from zato.kinds.security.basic_auth import BasicAuth
from zato.kinds.security.bearer_token import BearerToken
from zato.kinds.security.groups import Group
from zato.kinds.security.jwt import JWT
from zato.kinds.security.mtls import MTLS
from zato.kinds.security.ntlm import NTLM
from zato.kinds.security.spnego import SPNEGO
from zato.kinds.security.tls_ca_cert import TLSCACert
from zato.kinds.security.tls_channel_sec import TLSChannelSec
from zato.kinds.security.tls_key_cert import TLSKeyCert
from zato.kinds.security.vault_connection import VaultConnection
from zato.kinds.security.wss import WSS
from zato.kinds.security.xpath import XPath
from zato.kinds.soap.channel import ChannelSOAP
from zato.kinds.soap.outgoing import OutgoingSOAP

KINDS: tuple[type[Kind], ...] = (
    BasicAuth,
    APIKey,
    BearerToken,
    NTLM,
    JWT,
    AWS,
    MTLS,
    SPNEGO,
    WSS,
    TLSKeyCert,
    TLSChannelSec,
    TLSCACert,
    XPath,
    VaultConnection,
    Group,
    DefAMQP,
    OutgoingREST,
    OutgoingSOAP,
    OutgoingAMQP,
    ChannelREST,
    ChannelSOAP,
    ChannelAMQP,
    Job,
)
