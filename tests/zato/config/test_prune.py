from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zato.config.objects import snapshots
from zato.config.load import Wanted, load
from zato.config.merge import Part
from zato.config.prune import Scope, limit_of
from zato.config.sections import SECTIONS
from zato.config.snapshot import Key, Snapshot, key_of
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth

API = BasicAuth(name="API", username="api", password="s3cret")
KEY = APIKey(name="Key", password="s3cret")
BROKER = DefAMQP(name="Broker", host="h", password="s3cret")
CHANNEL = ChannelREST(name="Get user", service="s", url_path="/user", security="API")

_NAMES = st.sampled_from(["a", "b", "c"])
_PARTS = st.sampled_from([(name, tag) for name, section in SECTIONS.items() for tag in (None, *section.kinds)])


@given(
    snapshots(_NAMES),
    st.sets(_PARTS),
    st.sets(st.tuples(st.sampled_from(list(SECTIONS)), _NAMES)),
    st.dictionaries(st.tuples(st.sampled_from(list(SECTIONS)), _NAMES), st.sampled_from(["default", "us", "them"])),
    st.sampled_from(["default", "us"]),
)
def test_only_the_owners_unprotected_objects_of_named_sections_that_the_files_do_not_hold_may_go(
    existing: Snapshot, sections: set[Part], named: set[Key], owners: dict[Key, str], owner: str
) -> None:
    unwanted = Scope(owner, owners).unwanted(existing, sections, named)
    gone, kept = set(unwanted.gone), set(unwanted.kept)

    for thing in existing:
        key, tag = key_of(thing), thing.__struct_config__.tag
        is_unwanted = (
            key not in named
            and owners.get(key, "default") == owner
            and ((thing.section, None) in sections or (thing.section, tag) in sections)
        )
        assert (key in gone) == (is_unwanted and not thing.protected)
        assert (key in kept) == (is_unwanted and thing.protected)
    assert gone | kept <= {key_of(thing) for thing in existing}


def loaded(tmp_path: Path, text: str, existing: Snapshot, owners: dict[Key, str] | None = None) -> Wanted:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    return load([str(file)], {}, existing, Scope("default", owners or {}))


def test_an_empty_list_means_none_of_a_section_and_an_absent_section_is_left_alone(tmp_path: Path) -> None:
    existing = Snapshot([API, BROKER])

    assert loaded(tmp_path, "def_amqp: []", existing).unwanted.gone == [("def_amqp", "Broker")]
    assert loaded(tmp_path, "def_amqp:\nsecurity: []", existing).unwanted.gone == [("security", "API")]
    assert loaded(tmp_path, "channel_rest: []", existing).unwanted.gone == []


def test_the_section_of_one_type_says_nothing_of_others(tmp_path: Path) -> None:
    assert loaded(tmp_path, "basic_auth: []", Snapshot([API, KEY])).unwanted.gone == [("security", "API")]
    assert loaded(tmp_path, "security: []", Snapshot([API, KEY])).unwanted.gone == [
        ("security", "API"),
        ("security", "Key"),
    ]


def test_nothing_goes_because_of_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    wanted = loaded(tmp_path, "include: [none.yaml]\nsecurity: []", Snapshot([API]))

    assert wanted.unwanted.gone == []
    assert len(wanted.problems.errors) == 1


def test_a_faulty_object_is_still_held_by_the_files(tmp_path: Path) -> None:
    wanted = loaded(tmp_path, "security: [{name: API, type: basic_auth, usrname: api}]", Snapshot([API]))

    assert wanted.unwanted.gone == []


def test_what_refers_to_something_that_would_go_is_told_in_the_odb_and_in_the_files(tmp_path: Path) -> None:
    # Given
    existing = Snapshot([API, CHANNEL])

    # When
    wanted = loaded(tmp_path, "security: []", existing)

    # Then
    assert [str(problem) for problem in wanted.problems.errors] == [
        (
            "ODB: channel_rest/Get user/security: it refers to `API` of `security`, which --prune would delete"
            " (keep `API` in the files, or change what refers to it first)"
        )
    ]

    # When
    text = "security: []\nchannel_rest:\n- {name: Get user, service: s, url_path: /user, security: API}"
    wanted = loaded(tmp_path, text, existing)

    # Then
    assert [str(problem) for problem in wanted.problems.errors] == [
        (
            f"{tmp_path}/c.yaml:3:59: channel_rest/Get user/security: there is no `API` in `security`"
            " (define it in `security`)"
        )
    ]

    # When
    assert loaded(tmp_path, "security: []\nchannel_rest: []", existing).problems.errors == []


def test_a_channel_may_take_the_place_of_one_that_goes(tmp_path: Path) -> None:
    text = "channel_rest: [{name: Renamed, service: s, url_path: /user, security: API}]"

    wanted = loaded(tmp_path, text, Snapshot([API, CHANNEL]))

    assert (wanted.unwanted.gone, wanted.problems.errors) == ([("channel_rest", "Get user")], [])


def test_a_protected_object_stays_until_its_own_file_says_otherwise(tmp_path: Path) -> None:
    existing = Snapshot([msgspec.structs.replace(API, protected=True)])

    assert loaded(tmp_path, "security: []", existing).unwanted.gone == []


@pytest.mark.parametrize(
    ("given", "objects", "limit"),
    [
        (None, 0, 10),
        (None, 109, 10),
        (None, 1000, 100),
        ("0", 1000, 0),
        ("3", 1000, 3),
        ("5%", 1000, 50),
        ("100%", 7, 7),
        ("50%", 7, 3),
    ],
)
def test_how_many_may_go_is_a_number_or_a_share(given: str | None, objects: int, limit: int) -> None:
    assert limit_of(given, objects) == limit


@pytest.mark.parametrize("limit", ["", "%", "x", "-1", "1.5", "5 %", "5%%", "٣"])
def test_another_limit_is_refused(limit: str) -> None:
    with pytest.raises(ValueError, match=f"^`{re.escape(limit)}` is neither a number of objects nor a percentage of"):
        limit_of(limit, 100)
