"""Secrets from variables in fields that are not secrets themselves: rows, pairs, query strings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.zato_cli.enmasse.importing import Importer
from tests.zato_cli.running import Outcome

ENVIRONMENT = "TOK=Bearer {canary}\nPART={canary}\n"
REST = {"name": "CRM", "host": "http://crm", "url_path": "/crm"}
BEARER = {
    "name": "T", "type": "bearer_token", "username": "u", "password": "${PART}", "auth_endpoint": "http://auth/token",
}  # fmt: skip
JOB = {
    "name": "J", "service": "s", "job_type": "interval_based", "start_date": "2026-01-01 00:00:00", "minutes": 5,
}  # fmt: skip
GIVEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("outgoing_rest", REST, {"request_headers": [{"key": "Authorization", "value": "${TOK}", "mode": "text"}]}),
    ("outgoing_rest", REST, {"request_headers": [{"key": "X-Api-Key", "value": "v1 ${PART}", "mode": "text"}]}),
    ("outgoing_rest", REST, {"request_query_string": [{"key": "token", "value": "${PART}", "mode": "text"}]}),
    ("security", BEARER, {"extra_fields": ["assertion=${TOK}"]}),
    ("security", BEARER, {"extra_fields": ["resource=a", "client_secret=${PART}"]}),
    ("outgoing_rest", REST, {"url_path": "/x?key=${PART}"}),
    ("scheduler", JOB, {"extra": "api_key=${TOK}"}),
    ("scheduler", JOB, {"extra": ["a=b", "api_key=${TOK}"]}),
]


@pytest.fixture
def canary(importer: Importer) -> Callable[..., Outcome]:
    """Runs `zato enmasse` with an --env-file in which every variable holds a canary."""

    def given(*arguments: str, value: str = "c4nary") -> Outcome:
        Path("env.ini").write_text(ENVIRONMENT.format(canary=value))
        return importer(*arguments, "--env-file", "env.ini")

    return given


@pytest.mark.parametrize(("section", "thing", "fields"), GIVEN)
def test_it_is_shown_nowhere_and_leaves_as_it_was_written(
    importer: Importer, canary: Callable[..., Outcome], section: str, thing: dict[str, Any], fields: dict[str, Any]
) -> None:
    # Given
    importer.write(**{section: [{**thing, **fields}]})
    path = f"{section}/{thing['name']}"

    # When
    shown = [
        canary("--plan", "--out", "plan.json", "--input", "c.yaml"),
        canary("--import", "--input", "c.yaml"),
        canary("--plan", "--input", "c.yaml", value="c4nary2"),
        canary("--plan", "--json", "--input", "c.yaml", value="c4nary2"),
        canary("--import", "--replace", "--input", "c.yaml", value="c4nary2"),
        importer("--history", "--json"),
        importer("--diff", "1", "2"),
        importer("--explain", path),
        canary("--explain", path, "--input", "c.yaml"),
        importer("--export-odb", "--output", "-"),
        importer("--export-odb", "--output", "new.yaml"),
    ]

    # Then
    assert [outcome for outcome in shown if outcome.code not in {0, 2}] == []
    assert "c4nary" not in repr(shown)
    assert "c4nary" not in Path("new.yaml").read_text() + Path("plan.json").read_text()
    assert canary("--plan", "--input", "new.yaml", value="c4nary2").out.endswith("1 unchanged\n")


def test_any_pair_from_a_variable_leaves_as_it_was_written(importer: Importer, canary: Callable[..., Outcome]) -> None:
    importer.write(scheduler=[{**JOB, "extra": "k=${TOK}"}], outgoing_rest=[{**REST, "url_path": "/${PART}"}])
    canary("--import", "--input", "c.yaml")

    exported = importer("--export-odb", "--output", "-").out

    assert "extra: k=${TOK}\n" in exported
    assert "url_path: /c4nary\n" in exported
