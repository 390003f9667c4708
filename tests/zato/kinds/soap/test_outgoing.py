"""Outgoing SOAP connections, in the words of both versions (reference: enmasse, section 3.6)."""

from __future__ import annotations

import pytest

from tests.zato.config.checking import Check
from zato.kinds.soap.outgoing import OutgoingSOAP


def test_3_2_is_read(check: Check) -> None:
    text = """\
outconn_soap:
  - {connection: outgoing, transport: soap, name: A, host: "https://a", url_path: /a, sec_def: zato-no-security,
     soap_action: "urn:a", soap_version: 1.2, serialization_type: suds, timeout: "10", pool_size: "5",
     tls_verify: false, ping_method: null, data_format: xml, id: 5}
"""
    assert check.object(text) == OutgoingSOAP(
        name="A",
        host="https://a",
        url_path="/a",
        soap_action="urn:a",
        soap_version="1.2",
        timeout=10.0,
        pool_size=5,
        validate_tls=False,
    )


def test_4_x_is_read(check: Check) -> None:
    text = """\
security: [{name: W, type: wss, mode: username_token, username: u, password: p}]
outgoing_soap:
  - name: A
    host: https://a
    url_path: /a
    security: W
    use_ws_addressing: true
    wsa_action: urn:a
    wsa_to: urn:to
    wsa_reply_to: urn:reply
    use_mtom: true
    tls_client_cert: /c.pem
    tls_client_key: /k.pem
    body_credentials: [{name: user}, {name: pass, position: 2}]
    max_retries: 3
    request_operation: GetUser
    request_message: [{key: id, value: "1", mode: text}]
    request_message_map: '{"a": b}'
    request_soap_headers: [{key: h, value: v, mode: text}]
    response_map: a
    callback_type: service
    callback_name: s
    scheduler_run_every: 5
    health_check_run_every: 5
    health_check_notify_on: all
"""
    *_, connection = check.objects(text)
    assert connection == OutgoingSOAP(
        name="A",
        host="https://a",
        url_path="/a",
        security="W",
        use_ws_addressing=True,
        wsa_action="urn:a",
        wsa_to="urn:to",
        wsa_reply_to="urn:reply",
        use_mtom=True,
        tls_client_cert="/c.pem",
        tls_client_key="/k.pem",
        body_credentials=({"name": "user"}, {"name": "pass", "position": 2}),
        max_retries=3,
        request_operation="GetUser",
        request_message=({"key": "id", "value": "1", "mode": "text"},),
        request_message_map='{"a": b}',
        request_soap_headers=({"key": "h", "value": "v", "mode": "text"},),
        response_map="a",
        callback_type="service",
        callback_name="s",
        scheduler_run_every=5,
        health_check_run_every=5,
        health_check_notify_on="all",
    )


def test_body_credentials_may_be_json(check: Check) -> None:
    text = """outgoing_soap: [{name: A, host: "http://a", url_path: /a, body_credentials: '[{"name": "user"}]'}]"""
    connection = check.object(text)
    assert isinstance(connection, OutgoingSOAP)
    assert connection.body_credentials == ({"name": "user"},)


@pytest.mark.parametrize("field", ["username", "password"])
def test_credentials_live_in_a_security_definition(check: Check, field: str) -> None:
    (error,) = check.errors(f'outgoing_soap: [{{name: A, host: "http://a", url_path: /a, {field}: x}}]')
    assert f"outgoing_soap/A/{field}: `{field}` cannot be honoured" in error


def test_they_are_kept_and_it_is_told_that_using_one_fails(check: Check) -> None:
    assert check.problems("outgoing_soap: [{name: A, host: 'http://a', url_path: /a, max_retries: 5}]") == [
        "c.yaml:1:17: warning: `outgoing_soap` cannot be used yet: A (they are kept, and using one fails)"
    ]
