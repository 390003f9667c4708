"""Revisions: what is written, what is kept, what nobody ever sees. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.zato.config.objects import snapshots
from tests.zato.odb.conftest import Address
from zato.config.plan import Owners, plan
from zato.config.snapshot import Snapshot
from zato.errors import ODBError
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.base import Kind
from zato.kinds.security.basic_auth import BasicAuth
from zato.odb.database import connect
from zato.odb.odb import ODB
from zato.odb.secrets import Secrets

API = BasicAuth(name="API", username="api", password="api.s3cret")
BROKER = DefAMQP(name="Broker", host="localhost", password="broker.s3cret")


@pytest.fixture
def odb(address: Address, secrets: Secrets) -> Iterator[ODB]:
    with closing(ODB(address, secrets, create=True)) as odb:
        yield odb


def staged(odb: ODB, *wanted: Kind, variables: dict[tuple[str, str], dict[str, str]] | None = None) -> int:
    """Stage a configuration of exactly these objects."""
    now, snapshot = odb.load(), Snapshot(wanted)
    gone = [(thing.section, thing.name) for thing in now if snapshot.get(thing.section, thing.name) is None]
    return odb.stage(plan(now, wanted, gone), variables=variables or {}, made_by="me", source={"files": ["a.yaml"]})


def kept(odb: ODB, *wanted: Kind, variables: dict[tuple[str, str], dict[str, str]] | None = None) -> int:
    """Make a configuration of exactly these objects the current one."""
    with odb.importing():
        revision = staged(odb, *wanted, variables=variables)
        odb.make_current(revision)
    return revision


def test_every_revision_can_be_loaded_as_it_was(odb: ODB) -> None:
    changed = msgspec.structs.replace(API, username="api2")
    numbers = [kept(odb, API), kept(odb, API, BROKER), kept(odb, changed, BROKER), kept(odb, BROKER), kept(odb)]
    assert numbers == [1, 2, 3, 4, 5]
    assert [list(odb.load(number)) for number in (0, *numbers)] == [
        [],
        [API],
        [API, BROKER],
        [changed, BROKER],
        [BROKER],
        [],
    ]
    assert list(odb.load()) == []
    assert odb.current == 5


def test_a_staged_revision_is_not_the_current_one(odb: ODB) -> None:
    kept(odb, API)
    with odb.importing():
        revision = staged(odb, BROKER)
        assert (odb.staged, odb.current) == (revision, 1)
        assert list(odb.load()) == [API]
        assert list(odb.load(revision)) == [BROKER]
        assert [made.number for made in odb.revisions()] == [1]
        odb.make_current(revision)
    assert (odb.staged, odb.current) == (None, 2)
    assert list(odb.load()) == [BROKER]


def test_a_discarded_revision_leaves_nothing_behind(odb: ODB) -> None:
    kept(odb, API, BROKER)
    with odb.importing():
        odb.discard(staged(odb, msgspec.structs.replace(API, username="other")))
    assert odb.staged is None
    assert list(odb.load()) == [API, BROKER]
    assert kept(odb, API) == 3
    assert list(odb.load(1)) == [API, BROKER]


def test_what_an_import_that_was_killed_left_is_cleared_away_by_the_next(odb: ODB) -> None:
    kept(odb, API)
    with odb.importing():
        staged(odb, BROKER)
    assert odb.staged == 2
    with odb.importing():
        assert odb.staged is None
        assert list(odb.load()) == [API]


def test_revisions_tell_who_made_them_from_what_and_what_changed_without_secrets(odb: ODB) -> None:
    kept(odb, API, BROKER)
    kept(odb, msgspec.structs.replace(API, username="other", password="new.s3cret"))
    newest, oldest = odb.revisions()
    assert (newest.number, newest.made_by, newest.source) == (2, "me", {"files": ["a.yaml"]})
    assert newest.made_at.endswith("+00:00")
    assert newest.changes == [
        {
            "action": "update",
            "section": "security",
            "name": "API",
            "changes": [
                {"field": "username", "old": "api", "new": "other"},
                {"field": "password", "secret": True},
            ],
        },
        {"action": "delete", "section": "def_amqp", "name": "Broker", "changes": []},
    ]
    assert [change["action"] for change in oldest.changes] == ["create", "create"]


def test_secrets_remember_the_variables_that_they_came_from(odb: ODB) -> None:
    # Given
    key = ("security", "API")
    kept(odb, API, BROKER, variables={key: {"password": "${PW}", "username": "${USER}"}})
    assert odb.variables() == {key: {"password": "${PW}", "username": "${USER}"}}

    # When another field changes, and the secret was left out
    kept(odb, msgspec.structs.replace(API, username="other"), BROKER)

    # Then
    assert odb.variables() == {key: {"password": "${PW}"}}

    # When the secret changes, and comes from no variable
    kept(odb, msgspec.structs.replace(API, password="new"), BROKER)

    # Then
    assert odb.variables() == {}


def test_secrets_are_nowhere_in_clear(address: Address, odb: ODB) -> None:
    kept(odb, API, BROKER)
    kept(odb, msgspec.structs.replace(API, password="new.s3cret"))
    with closing(connect(address, create=False)) as database:
        tables = [database.rows(f"SELECT * FROM {table}") for table in sorted(database.tables())]
    assert "s3cret" not in repr(tables)
    assert "gAAAA" in repr(tables)


def test_what_this_version_does_not_know_is_told(address: Address, odb: ODB) -> None:
    kept(odb, API)
    with closing(connect(address, create=False)) as database:
        database.execute("UPDATE object SET section = 'teleport'")
    with pytest.raises(ODBError, match=r"^the ODB has objects in `teleport`, which this version does not know"):
        odb.load()


def test_an_object_that_cannot_be_read_is_told(address: Address, odb: ODB) -> None:
    kept(odb, API)
    with closing(connect(address, create=False)) as database:
        database.execute("UPDATE object SET body = ?", ('{"type": "basic_auth", "name": "API"}',))
    with pytest.raises(ODBError, match=r"^an object of `security` in the ODB cannot be read: .*username"):
        odb.load()


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
    max_examples=25,
)
@given(st.lists(snapshots(st.sampled_from(["a", "b", "c"])), max_size=4))
def test_what_is_stored_comes_back_in_every_revision(odb: ODB, wanted: list[Snapshot]) -> None:
    first = odb.current
    stored = [(kept(odb, *snapshot), snapshot) for snapshot in wanted]
    assert [odb.load(number) for number, _ in stored] == [snapshot for _, snapshot in stored]
    assert odb.current == first + len(wanted)


# Owners and the way back


def test_each_object_remembers_who_imported_it_last_in_each_revision(odb: ODB) -> None:
    # Given
    kept(odb, API)
    with odb.importing():
        planned = plan(odb.load(), [API, BROKER], (), Owners(odb.owners(), "team"))
        odb.make_current(odb.stage(planned, variables={}, made_by="me", source={}))

    # Then
    assert odb.owners() == {("security", "API"): "team", ("def_amqp", "Broker"): "team"}
    assert odb.owners(1) == {("security", "API"): "default"}
    assert odb.revisions()[0].changes[0]["owner"] == {"old": "default", "new": "team"}


def test_the_connections_to_ping_are_kept_with_the_revision(odb: ODB) -> None:
    keys = [("outgoing_rest", "CRM"), ("outgoing_amqp", "Zażółć")]
    with odb.importing():
        revision = odb.stage(plan(odb.load(), [API]), variables={}, made_by="me", source={}, pings=keys)
        assert odb.pings(revision) == keys
    assert odb.pings(kept(odb, API)) == []


def test_a_revision_that_was_the_current_one_can_be_taken_back(odb: ODB) -> None:
    # Given
    kept(odb, API)
    with odb.importing():
        revision = staged(odb, BROKER)
        odb.make_current(revision)

        # When
        odb.revert(revision, 1)

    # Then
    assert (odb.current, odb.staged) == (1, None)
    assert list(odb.load()) == [API]
    assert kept(odb, BROKER) == 3


def test_only_revisions_that_were_current_are_there_to_go_back_to(odb: ODB) -> None:
    kept(odb, API)
    with odb.importing():
        staged(odb, BROKER)
        for there in (0, 1):
            odb.check_revision(there)
        for number in (2, 3, -1):
            with pytest.raises(ODBError, match=rf"^there is no revision {number}; `zato enmasse --history` lists"):
                odb.check_revision(number)
