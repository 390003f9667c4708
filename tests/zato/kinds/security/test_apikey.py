"""API keys, case C6 of the reference (reliability, section 5.4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.security.apikey import APIKey, APIKeyHandle

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1)


def handle(key: str | None = "secret", **fields: Any) -> APIKeyHandle:
    return APIKeyHandle(APIKey(name="Key", password=key, **fields))


def test_the_right_key_is_accepted() -> None:
    assert handle().authenticate({"HTTP_X_API_KEY": "secret"})


def test_another_header_may_carry_it() -> None:
    definition = handle(header="X-My.Key")

    assert definition.authenticate({"HTTP_X_MY.KEY": "secret"})
    assert not definition.authenticate({"HTTP_X_API_KEY": "secret"})


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HTTP_X_API_KEY": ""},
        {"HTTP_X_API_KEY": "wrong"},
        {"HTTP_X_API_KEY": "Secret"},
        {"HTTP_X_API_KEY": "secret\n"},
        {"HTTP_X_API_KEY": "secret, secret"},
        {"HTTP_X_API_KEY": "\u00ff\u0142"},
        {"QUERY_STRING": "X-API-Key=secret"},
        {"X-API-Key": "secret"},
    ],
)
def test_anything_else_is_refused(environ: dict[str, str]) -> None:
    assert not handle().authenticate(environ)


@pytest.mark.parametrize("key", ["", None])
def test_an_empty_key_never_authenticates(key: str | None) -> None:
    definition = handle(key)

    assert not definition.authenticate({})
    assert not definition.authenticate({"HTTP_X_API_KEY": ""})
    assert definition.definition.missing_secret() == "password"
    assert handle().definition.missing_secret() is None


@given(key=KEYS, sent=KEYS)
def test_what_one_side_signs_the_other_accepts_and_nothing_else(key: str, sent: str) -> None:
    headers: dict[str, str] = {}
    definition = handle(key)

    definition.sign(headers)

    assert headers == {"X-API-Key": key}
    assert definition.authenticate({"HTTP_X_API_KEY": headers["X-API-Key"]})
    assert definition.authenticate({"HTTP_X_API_KEY": sent}) == (sent == key)


def test_a_401_asks_for_nothing() -> None:
    assert not handle().challenge


def test_the_key_is_not_shown() -> None:
    definition = handle("canary-5f1e")

    assert "canary-5f1e" not in repr(definition.definition)
    assert "canary-5f1e" not in repr(definition)
