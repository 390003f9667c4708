from __future__ import annotations

import pytest

from zato.config.snapshot import Snapshot
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.rest.channel import ChannelREST


def test_objects_are_found_by_section_and_name_and_come_in_the_order_of_sections() -> None:
    channel, broker = ChannelREST(name="A", service="s", url_path="/"), DefAMQP(name="A", host="h")
    snapshot = Snapshot([channel, broker])
    assert list(snapshot) == [broker, channel]
    assert len(snapshot) == 2
    assert snapshot.get("channel_rest", "A") is channel
    assert snapshot.get("channel_rest", "B") is None
    assert dict(snapshot.section("def_amqp")) == {"A": broker}
    assert dict(snapshot.section("security")) == {}
    assert snapshot == Snapshot([broker, channel])
    assert snapshot != Snapshot([broker])


def test_a_snapshot_does_not_change() -> None:
    section = Snapshot([DefAMQP(name="A", host="h")]).section("def_amqp")
    with pytest.raises(TypeError):
        section["B"] = section["A"]  # type: ignore[index]
