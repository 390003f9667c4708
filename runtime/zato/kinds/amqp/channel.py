"""AMQP channels: a queue whose messages a service handles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

from zato.kinds.amqp.address import Addressed
from zato.kinds.base import Opening, about
from zato.kinds.words import number_of

if TYPE_CHECKING:
    from zato.kinds.amqp.consumer import Consumer


class ChannelAMQP(Addressed, frozen=True, kw_only=True):
    """Which queue is consumed, how, and by which service (reference: enmasse, section 3.7)."""

    section = "channel_amqp"
    inbound = True
    dropped = {"id": "", "cluster_id": "", "def_id": "", "service_id": "", "opaque1": ""}

    queue: Annotated[str, about("Queue to consume.", min_length=1, max_length=255)]
    service: Annotated[str, about("Name of the service to run.", also={"service_name": "3.2"}, min_length=1)]
    consumer_tag_prefix: Annotated[str, about("What consumer tags begin with.", max_length=200, spelled={None: ""})] = (
        ""
    )
    pool_size: Annotated[int, about("Messages handled at a time; 1 keeps their order.", ge=1, le=1000)] = 10
    ack_mode: Annotated[
        Literal["ack", "reject"], about("What happens to a message that its service neither acked nor rejected.")
    ] = "ack"
    prefetch_count: Annotated[
        int, about("Messages taken ahead for each one handled at a time; 0 means 50.", ge=0, le=65_535)
    ] = 0
    data_format: Annotated[
        Literal["json", ""], about("How message bodies are read.", spelled={None: "", "none": ""})
    ] = ""

    def when_added(self) -> str:
        """It consumes."""
        return f"consumes {self.queue} from now on"

    def when_changed(self, before: Self) -> str:
        """It is replaced, once it is done with the messages that it has in hand."""
        if before.queue == self.queue:
            return self.when_renewed([self.name])
        return f"consumes {self.queue} from now on, {before.queue} no more"

    def when_removed(self) -> str:
        """It does not consume, once it is done with the messages that it has in hand."""
        return f"consumes {self.queue} no more"

    @classmethod
    def when_renewed(cls, names: Sequence[str]) -> str:
        """As if they had changed themselves."""
        return f"reconnects {number_of(len(names), 'consumer', 'consumers')}"

    def open(self, opening: Opening) -> Consumer:
        """Make the consumer; it connects once it is started."""
        from zato.kinds.amqp.consumer import open_consumer

        return open_consumer(self, opening)
