"""Basic Auth, cases C1 to C4 of the reference (reliability, section 5.4)."""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.security.basic_auth import BasicAuth, BasicAuthHandle

TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1)
USERNAMES = TEXTS.filter(lambda text: ":" not in text)


def handle(username: str = "api", password: str | None = "secret", **fields: Any) -> BasicAuthHandle:
    return BasicAuthHandle(BasicAuth(name="API", username=username, password=password, **fields))


def environ(credentials: str | bytes, scheme: str = "Basic") -> dict[str, str]:
    raw = credentials.encode() if isinstance(credentials, str) else credentials
    return {"HTTP_AUTHORIZATION": f"{scheme} {b64encode(raw).decode()}"}


def test_the_right_credentials_are_accepted() -> None:
    assert handle().authenticate(environ("api:secret"))


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "bAsIc"])
def test_the_scheme_may_be_written_in_any_case(scheme: str) -> None:
    assert handle().authenticate(environ("api:secret", scheme))


def test_a_password_may_hold_colons() -> None:
    assert handle(password="a:b:").authenticate(environ("api:a:b:"))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic %%%",
        "Basic YXBp",
        "Basic YXBpc2VjcmV0",
        "Basic YXBpOnNlY3JldA",
        "Basic YXBpOnNlY3JldA==x",
        "Basic " + b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + "A" * 100_000,
        "Basic \u00ff\u0142",
        "Bearer YXBpOnNlY3JldA==",
        "YXBpOnNlY3JldA==",
        "Basic  ",
        "BasicYXBpOnNlY3JldA==",
    ],
)
def test_anything_else_is_refused(header: str | None) -> None:
    assert not handle().authenticate({} if header is None else {"HTTP_AUTHORIZATION": header})


@pytest.mark.parametrize("credentials", ["api:wrong", "other:secret", "api:", "api:secret ", "API:secret", ":", ""])
def test_wrong_credentials_are_refused(credentials: str) -> None:
    assert not handle().authenticate(environ(credentials))


@pytest.mark.parametrize("password", ["", None])
def test_an_empty_password_never_authenticates(password: str | None) -> None:
    definition = handle(password=password)

    assert not definition.authenticate(environ("api:"))
    assert not definition.authenticate(environ("api:None"))
    assert not definition.authenticate({})
    assert definition.definition.missing_secret() == "password"
    assert handle().definition.missing_secret() is None


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_clients_may_encode_as_utf8_or_latin1(encoding: str) -> None:
    assert handle("jürgen", "größe").authenticate(environ("jürgen:größe".encode(encoding)))


@pytest.mark.parametrize(
    "encoding",
    [
        "ascii",
        "latin-1",
    ],
)
def test_what_an_encoding_cannot_hold_does_not_become_question_marks(encoding: str) -> None:
    assert not handle("api", "żółć").authenticate(environ("api:żółć".encode(encoding, "replace")))


@given(username=USERNAMES, password=TEXTS)
def test_what_one_side_signs_the_other_accepts(username: str, password: str) -> None:
    headers: dict[str, str] = {}
    definition = handle(username, password)

    definition.sign(headers)

    assert headers["Authorization"].isascii()
    assert definition.authenticate({"HTTP_AUTHORIZATION": headers["Authorization"]})


@given(password=TEXTS, given_password=st.text())
def test_only_the_password_is_accepted(password: str, given_password: str) -> None:
    credentials = f"api:{given_password}".encode("utf-8", "replace")

    accepted = handle(password=password).authenticate(environ(credentials))

    assert accepted == (given_password == password)


@pytest.mark.parametrize("header", [{}, environ("api:wrong"), environ("x:y"), {"HTTP_AUTHORIZATION": "Basic %%%"}])
def test_each_refusal_compares_as_much_as_a_success(header: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    # Given
    compared: list[bytes] = []

    def compare(given_one: bytes, expected: bytes) -> bool:
        compared.append(expected)
        return compare_digest(given_one, expected)

    compare_digest = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", compare)
    definition = handle()

    # When
    definition.authenticate(environ("api:secret"))
    success, compared = compared, []
    definition.authenticate(header)

    # Then
    assert compared == success != []


def test_a_401_names_the_realm() -> None:
    assert handle().challenge == 'Basic realm="zato"'
    assert handle(realm="My API").challenge == 'Basic realm="My API"'


def test_the_password_is_not_shown() -> None:
    definition = handle(password="canary-5f1e")

    assert "canary-5f1e" not in repr(definition.definition)
    assert "canary-5f1e" not in repr(definition)
