"""Outgoing AMQP connections: how services publish to a broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

from zato.kinds import connections
from zato.kinds.amqp.address import Addressed
from zato.kinds.base import Opening, about

if TYPE_CHECKING:
    from zato.kinds.amqp.publisher import OutgoingConnection


class OutgoingAMQP(Addressed, frozen=True, kw_only=True):
    """What messages sent through a connection are like (reference: enmasse, section 3.7)."""

    section = "outgoing_amqp"
    also_section = ("outconn_amqp",)
    dropped = {"id": "", "cluster_id": "", "def_id": "", "opaque1": "", "pool_size": ""}

    delivery_mode: Annotated[
        Literal["persistent", "non_persistent"],
        about(
            "Whether the broker writes messages to disk.",
            spelled={2: "persistent", "2": "persistent", 1: "non_persistent", "1": "non_persistent"},
        ),
    ] = "persistent"
    priority: Annotated[int, about("Priority of messages.", ge=0, le=9)] = 5
    content_type: Annotated[str, about("Content type of messages.", max_length=255, spelled={"": None})] | None = None
    content_encoding: (
        Annotated[str, about("Content encoding of messages.", max_length=255, spelled={"": None})] | None
    ) = None
    expiration: Annotated[int, about("Life of a message in a queue.", unit="ms", ge=0, spelled={"": None})] | None = (
        None
    )
    user_id: Annotated[str, about("User that messages name as their sender.", spelled={"": None})] | None = None
    app_id: (
        Annotated[str, about("Application that messages name as their sender.", max_length=255, spelled={"": None})]
        | None
    ) = None

    def when_added(self) -> str:
        """Services find it."""
        return connections.WHEN_ADDED

    def when_changed(self, before: Self) -> str:
        """New messages go another way; those that are under way are confirmed on the old one."""
        return connections.WHEN_CHANGED

    def when_removed(self) -> str:
        """Services do not find it."""
        return connections.WHEN_REMOVED

    @classmethod
    def when_renewed(cls, names: Sequence[str]) -> str:
        """As if they had changed themselves."""
        return connections.when_renewed(names)

    def open(self, opening: Opening) -> OutgoingConnection:
        """Make the connection that `self.out.amqp` publishes through; it connects in the background."""
        from zato.kinds.amqp.publisher import open_outgoing

        return open_outgoing(self, opening)
