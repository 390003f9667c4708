from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.common.ext.bunch import Bunch, bunchify, unbunchify

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_keys_are_attributes() -> None:
    bunch = Bunch(a=1)
    bunch.b = 2
    bunch["c"] = 3
    del bunch.a
    assert bunch == {"b": 2, "c": 3}
    assert (bunch.b, bunch.c, hasattr(bunch, "a")) == (2, 3, False)
    assert repr(bunch) == "Bunch(b=2, c=3)"


def test_what_is_missing_raises_as_for_objects_and_for_dicts() -> None:
    bunch = Bunch()
    with pytest.raises(AttributeError, match="a"):
        _ = bunch.a
    with pytest.raises(AttributeError, match="a"):
        del bunch.a
    with pytest.raises(KeyError, match="a"):
        _ = bunch["a"]


def test_methods_of_dicts_win_over_keys() -> None:
    bunch = Bunch({"items": 1})
    assert bunch["items"] == 1
    assert list(bunch.items()) == [("items", 1)]


def test_bunches_are_copied_pickled_and_sent_as_json() -> None:
    bunch = Bunch(a=Bunch(b=[1]))
    assert type(bunch.copy()) is Bunch
    assert copy.deepcopy(bunch).a.b == [1]
    assert pickle.loads(pickle.dumps(bunch)) == bunch
    assert json.loads(json.dumps(bunch)) == {"a": {"b": [1]}}


def test_dicts_within_become_bunches_and_dicts_again() -> None:
    plain = {"a": [{"b": ({"c": 1},)}]}
    bunch = Bunch.fromDict(plain)
    assert bunch.a[0].b[0].c == 1
    assert bunch.toDict() == plain
    assert type(bunch.toDict()["a"][0]) is dict


@given(JSON)
def test_nothing_is_lost_on_the_way_there_and_back(value: Any) -> None:
    assert unbunchify(bunchify(value)) == value
