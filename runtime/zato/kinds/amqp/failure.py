"""Why a connection to a broker failed, in words that a person can act on."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple

from pika import exceptions
from pika.adapters.utils import connection_workflow as workflow

from zato.kinds.amqp.broker import address_of
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.base import Category

_TIMEOUTS = (TimeoutError, workflow.AMQPConnectorStackTimeout)


class Failure(NamedTuple):
    """A category for programs and one line for people, without secrets."""

    category: Category
    reason: str
    refused: bool = False
    """Whether the broker itself said no, so that asking again at once is of no use."""


def explain(error: BaseException, definition: DefAMQP) -> Failure:
    """Say what an error of pika's means for the broker of a definition."""
    address = address_of(definition)
    where = f"{address.host}:{address.port}"
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return Failure("dns", f"cannot resolve host {address.host} (check the name)")
            case ConnectionRefusedError():
                return Failure("refused", f"connection refused by {where} (is the broker running there?)")
            case ssl.SSLCertVerificationError():
                detail = cause.verify_message
                return Failure("tls", f"the TLS certificate of {where} is not trusted: {detail} (check host and CA)")
            case ssl.SSLError():
                return Failure("tls", f"{where} does not speak TLS: {cause.reason} (TLS is usually on port 5671)")
            case exceptions.ProbableAuthenticationError() | exceptions.AuthenticationError():
                reason = f"authentication refused by {where} for user {definition.username} (check user and password)"
                return Failure("auth", reason, refused=True)
            case exceptions.ProbableAccessDeniedError():
                return _no_access(str(cause), definition, where)
            case exceptions.IncompatibleProtocolError():
                return Failure("other", f"{where} does not speak AMQP 0-9-1 (is this the broker's port?)", refused=True)
            case exceptions.ConnectionClosed() | exceptions.ChannelClosed():
                return Failure("other", f"{where} said: {cause.reply_text[:300]}", refused=True)
            case exceptions.AMQPHeartbeatTimeout():
                return Failure("timeout", f"no heartbeat from {where}")
            case _ if isinstance(cause, _TIMEOUTS):
                return Failure("timeout", f"no answer from {where} in time (check host, port and firewall)")
            case exceptions.StreamLostError():
                return Failure("other", f"the connection to {where} was lost: {str(cause).partition(': ')[2][:300]}")
            case OSError(strerror=str(text)):
                return Failure("other", f"cannot reach {where}: {text}")
    return Failure("other", f"{where}: {type(error).__name__}: {str(error)[:300]}")


def _no_access(text: str, definition: DefAMQP, where: str) -> Failure:
    """RabbitMQ ends the connection when it cannot open a virtual host; only its text tells why."""
    vhost = definition.vhost
    if "not found" in text:
        return Failure("auth", f"virtual host {vhost} does not exist at {where} (check or create it)", refused=True)
    if "refused for user" in text:
        who = f"user {definition.username} has no access to virtual host {vhost}"
        return Failure("auth", f"{who} at {where} (grant permissions)", refused=True)
    return Failure("other", f"{where} did not open virtual host {vhost}: {text[:300]}", refused=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors that pika wrapped into this one, innermost first."""
    nested = [*getattr(error, "exceptions", ())[-1:], getattr(error, "exception", None), *error.args, error.__cause__]
    for inner in nested:
        if isinstance(inner, BaseException):
            yield from _causes(inner)
    yield error
