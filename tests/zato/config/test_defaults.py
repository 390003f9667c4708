"""Where 3.2 and 4.x take different defaults, there is one here, whatever vocabulary a file is written in."""

from __future__ import annotations

import pytest

from tests.zato.config.checking import Check

SECURITY = "name: A, username: u, password: p"
CHANNEL = "name: A, service: s, url_path: /a"
CONNECTION = "name: A, host: 'http://h', url_path: /a"
SOAP = f"{CONNECTION}, soap_action: a"
JOB = "name: A, service: s, job_type: interval_based, days: 1"


@pytest.mark.parametrize(
    ("section", "fields", "field", "value"),
    [
        # data_format of REST channels and outgoing REST: none in 3.2 and 4.x files, where json is meant
        ("channel_rest", CHANNEL, "data_format", "json"),
        ("channel_plain_http", CHANNEL, "data_format", "json"),
        ("channel_rest", f"{CHANNEL}, data_format: ''", "data_format", ""),
        ("channel_rest", f"{CHANNEL}, data_format: null", "data_format", ""),
        ("outgoing_rest", CONNECTION, "data_format", "json"),
        ("outconn_plain_http", CONNECTION, "data_format", "json"),
        ("outgoing_rest", f"{CONNECTION}, data_format: ''", "data_format", ""),
        # timeout of outgoing connections: 10 s in 3.2, 60 s in 4.x
        ("outgoing_rest", CONNECTION, "timeout", 120.0),
        ("outconn_plain_http", CONNECTION, "timeout", 120.0),
        ("outgoing_soap", SOAP, "timeout", 120.0),
        ("outconn_soap", SOAP, "timeout", 120.0),
        # ping_method: HEAD in 3.2, GET in 4.x
        ("outgoing_rest", CONNECTION, "ping_method", "HEAD"),
        ("outconn_plain_http", f"{CONNECTION}, ping_method: ''", "ping_method", "HEAD"),
        ("outgoing_soap", SOAP, "ping_method", "HEAD"),
        # is_active of jobs: true in 3.2, false in 4.x
        ("scheduler", JOB, "is_active", True),
        ("scheduler", f"{JOB}, is_active: false", "is_active", False),
        ("channel_rest", CHANNEL, "is_active", True),
        # data_format of bearer tokens: json in 3.2, form in 4.x
        ("security", f"{SECURITY}, type: bearer_token", "data_format", "form"),
        ("def_sec", f"{SECURITY}, type: oauth", "data_format", "form"),
        ("oauth", SECURITY, "data_format", "form"),
        # header of API keys: a server's setting in 3.2
        ("security", "name: A, password: p, type: apikey", "header", "X-API-Key"),
        ("apikey", "name: A, password: p", "header", "X-API-Key"),
        # realm: required in 3.2
        ("security", f"{SECURITY}, type: basic_auth", "realm", "zato"),
        ("basic_auth", SECURITY, "realm", "zato"),
        # match_slash and the order of parameters: as in 3.2
        ("channel_rest", CHANNEL, "match_slash", False),
        ("channel_rest", CHANNEL, "url_params_pri", "qs-over-path"),
        ("channel_rest", CHANNEL, "params_pri", "channel-params-over-msg"),
        ("channel_rest", CHANNEL, "merge_url_params_req", True),
    ],
)
def test_there_is_one_default(check: Check, section: str, fields: str, field: str, value: object) -> None:
    assert getattr(check.object(f"{section}: [{{{fields}}}]"), field) == value
