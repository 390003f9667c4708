"""SOAP channels, in the words of both versions (reference: enmasse, section 3.4)."""

from __future__ import annotations

import pytest

from tests.zato.config.checking import Check
from zato.config.snapshot import Snapshot
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.soap.channel import ChannelSOAP


def test_3_2_is_read(check: Check) -> None:
    text = """\
channel_soap:
  - {connection: channel, transport: soap, name: A, service: s, service_name: s, url_path: /a, sec_def: ZATO_NONE,
     soap_action: "urn:a", soap_version: 1.2, data_format: xml, merge_url_params_req: true, http_accept: "*/*",
     url_params_pri: path-over-qs, params_pri: msg-over-channel-params, method: "", content_encoding: null,
     cache_id: null, has_rbac: false, id: 5, opaque1: null}
"""
    assert check.object(text) == ChannelSOAP(
        name="A",
        service="s",
        url_path="/a",
        soap_action="urn:a",
        soap_version="1.2",
        data_format="xml",
        url_params_pri="path-over-qs",
        params_pri="msg-over-channel-params",
    )


def test_4_x_is_read(check: Check) -> None:
    text = """\
groups: [{name: G}]
channel_soap:
  - {name: A, service: s, url_path: /a, groups: [G], use_mtom: true, method: POST, content_type: text/xml, timeout: 20,
     is_active: false, is_audit_log_active: true, rate_limiting: [{cidr_list: [10.0.0.0/8]}],
     response_cache: {is_enabled: true}}
"""
    *_, channel = check.objects(text)
    assert channel == ChannelSOAP(
        name="A",
        service="s",
        url_path="/a",
        groups=("G",),
        use_mtom=True,
        method="POST",
        content_type="text/xml",
        timeout=20.0,
        is_active=False,
        rate_limiting=({"cidr_list": ["10.0.0.0/8"]},),
        response_cache={"is_enabled": True},
    )


@pytest.mark.parametrize(
    ("written", "meant"), [("1.1", "1.1"), ("1.2", "1.2"), ("'1.2'", "1.2"), ("''", "1.1"), ("null", "1.1")]
)
def test_the_version_may_be_written_as_a_number(check: Check, written: str, meant: str) -> None:
    channel = check.object(f"channel_soap: [{{name: A, service: s, url_path: /a, soap_version: {written}}}]")
    assert isinstance(channel, ChannelSOAP)
    assert channel.soap_version == meant


def test_there_is_no_other_version(check: Check) -> None:
    (error,) = check.errors("channel_soap: [{name: A, service: s, url_path: /a, soap_version: 1.3}]")
    assert error.startswith("c.yaml:1:66: channel_soap/A/soap_version: `1.3` is not one of 1.1, 1.2")


def test_they_are_kept_and_it_is_told_that_nothing_answers(check: Check) -> None:
    problems = check.problems(
        """\
channel_soap:
  - {name: A, service: s, url_path: /a, timeout: 5}
  - {name: B, service: s, url_path: /b}
"""
    )
    assert problems == [f"c.yaml:2:5: warning: `channel_soap` cannot be used yet: A, B ({ChannelSOAP.pending})"]


def test_a_bad_path_is_told(check: Check) -> None:
    assert check.errors("channel_soap: [{name: A, service: s, url_path: a}]") == [
        "c.yaml:1:48: channel_soap/A/url_path: a URL path starts with `/`"
    ]


@pytest.mark.parametrize(
    ("soap", "rest", "is_conflict"),
    [
        ("url_path: /a", "url_path: /a", True),
        ("url_path: '/a/{x}'", "url_path: '/a/{y}'", True),
        ("url_path: /a, method: POST", "url_path: /a, method: POST", True),
        ("url_path: /a, soap_action: 'urn:a'", "url_path: /a", False),
        ("url_path: /a, method: POST", "url_path: /a, method: GET", False),
        ("url_path: /a", "url_path: /b", False),
        ("url_path: /a, is_active: false", "url_path: /a", False),
    ],
)
def test_one_request_is_not_answered_by_soap_and_rest(check: Check, soap: str, rest: str, is_conflict: bool) -> None:
    # Given
    channels = f"channel_soap:\n  - {{name: A, service: s, {soap}}}\n"
    rest_channel = f"channel_rest:\n  - {{name: A, service: s, {rest}}}\n"

    # Then
    errors = check.errors(channels + rest_channel)
    assert len(errors) == is_conflict
    assert all("`A` and `A` answer the same request" in error for error in errors)


def test_soap_actions_tell_channels_at_one_path_apart(check: Check) -> None:
    channel = "  - {{name: {0}, service: s, url_path: /a, soap_action: {1}}}\n"
    two = "channel_soap:\n" + channel.format("A", "'urn:a'") + channel.format("B", "'urn:b'")
    assert check.errors(two) == []
    assert check.errors(two + channel.format("C", "'urn:a'")) == [
        (
            "c.yaml:4:37: channel_soap/C/url_path: `C` and `A` answer the same request, any method /a"
            " (the other one is at c.yaml:2:37)"
        )
    ]


def test_a_channel_of_the_odb_takes_part(check: Check) -> None:
    stored = Snapshot([ChannelREST(name="R", service="s", url_path="/a")])
    assert check.errors("channel_soap: [{name: A, service: s, url_path: /a}]", odb=stored) == [
        (
            "c.yaml:1:48: channel_soap/A/url_path: `A` and `R` answer the same request, any method /a"
            " (the other one is in the ODB)"
        )
    ]
