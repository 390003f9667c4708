from __future__ import annotations

from zato.config.plan import Change, Owners, plan, record
from zato.config.snapshot import Snapshot
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth
from zato.kinds.security.bearer_token import BearerToken

API = BasicAuth(name="API", username="api", password="secret")
BROKER = DefAMQP(name="Broker", host="h", password="p")
CHANNEL = ChannelREST(name="C", service="s", url_path="/c", security="API")
API_KEY = ("security", "API")


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


def test_a_plan_shows_no_credentials_that_are_in_values() -> None:
    def token(secret: str) -> BearerToken:
        url, fields = f"https://user:{secret}@auth/token?api_key={secret}", (f"client_secret={secret}", "x=y")
        return BearerToken(name="T", password="p", auth_endpoint=url, extra_fields=fields)

    (step,) = plan(Snapshot([token("old")]), [token("S3CRET")]).steps
    url, fields = "https://***@auth/token?api_key=***", ("client_secret=***", "x=y")
    assert step.changes == (Change("auth_endpoint", url, url), Change("extra_fields", fields, fields))


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


def test_an_object_may_change_hands_without_a_change_of_its_own() -> None:
    now = Snapshot([API, BROKER])
    (step,) = plan(now, [API, BROKER], (), Owners({API_KEY: "team"}, "team")).steps
    assert (step.action, step.key, step.changes) == ("update", ("def_amqp", "Broker"), ())
    assert (step.owner_before, step.owner) == ("default", "team")
    assert record(step) == {
        "action": "update",
        "section": "def_amqp",
        "name": "Broker",
        "owner": {"old": "default", "new": "team"},
        "changes": [],
    }


def test_owners_stay_unless_others_are_named() -> None:
    owners = {API_KEY: "team"}
    assert plan(Snapshot([API]), [API], (), Owners(owners)).steps == ()
    assert plan(Snapshot([API]), [API], (), Owners(owners, {API_KEY: "team"})).steps == ()
    (step,) = plan(Snapshot([API]), [], [API_KEY], Owners(owners, "other")).steps
    assert (step.owner_before, step.owner) == ("team", "team")


def test_a_record_tells_that_a_secret_changes_and_not_what_it_is() -> None:
    (step,) = plan(Snapshot([API]), [BasicAuth(name="API", username="api2", password="other")]).steps
    assert record(step)["changes"] == [
        {"field": "username", "old": "api", "new": "api2"},
        {"field": "password", "secret": True},
    ]
