from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zato.kinds.redact import is_secret_name, may_hold_secrets, redacted, redacted_value

CANARY = "S3CRET"


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "apikey", "API-KEY", "apiKey", "key", "X-Amz-Signature", "access_token", "accessToken", "TOKEN",
        "client_secret", "password", "passwd", "pwd", "auth", "sig", "X-Amz-Credential", "credentials", "api%5Fkey",
        "refreshtoken", "tokens", "user.password",
    ],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["monkey", "keyword", "author", "design", "signed", "tokenizer", "passenger", "UserName", "id", "compass"]
)
def test_names_that_only_look_like_it_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("user=a&api_key=S3CRET&b=c", "user=a&api_key=***&b=c"),
        ("https://crm/a?token=S3CRET#x", "https://crm/a?token=***#x"),
        ("api%5Fkey=S3CRET", "api%5Fkey=***"),
        ("https://user:S3CRET@crm/a", "https://***@crm/a"),
        ("https://S3CRET@crm", "https://***@crm"),
        ("https://user:S3@CRET@crm", "https://***@crm"),
        ("https://user:S3/CRET@crm", "https://***@crm"),
        ("https://user:S3 CRET@crm", "https://***@crm"),
        ("amqp://guest:S3CRET@[::1]:5672/vhost", "amqp://***@[::1]:5672/vhost"),
        ("guest:S3CRET@rabbit", "***@rabbit"),
        ("the value `guest:S3CRET@rabbit` is wrong", "the value `***@rabbit` is wrong"),
        ("`https://user:S3CRET@crm` and `amqp://user:S3CRET@mq`", "`https://***@crm` and `amqp://***@mq`"),
        ("http://host:8080/users/me@example.com", "http://host:8080/users/me@example.com"),
        ("http://host/users/me@example.com", "http://host/users/me@example.com"),
        ("http://[::1]:8080/users/me@example.com", "http://[::1]:8080/users/me@example.com"),
        ("http://host/a?mail=me@example.com", "http://host/a?mail=me@example.com"),
        ("at c.yaml:3:5: ask me@example.com", "at c.yaml:3:5: ask me@example.com"),
    ],
)
def test_credentials_become_stars_and_the_rest_stays(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_whatever_is_in_a_value_is_redacted() -> None:
    value = {"a": ["client_secret=S3CRET", {"b": "https://u:S3CRET@h"}], "password": "S3CRET", "n": 1, "t": ("x=y",)}
    assert redacted_value(value) == {
        "a": ["client_secret=***", {"b": "https://***@h"}], "password": "***", "n": 1, "t": ("x=y",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            {"key": "Authorization", "value": "S3CRET", "mode": "text"},
            {"key": "Authorization", "value": "***", "mode": "text"},
        ),
        ({"name": "X-Token", "value": "S3CRET"}, {"name": "X-Token", "value": "***"}),
        ({"key": "a", "value": "b", "token": "S3CRET"}, {"key": "a", "value": "b", "token": "***"}),
        ({"key": "S3CRET"}, {"key": "***"}),
        ("authorization=Bearer S3CRET", "authorization=***"),
        ("a=b c\nclient_assertion = the S3CRET\nd=e", "a=b c\nclient_assertion =***\nd=e"),
    ],
)
def test_a_value_goes_with_the_name_beside_it(value: Any, shown: Any) -> None:
    assert redacted_value([value]) == [shown]


@pytest.mark.parametrize(
    "value",
    ["k=v", "/x?a=b", "https://u:p@h", ["k=v"], ({"key": "a", "value": "b"},), {"token": "a"}, {"a": {"b": ["c=d"]}}],
)
def test_a_secret_may_be_in_pairs_and_in_urls(value: Any) -> None:
    assert may_hold_secrets(value)


@pytest.mark.parametrize("value", ["", "http://crm", "/a/b", ["a", "b"], ({"limit": 1},), {"a": "b"}, 5, None])
def test_no_secret_is_in_plain_values(value: Any) -> None:
    assert not may_hold_secrets(value)


@given(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.from_regex(r"[a-z]{1,8}", fullmatch=True))
def test_a_password_in_a_url_is_never_shown(user: str, around: str) -> None:
    assert CANARY not in redacted(f"https://{user}:{around}{CANARY}{around}@host/{around}")


@pytest.mark.parametrize(
    "text", ["a" * 50_000 + "@=", "://" * 20_000 + "@=", "a:b," * 10_000 + " @=", "`a:" * 10_000, "\n" * 50_000 + "="]
)
def test_long_texts_do_not_take_long(text: str) -> None:
    began = time.process_time()
    redacted_value(text)
    assert time.process_time() - began < 5
