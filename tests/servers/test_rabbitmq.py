from __future__ import annotations

from tests.servers.rabbitmq import RabbitMQ, VHost


def test_what_was_confirmed_survives_a_crash(rabbitmq: RabbitMQ, vhost: VHost) -> None:
    # Given
    vhost.declare("kept")
    vhost.publish("kept", b"x")

    # When
    rabbitmq.restart()

    # Then
    assert vhost.take_all("kept") == [b"x"]


def test_each_test_has_a_user_who_sees_nothing_of_other_tests(rabbitmq: RabbitMQ, vhost: VHost) -> None:
    # Given
    other = VHost(rabbitmq)
    other.create()

    # When
    other.declare("mine")

    # Then
    with vhost.channel() as channel:
        made = channel.queue_declare("mine", exclusive=True)
        assert made is not None
    other.delete()
