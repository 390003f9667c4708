"""What exists: every kind of object, in the order in which objects may depend on each other."""

from __future__ import annotations

from zato.kinds.amqp.channel import ChannelAMQP
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.base import Kind
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth

KINDS: tuple[type[Kind], ...] = (BasicAuth, APIKey, DefAMQP, OutgoingREST, OutgoingAMQP, ChannelREST, ChannelAMQP)
