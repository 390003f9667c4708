"""Which exchanges exist."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pika import exceptions
from pika.channel import Channel

from zato.kinds.amqp.errors import NoExchange, PublishError
from zato.kinds.amqp.link import Connection

NOT_FOUND = 404

Refusal = tuple[type[PublishError], str]
"""What kind of error it is, and the broker's words."""
Answer = Callable[[str, Refusal | None], None]


class Exchanges:
    """Asks a broker for exchanges on a channel of its own, one at a time, and remembers which exist.

    A broker closes the channel that names an unknown exchange: it must not be the one that messages go through
    (reference: reliability, section 2.2.6). All of it happens in the I/O thread; one object serves one connection.
    """

    def __init__(self, connection: Connection, answer: Answer) -> None:
        self._connection = connection
        self._answer = answer
        self._known = {""}
        self._asked: deque[str] = deque()

    def known(self, exchange: str) -> bool:
        """Whether the exchange existed when the broker was asked."""
        return exchange in self._known

    def ask(self, exchange: str) -> None:
        """Ask for an exchange; `answer` gets its name and, where it cannot be used, why."""
        if exchange not in self._asked:
            self._asked.append(exchange)
            if len(self._asked) == 1:
                self._ask_next()

    def forget(self) -> None:
        """Ask again for each exchange, since one of them may be gone."""
        self._known = {""}

    def _ask_next(self) -> None:
        self._connection.channel(on_open_callback=self._opened)

    def _opened(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._closed)
        channel.exchange_declare(self._asked[0], passive=True, callback=lambda _: channel.close())

    def _closed(self, _channel: Channel, reason: Exception) -> None:
        if not self._connection.is_open:
            return
        exchange = self._asked.popleft()
        if self._asked:
            self._ask_next()
        refusal = _refusal(reason)
        if refusal is None:
            self._known.add(exchange)
        self._answer(exchange, refusal)


def _refusal(reason: Exception) -> Refusal | None:
    match reason:
        case exceptions.ChannelClosedByClient():
            return None
        case exceptions.ChannelClosedByBroker():
            return (NoExchange if reason.reply_code == NOT_FOUND else PublishError), reason.reply_text
        case _:
            return PublishError, str(reason)
