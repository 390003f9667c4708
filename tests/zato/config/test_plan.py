from __future__ import annotations

from zato.config.plan import Change, plan
from zato.config.snapshot import Snapshot
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth

API = BasicAuth(name="API", username="api", password="secret")
BROKER = DefAMQP(name="Broker", host="h", password="p")
CHANNEL = ChannelREST(name="C", service="s", url_path="/c", security="API")


def test_steps_are_in_the_order_in_which_objects_depend_on_each_other() -> None:
    outgoing = OutgoingAMQP(name="O", def_name="Broker")
    planned = plan(Snapshot(), [CHANNEL, outgoing, BROKER, API])
    assert [step.key for step in planned.steps] == [
        ("security", "API"),
        ("def_amqp", "Broker"),
        ("outgoing_amqp", "O"),
        ("channel_rest", "C"),
    ]
    gone = plan(Snapshot([API, CHANNEL]), [], [("security", "API"), ("channel_rest", "C")])
    assert [(step.action, step.key) for step in gone.steps] == [
        ("delete", ("channel_rest", "C")),
        ("delete", ("security", "API")),
    ]


def test_an_update_tells_the_fields_that_change_and_no_secret() -> None:
    now = Snapshot([API])
    wanted = BasicAuth(name="API", username="api2", password="other")
    (step,) = plan(now, [wanted]).steps
    assert step.action == "update"
    assert step.changes == (Change("username", "api", "api2"), Change("password", None, None, secret=True))


def test_an_object_may_become_one_of_another_type() -> None:
    (step,) = plan(Snapshot([API]), [APIKey(name="API", password="secret", header="X")]).steps
    assert step.changes == (
        Change("type", "basic_auth", "apikey"),
        Change("username", "api", ""),
        Change("header", None, "X"),
        Change("realm", "zato", None),
    )


def test_what_is_not_wanted_stays_unless_it_is_to_be_deleted() -> None:
    now = Snapshot([API, BROKER])
    planned = plan(now, [API])
    assert (planned.steps, planned.unchanged) == ((), 1)
    assert planned.applied_to(now) == now
