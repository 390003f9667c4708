"""Channels that Zato guards with roles, or with definitions named by a number, do not become open ones."""

from __future__ import annotations

import pytest

from tests.zato.config.checking import Check


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("has_rbac: true", "`has_rbac`"),
        ("sec_use_rbac: true", "`sec_use_rbac`"),
        ("security_id: ZATO_SEC_USE_RBAC", "`security_id: ZATO_SEC_USE_RBAC`"),
    ],
)
def test_roles_in_place_of_security_are_an_error(check: Check, written: str, told: str) -> None:
    errors = check.errors(f"channel_rest: [{{name: A, service: a, url_path: /a, {written}}}]")

    field = written.partition(":")[0]
    hint = "role-based access control is not supported; name a security definition in `security`"
    assert errors == [f"c.yaml:1:52: channel_rest/A/{field}: {told} cannot be honoured ({hint})"]


@pytest.mark.parametrize("written", ["has_rbac: false", "sec_use_rbac: ''", "security_id: null"])
def test_what_exports_write_without_roles_is_read(check: Check, written: str) -> None:
    assert not check.errors(f"channel_rest: [{{name: A, service: a, url_path: /a, {written}}}]")


@pytest.mark.parametrize("section", ["channel_rest", "outgoing_rest"])
@pytest.mark.parametrize(
    "written", ["security_id: 5", "sec_type: basic_auth", "security_id: 5, sec_type: basic_auth", "security_id: [5]"]
)
def test_security_that_is_not_named_is_an_error(check: Check, section: str, written: str) -> None:
    errors = check.errors(f"{section}: [{{name: A, service: a, host: 'http://a', url_path: /a, {written}}}]")

    first = written.partition(",")[0]
    path = f"{section}/A/{first.partition(':')[0]}"
    message = f"{path}: `{first}` says that there is a security definition, and not which (name it in `security`)"
    assert [error.partition(": ")[2] for error in errors] == [message]


@pytest.mark.parametrize(
    "written", ["security_id: 5, security: S", "sec_type: null", "security_id: ZATO_NONE", "sec_type: ''"]
)
def test_security_that_is_named_or_not_there_is_read(check: Check, written: str) -> None:
    assert not check.errors(
        "security: [{name: S, type: basic_auth, username: u, password: p}]\n"
        f"channel_rest: [{{name: A, service: a, url_path: /a, {written}}}]"
    )
