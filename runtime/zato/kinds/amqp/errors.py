"""What can go wrong with a published message.

ZatoException
└── PublishError              the broker refused the message, with its words
    ├── InvalidMessage        the message cannot be one; raised before anything is sent (a ValueError, too)
    ├── NoExchange            the exchange does not exist
    ├── Unroutable            the exchange has no queue for the routing key
    ├── Nacked                the broker could not take the message, as when a queue is full
    ├── PublishTimeout        no confirm in time: the message may or may not be in the broker
    │   └── NotSent           no confirm in time, and nothing was ever sent
    ├── QueueFull             too many messages wait for the broker
    └── Closed                the connection is closing, because the server stops or the configuration changed
"""

from __future__ import annotations

from zato.common.exception import ZatoException


class PublishError(ZatoException):
    """A message is not known to be in the broker."""

    def __str__(self) -> str:
        return str(self.msg)


class InvalidMessage(PublishError, ValueError):
    """A body, property, header or name that AMQP cannot carry or the broker would close the connection for."""


class NoExchange(PublishError):
    """The exchange does not exist."""


class Unroutable(PublishError):
    """No queue is bound to the exchange under the routing key."""


class Nacked(PublishError):
    """The broker answered that it did not take the message."""


class PublishTimeout(PublishError):
    """No confirm in time. The outcome is unknown; a retry with the same `message_id` lets receivers recognise it."""


class NotSent(PublishTimeout):
    """No confirm in time, and it is certain that the broker does not have the message."""


class QueueFull(PublishError):
    """Too many messages wait for the broker already."""


class Closed(PublishError):
    """The connection is closing and takes no more messages, or could not send those that waited in time."""
