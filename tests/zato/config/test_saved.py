from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.zato.config.objects import ANYTHING, snapshots
from tests.zato.config.test_properties import _FEW_NAMES, thoroughly
from zato.config import saved
from zato.config.impact import impacts
from zato.config.plan import Owners, Plan, plan
from zato.config.snapshot import Snapshot, key_of
from zato.errors import PlanError
from zato.kinds.base import secret_fields
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.basic_auth import BasicAuth

API = BasicAuth(name="API", username="api", password="canary-1f")
NEW_API = msgspec.structs.replace(API, password="canary-2f", realm="r")
CHANNEL = ChannelREST(name="C", service="s", url_path="/c")


def digest(*parts: str) -> str:
    return hmac.new(b"key", json.dumps(parts).encode(), hashlib.sha256).hexdigest()


def other_digest(*parts: str) -> str:
    return digest("other", *parts)


def written(planned: Plan, now: Snapshot, **options: Any) -> str:
    said = {"variables": {}, "source": {}, "impacts": impacts(planned, now), **options}
    return saved.save(planned, 7, digest, **said)


def restored(text: str, now: Snapshot, given: Snapshot | None = None) -> Plan:
    return saved.restore(saved.read(text.encode(), digest), now, {}, given or Snapshot(), digest)


@thoroughly
@given(snapshots(_FEW_NAMES), snapshots(_FEW_NAMES))
def test_a_plan_that_was_saved_is_the_same_when_it_is_restored(now: Snapshot, wanted: Snapshot) -> None:
    gone = [key_of(thing) for thing in now if wanted.get(*key_of(thing)) is None]
    planned = plan(now, wanted, gone, Owners({}, "team"))

    again = saved.restore(saved.read(written(planned, now).encode(), digest), now, {}, wanted, digest)

    assert again == planned


def test_no_secret_is_in_it() -> None:
    now = Snapshot([API])
    text = written(plan(now, [NEW_API]), now)

    assert "canary" not in text
    assert secret_fields(BasicAuth) == ("password",)
    assert list(msgspec.json.decode(text)["steps"][0]["secrets"]) == ["password"]


@pytest.mark.parametrize(
    "field",
    [
        {"url_path": "/x?key=canary"},
        {"request_headers": ({"key": "Authorization", "value": "Bearer canary", "mode": "text"},)},
    ],
)
def test_no_value_with_a_secret_in_it_is_in_it(field: dict[str, Any]) -> None:
    # Given
    crm = msgspec.structs.replace(OutgoingREST(name="CRM", host="http://crm", url_path="/"), **field)
    planned = plan(Snapshot(), [crm])

    # When
    text = written(planned, Snapshot())

    # Then
    assert "canary" not in text
    assert restored(text, Snapshot(), Snapshot([crm])) == planned
    with pytest.raises(PlanError, match=f"the {next(iter(field))} of outgoing_rest/CRM changes"):
        restored(text, Snapshot())


def test_it_can_be_read_by_people_and_programs() -> None:
    now = Snapshot([API])
    text = written(plan(now, [NEW_API, CHANNEL]), now, variables={key_of(NEW_API): {"password": "${PW}"}})

    update, create = json.loads(text)["steps"]
    assert update["told"] == {
        "action": "update",
        "section": "security",
        "name": "API",
        "changes": [{"field": "password", "secret": True}, {"field": "realm", "old": "zato", "new": "r"}],
        "impact": ["no effect on traffic"],
    }
    assert update["variables"] == {"password": "${PW}"}
    assert create["object"] == {"name": "C", "service": "s", "url_path": "/c"}


def test_a_secret_that_does_not_change_comes_from_the_odb() -> None:
    now = Snapshot([API])
    wanted = msgspec.structs.replace(API, realm="r")

    (step,) = restored(written(plan(now, [wanted]), now), now).steps

    assert step.object == wanted


def test_a_secret_that_changes_must_be_given_again_and_be_the_same() -> None:
    now = Snapshot([API])
    text = written(plan(now, [NEW_API]), now)
    message = (
        "the password of security/API changes, and what is at hand is not what was planned; add the --input, and the"
        " variables, that the plan was made of"
    )

    for other in (Snapshot(), Snapshot([msgspec.structs.replace(NEW_API, password="canary-3f")])):
        with pytest.raises(PlanError) as e:
            restored(text, now, other)
        assert str(e.value) == message
    (step,) = restored(text, now, Snapshot([NEW_API])).steps
    assert step.object == NEW_API


def test_whoever_changes_it_is_found_out() -> None:
    now = Snapshot([])
    text = written(plan(now, [CHANNEL]), now)
    message = "^the plan was made for another server, or was changed since; make a new one$"

    for changed in (text.replace('"/c"', '"/d"'), text.replace('"revision": 7', '"revision": 8')):
        assert changed != text
        with pytest.raises(PlanError, match=message):
            saved.read(changed.encode(), digest)
    with pytest.raises(PlanError, match=message):
        saved.read(text.encode(), other_digest)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"format_version": "x"}'])
def test_what_is_no_plan_is_told(content: bytes) -> None:
    with pytest.raises(PlanError, match=r"^this is not a saved plan: "):
        saved.read(content, digest)


def test_a_plan_of_a_newer_version_is_told() -> None:
    now = Snapshot([])
    text = written(plan(now, [CHANNEL]), now).replace('"format_version": 1', '"format_version": 2')

    with pytest.raises(PlanError, match=r"^the plan has format 2 and this version knows formats up to 1$"):
        saved.read(text.encode(), digest)


@thoroughly
@given(st.binary(max_size=200))
@example(b"[" * 100_000)
@example(b'{"seal": "\xff"}')
def test_bytes_that_are_no_plan_are_told(content: bytes) -> None:
    with pytest.raises(PlanError):
        saved.read(content, digest)


@thoroughly
@given(st.sampled_from(["format_version", "revision", "source", "steps", "unchanged", "seal"]), ANYTHING)
@example("seal", "\u00e9")
@example("seal", "\ud800")
@example("revision", 2**70)
@example("source", {"a": 2**70})
def test_a_plan_with_anything_else_in_a_field_is_told(field: str, value: Any) -> None:
    now = Snapshot([])
    content = json.loads(written(plan(now, [CHANNEL]), now))
    assume(value != content[field])

    with pytest.raises(PlanError):
        saved.read(json.dumps({**content, field: value}).encode(), digest)


@thoroughly
@given(st.data())
def test_a_plan_with_anything_else_in_a_step_is_told(data: st.DataObject) -> None:
    now = Snapshot([API])
    content = json.loads(written(plan(now, [NEW_API]), now))
    step = content["steps"][0]
    field = data.draw(st.sampled_from(sorted(step)))
    other = data.draw(ANYTHING)
    assume(other != step[field])

    with pytest.raises(PlanError):
        saved.read(json.dumps({**content, "steps": [{**step, field: other}]}).encode(), digest)
