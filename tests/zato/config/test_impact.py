from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from zato.common.ext.bunch import Bunch
from zato.config.impact import impacts, reopened
from zato.config.plan import Owners, plan
from zato.config.snapshot import Snapshot, key_of
from zato.kinds.amqp.channel import ChannelAMQP
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.base import Kind
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.scheduler.job import Job
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth
from zato.kinds.security.groups import Group
from zato.kinds.security.ntlm import NTLM
from zato.server.deploy import Services
from zato.server.runtime import Runtime
from zato.server.world import Worlds

replaced = msgspec.structs.replace

API = BasicAuth(name="API", username="api", password="s3cret")
NEW_API = replaced(API, password="other")
BROKER = DefAMQP(name="Broker", host="h", password="p")
GET = ChannelREST(name="Get user", service="s", url_path="/user/{id}", method="GET", security="API")
CRM = OutgoingREST(name="CRM", host="http://h", url_path="/", security="API")
FRAUD = OutgoingAMQP(name="Fraud", def_name="Broker")
ORDERS = ChannelAMQP(name="Orders", def_name="Broker", queue="orders", service="s")
JOB = Job(name="Nightly", service="clean.up", job_type="interval_based", hours=24)
ALL = (API, BROKER, CRM, FRAUD, GET, ORDERS, JOB)


def inactive(thing: Kind) -> Kind:
    return replaced(thing, is_active=False)


def impact(now: tuple[Kind, ...], *wanted: Kind) -> dict[str, str]:
    """What it means that a configuration is exactly this: by name."""
    before, after = Snapshot(now), Snapshot(wanted)
    gone = [key_of(thing) for thing in before if after.get(*key_of(thing)) is None]
    return {name: "; ".join(told) for (_, name), told in impacts(plan(before, after, gone), before).items()}


def test_new_objects() -> None:
    assert impact((), *ALL) == {
        "API": "no effect on traffic",
        "Broker": "no effect on traffic",
        "CRM": "services can call it from now on",
        "Fraud": "services can call it from now on",
        "Get user": "answers GET /user/{id} from now on",
        "Orders": "consumes orders from now on",
        "Nightly": "runs clean.up at its times from now on",
    }


def test_objects_that_go() -> None:
    assert impact(ALL) == {
        "API": "no effect on traffic",
        "Broker": "no effect on traffic",
        "CRM": "services that call it fail from now on",
        "Fraud": "services that call it fail from now on",
        "Get user": "answers GET /user/{id} no more",
        "Orders": "consumes orders no more",
        "Nightly": "runs clean.up no more",
    }


def test_an_object_that_is_switched_off_or_on_comes_or_goes() -> None:
    assert impact((API, GET), API, inactive(GET)) == {"Get user": "answers GET /user/{id} no more"}
    assert impact((API, inactive(GET)), API, GET) == {"Get user": "answers GET /user/{id} from now on"}
    assert impact((API, inactive(GET)), API, inactive(replaced(GET, service="t"))) == {
        "Get user": "no effect on traffic"
    }


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (GET, replaced(GET, service="t"), "applies from the next request to GET /user/{id} on"),
        (GET, replaced(GET, url_path="/u"), "answers GET /u from now on, GET /user/{id} no more"),
        (GET, replaced(GET, method=""), "answers any method /user/{id} from now on, GET /user/{id} no more"),
        (CRM, replaced(CRM, timeout=5.0), "reconnects"),
        (FRAUD, replaced(FRAUD, priority=1), "reconnects"),
        (ORDERS, replaced(ORDERS, service="t"), "reconnects 1 consumer"),
        (ORDERS, replaced(ORDERS, queue="q"), "consumes q from now on, orders no more"),
        (JOB, replaced(JOB, extra="x"), "applies from the next run on"),
        (JOB, replaced(JOB, hours=1), "starts anew and runs clean.up at its new times"),
        (API, NEW_API, "no effect on traffic"),
    ],
)
def test_objects_that_change(before: Kind, after: Kind, told: str) -> None:
    others = tuple(thing for thing in (API, BROKER) if key_of(thing) != key_of(before))

    assert impact((*others, before), *others, after) == {before.name: told}


@pytest.mark.parametrize("field", ["protected", "response_cache", "deprecation_sunset"])
def test_a_field_that_nothing_depends_on_has_no_effect(field: str) -> None:
    value = {"protected": True, "response_cache": {}, "deprecation_sunset": "2030-01-01"}[field]

    assert impact((API, GET), API, replaced(GET, **{field: value})) == {"Get user": "no effect on traffic"}


def test_a_change_spreads_to_what_depends_on_it_directly_and_through_others() -> None:
    # Given
    group = Group(name="Partners", members=("API",))
    of_group = [ChannelREST(name=f"C{n}", service="s", url_path=f"/{n}", groups=("Partners",)) for n in range(2)]
    more = [replaced(FRAUD, name=f"More {n}") for n in range(2)]
    others = (*ALL[2:], group, *of_group, *more)

    # When
    told = impact((API, BROKER, *others), NEW_API, replaced(BROKER, heartbeat=60), *others)

    # Then
    assert told == {
        "API": "1 object of `groups` depends on this; reconnects CRM; 3 channels depend on this",
        "Broker": "reconnects Fraud and 2 more; reconnects 1 consumer",
    }


def test_what_changes_itself_and_what_is_inactive_is_not_told_again() -> None:
    others = (inactive(GET),)

    assert impact((API, CRM, *others), NEW_API, replaced(CRM, timeout=5.0), *others) == {
        "API": "no effect on traffic",
        "CRM": "reconnects",
    }


def test_a_definition_may_become_one_of_another_type() -> None:
    assert impact((API, CRM), APIKey(name="API", password="p"), CRM) == {"API": "reconnects CRM"}


def test_a_kind_that_cannot_be_used_yet_has_no_effect() -> None:
    pending = NTLM(name="N", username="u", password="p")

    assert pending.pending
    assert impact((), pending) == {"N": "no effect on traffic"}


def test_only_what_is_live_is_made_anew() -> None:
    planned = plan(Snapshot(), [CRM, inactive(replaced(CRM, name="Off")), NTLM(name="N", username="u", password="p")])

    assert reopened(planned, Snapshot()) == [CRM]


def test_another_owner_has_no_effect() -> None:
    now = Snapshot([CRM])
    planned = plan(now, [CRM], (), Owners({}, "team"))

    assert impacts(planned, now) == {("outgoing_rest", "CRM"): ("no effect on traffic",)}


def test_what_is_told_to_be_made_anew_is_what_a_server_makes_anew(tmp_path: Path) -> None:
    # Given
    group = Group(name="Partners", members=("API",))
    other = OutgoingREST(name="Other", host="http://h", url_path="/")
    now = Snapshot([API, group, CRM, other])
    runtime = Runtime("server1", tmp_path, Services([]), Bunch())
    worlds = Worlds(runtime)
    worlds.switch(worlds.prepare(1, now))

    for wanted in (
        [NEW_API],
        [replaced(API, protected=True)],
        [replaced(CRM, timeout=5.0), replaced(other, name="New")],
        [replaced(group, members=())],
        [inactive(other)],
    ):
        # When
        planned = plan(now, wanted)
        prepared = worlds.prepare(2, planned.applied_to(now))

        # Then
        assert [key_of(thing) for thing in reopened(planned, now)] == list(prepared.opened)
        prepared.abandon()
    worlds.stop()
