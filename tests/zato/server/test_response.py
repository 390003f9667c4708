from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zato.server.response import Response


class WithDict:
    def to_dict(self) -> dict[str, int]:
        return {"a": 1}


class WithJSON:
    def to_json(self) -> str:
        return '{"a": 1}'


@pytest.mark.parametrize(
    ("assigned", "stored"),
    [
        ("text", "text"),
        (b"bytes", b"bytes"),
        ({"a": 1}, {"a": 1}),
        ([1], [1]),
        ((1,), (1,)),
        (True, True),
        (1.5, 1.5),
        (WithDict(), {"a": 1}),
        (WithJSON(), '{"a": 1}'),
    ],
)
def test_what_a_payload_becomes(assigned: Any, stored: Any) -> None:
    response = Response()
    response.payload = assigned
    assert response.payload == stored


@pytest.mark.parametrize("empty", [None, "", b"", {}, [], 0, False])
def test_what_is_empty_leaves_the_payload_as_it_is(empty: Any) -> None:
    response = Response()
    response.payload = "before"
    response.payload = empty
    assert response.payload == "before"


@pytest.mark.parametrize("value", [object(), dt.date(2024, 2, 29), {1, 2}])
def test_what_cannot_be_sent_is_refused_at_once(value: Any) -> None:
    with pytest.raises(TypeError, match="Cannot serialise value without SimpleIO output declaration"):
        Response().payload = value


def test_the_defaults_are_the_documented_ones() -> None:
    response = Response()
    assert (response.payload, response.status_code, response.status_message, response.content_type) == (
        "", 200, "OK", "text/plain",
    )  # fmt: skip
    assert (response.content_encoding, response.headers) == (None, {})
    response.content_type = "text/csv"
    assert response.content_type == "text/csv"
