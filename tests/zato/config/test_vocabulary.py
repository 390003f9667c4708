"""Files as Zato 3.2 and 4.x write them (reference: enmasse, sections 2, 3, 7 and 8)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.zato.config.checking import Check
from zato.kinds.amqp.channel import ChannelAMQP
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.apikey import APIKey
from zato.kinds.security.basic_auth import BasicAuth

ENVIRON = {"Orders_Password": "p1", "Partner_Secret": "p2", "Partner_Host": "partner.example.com"}
ENVIRON |= {"Rabbit_Password": "p3", "Orders_Key": "p4"}

# The samples of section 7, without the sections that are not there yet

SIMPLE_3_2 = """\
security:
  - {name: Orders API, type: basic_auth, username: orders, realm: Orders, password: Zato_Enmasse_Env.Orders_Password}
channel_rest:
  - name: Get Order
    service: orders.get
    url_path: /orders/{order_id}
    security_name: Orders API
outgoing_rest:
  - {name: Partner, host: "https://{Zato_Enmasse_Env.Partner_Host}", url_path: /v1/orders,
     security_name: Orders API, tls_verify: false}
"""
OLD_3_2 = """\
def_sec:
  - {name: Orders API, type: basic_auth, username: orders, realm: Orders, is_active: true}
channel_plain_http:
  - {connection: channel, transport: plain_http, name: Get Order, service: orders.get, service_name: orders.get,
     sec_def: Orders API, url_path: "/orders/{order_id}", merge_url_params_req: true}
outconn_plain_http:
  - {connection: outgoing, transport: plain_http, name: Partner, host: "https://example.com", url_path: /v1,
     sec_def: zato-no-security}
def_amqp:
  - name: Main Broker
    host: rabbit.example.com
    port: 5672
    vhost: /
    username: app
    password: Zato_Enmasse_Env.Rabbit_Password
    frame_max: 131072
    heartbeat: 30
channel_amqp:
  - name: Order Events
    def_name: Main Broker
    def_id: 1
    queue: orders.in
    service: orders.on-event
    service_name: orders.on-event
    consumer_tag_prefix: app1
    pool_size: 1
    ack_mode: ack
    prefetch_count: 0
    data_format: json
outconn_amqp:
  - {name: Order Publisher, def_name: Main Broker, def_id: 1, delivery_mode: 2, priority: 5, pool_size: 10,
     content_type: application/json, content_encoding: null, expiration: null, user_id: null, app_id: app1}
"""
AMQP_4 = """\
channel_amqp:
  - name: Order Events
    address: amqp://rabbit.example.com:5672/prod
    username: app
    password: ${Rabbit_Password}
    queue: orders.in
    service: orders.on-event
    ack_mode: ack
    prefetch_count: 50
    pool_size: 1
outgoing_amqp:
  - {name: Order Publisher, address: "rabbit.example.com:5672", username: app,
     password: Zato_Enmasse_Env.Rabbit_Password, delivery_mode: persistent, priority: 5, content_type: application/json}
"""
REST_4 = """\
security:
  - {name: Orders API, type: apikey, header: X-API-Key, password: "${Orders_Key}"}
channel_rest:
  - name: Get Order
    service: orders.get
    url_path: /orders/{order_id}
    security: Orders API
    data_format: json
    rate_limiting:
      - cidr_list: [10.0.0.0/8]
        time_range:
          - {is_all_day: true, rate: 10, burst: 20, limit: 1000, limit_unit: hour, disabled: false, disallowed: false}
    response_cache: {is_enabled: true, ttl: 10, ttl_unit: seconds}
outgoing_rest:
  - name: Partner
    host: https://partner.example.com
    url_path: /v1/orders
    security: Orders API
    timeout: 20
    max_retries: 3
    request_method: POST
    request_headers:
      - {key: X-Source, value: orders, mode: text}
"""


def test_the_simple_vocabulary_of_3_2_is_read(check: Check) -> None:
    assert check.objects(SIMPLE_3_2, ENVIRON) == [
        BasicAuth(name="Orders API", username="orders", realm="Orders", password="p1"),
        ChannelREST(name="Get Order", service="orders.get", url_path="/orders/{order_id}", security="Orders API"),
        OutgoingREST(
            name="Partner",
            host="https://partner.example.com",
            url_path="/v1/orders",
            security="Orders API",
            validate_tls=False,
        ),
    ]


def test_the_old_vocabulary_of_3_2_is_read(check: Check) -> None:
    assert check.objects(OLD_3_2, ENVIRON) == [
        BasicAuth(name="Orders API", username="orders", realm="Orders"),
        ChannelREST(name="Get Order", service="orders.get", url_path="/orders/{order_id}", security="Orders API"),
        OutgoingREST(name="Partner", host="https://example.com", url_path="/v1"),
        DefAMQP(name="Main Broker", host="rabbit.example.com", username="app", password="p3"),
        ChannelAMQP(
            name="Order Events",
            def_name="Main Broker",
            queue="orders.in",
            service="orders.on-event",
            consumer_tag_prefix="app1",
            pool_size=1,
            data_format="json",
        ),
        OutgoingAMQP(name="Order Publisher", def_name="Main Broker", content_type="application/json", app_id="app1"),
    ]


def test_amqp_of_4_x_is_read(check: Check) -> None:
    assert check.objects(AMQP_4, ENVIRON) == [
        ChannelAMQP(
            name="Order Events",
            address="amqp://rabbit.example.com:5672/prod",
            username="app",
            password="p3",
            queue="orders.in",
            service="orders.on-event",
            prefetch_count=50,
            pool_size=1,
        ),
        OutgoingAMQP(
            name="Order Publisher",
            address="rabbit.example.com:5672",
            username="app",
            password="p3",
            content_type="application/json",
        ),
    ]


def test_rest_of_4_x_is_read(check: Check) -> None:
    time_range = {
        "is_all_day": True, "rate": 10, "burst": 20, "limit": 1000, "limit_unit": "hour",
        "disabled": False, "disallowed": False,
    }  # fmt: skip
    assert check.objects(REST_4, ENVIRON) == [
        APIKey(name="Orders API", password="p4"),
        ChannelREST(
            name="Get Order",
            service="orders.get",
            url_path="/orders/{order_id}",
            security="Orders API",
            rate_limiting=({"cidr_list": ["10.0.0.0/8"], "time_range": [time_range]},),
            response_cache={"is_enabled": True, "ttl": 10, "ttl_unit": "seconds"},
        ),
        OutgoingREST(
            name="Partner",
            host="https://partner.example.com",
            url_path="/v1/orders",
            security="Orders API",
            timeout=20.0,
            max_retries=3,
            request_method="POST",
            request_headers=({"key": "X-Source", "value": "orders", "mode": "text"},),
        ),
    ]


def test_both_vocabularies_may_be_mixed_in_one_file(check: Check) -> None:
    old = OLD_3_2.replace("Orders API", "Old API").replace("Get Order", "Old").replace("Partner", "Old Partner")
    text = SIMPLE_3_2 + old.replace("/orders/", "/old/")
    assert len(check.objects(text, ENVIRON)) == 9


# Every field of the reference's tables

EVERY_FIELD: dict[str, tuple[str, dict[str, Any]]] = {
    "basic_auth 3.2": (
        "security",
        {"id": 7, "name": "A", "type": "basic_auth", "is_active": True, "username": "u", "password": "p",
         "realm": "r", "is_rate_limit_active": "False", "rate_limit_type": "APPROXIMATE", "rate_limit_def": "*=1/m",
         "rate_limit_check_parent_def": False, "cluster_id": 1},
    ),
    "basic_auth 4.x": (
        "security",
        {"name": "A", "type": "basic_auth", "username": "u", "password": "p", "realm": "r",
         "rate_limiting": [{"cidr_list": ["0.0.0.0/0"], "time_range": [{"is_all_day": True}]}], "quota_tier": None},
    ),
    "basic_auth as a section": ("basic_auth", {"name": "A", "username": "u", "password": "p", "realm": "r"}),
    "apikey 3.2": (
        "def_sec", {"name": "A", "type": "apikey", "username": "random", "password": "p", "header": "X-Key"}
    ),
    "apikey 4.x": ("security", {"name": "A", "type": "apikey", "password": "p", "header": "X-Key"}),
    "apikey as a section": ("apikey", {"name": "A", "password": "p"}),
    "channel_rest 3.2": (
        "channel_rest",
        {"name": "A", "service": "s", "service_name": "s", "url_path": "/a", "security_name": "zato-no-security",
         "security": None, "sec_def": None, "security_groups": [], "connection": "channel", "transport": "plain_http",
         "is_active": True, "is_internal": False, "data_format": "", "method": "", "http_accept": "*/*",
         "match_slash": True, "content_type": None, "content_encoding": "", "merge_url_params_req": True,
         "url_params_pri": "qs-over-path", "params_pri": "channel-params-over-msg", "timeout": 10, "cache_id": None,
         "cache_expiry": 0, "service_whitelist": ["a", "b"], "has_rbac": False, "sec_use_rbac": False,
         "is_rate_limit_active": None, "rate_limit_type": None, "rate_limit_def": None,
         "rate_limit_check_parent_def": None, "is_audit_log_sent_active": False, "is_audit_log_received_active": True,
         "max_len_messages_sent": 50, "max_len_messages_received": 50, "max_bytes_per_message_sent": 500,
         "max_bytes_per_message_received": 500, "hl7_version": None, "json_path": None, "data_encoding": "utf-8",
         "should_parse_on_input": False, "should_validate": False, "should_return_errors": False, "opaque1": "{}",
         "ping_method": None, "pool_size": None, "soap_action": "", "soap_version": None, "security_id": None,
         "service_id": 5, "cluster_id": 1, "id": 12, "host": None, "serialization_type": "string", "sec_type": None,
         "sec_tls_ca_cert_id": None, "cache_type": None, "cache_name": None},
    ),
    "channel_rest 4.x": (
        "channel_rest",
        {"name": "A", "service": "s", "url_path": "/a", "security": "none", "groups": [], "method": "", "timeout": 10,
         "data_format": None, "content_type": None, "is_active": True, "is_audit_log_active": True,
         "should_include_in_openapi": True, "gateway_service_list": ["a", "b"], "rate_limiting": [],
         "response_cache": {"is_enabled": False, "ttl": 5, "vary_by_headers": []}, "is_deprecated": False,
         "deprecation_sunset": "", "deprecation_successor": "", "ping_method": "HEAD", "pool_size": 20,
         "merge_url_params_req": True, "url_params_pri": "path-over-qs", "params_pri": "msg-over-channel-params",
         "is_internal": False},
    ),
    "outgoing_rest 3.2": (
        "outgoing_rest",
        {"name": "A", "url_path": "/a", "host": "http://a", "security_name": None, "data_format": "", "timeout": 10,
         "pool_size": 20, "ping_method": "", "method": "", "content_type": None, "content_encoding": None,
         "serialization_type": "string", "tls_verify": True, "sec_tls_ca_cert_id": None, "username": None,
         "password": None, "is_wrapper": False, "wrapper_type": None, "connection": "outgoing",
         "transport": "plain_http", "is_internal": False, "service": None, "id": 3, "cache_expiry": 0},
    ),
    "outgoing_rest 4.x": (
        "outgoing_rest",
        {"name": "A", "url_path": "/a", "host": "http://a", "security": None, "data_format": None, "timeout": 60,
         "ping_method": "GET", "pool_size": 20, "content_type": "text/plain", "validate_tls": "/etc/ca.pem",
         "is_active": True, "is_audit_log_active": True, "max_retries": 0, "retry_sleep_time": 2,
         "retry_backoff_threshold": 60, "retry_backoff_multiplier": 2, "request_method": "POST",
         "request_data": {"a": [1, None]}, "request_data_mode": "text",
         "request_query_string": [{"key": "a", "value": "b", "mode": "text"}], "request_path_params": [],
         "request_headers": [], "response_map": "$.a", "response_map_mode": "jsonata", "callback_type": "service",
         "callback_name": "s", "scheduler_run_every": 5, "scheduler_run_unit": "minutes",
         "scheduler_start_date": "2025-01-01 00:00:00", "health_check_run_every": 1,
         "health_check_run_unit": "minutes", "health_check_notify_on": "failures",
         "health_check_callback_type": "topic", "health_check_callback_name": "t"},
    ),
    "def_amqp 3.2": (
        "def_amqp",
        {"name": "A", "host": "h", "port": 5672, "vhost": "/", "username": "u", "frame_max": 131072, "heartbeat": 30,
         "password": "p", "id": 1, "cluster_id": 1, "def_type": "amqp", "opaque1": None},
    ),
    "channel_amqp 3.2": (
        "channel_amqp",
        {"name": "A", "is_active": True, "def_name": None, "address": "h", "def_id": 1, "queue": "q", "service": "s",
         "service_name": "s", "consumer_tag_prefix": "c", "pool_size": 10, "ack_mode": "reject", "prefetch_count": 0,
         "data_format": "json", "id": 4, "service_id": 4},
    ),
    "channel_amqp 4.x": (
        "channel_amqp",
        {"name": "A", "address": "amqps://h:5671/v", "queue": "q", "service": "s", "username": "u", "password": "p",
         "consumer_tag_prefix": "", "pool_size": 10, "ack_mode": "ack", "prefetch_count": 0, "data_format": None,
         "is_active": True},
    ),
    "outgoing_amqp 3.2": (
        "outconn_amqp",
        {"name": "A", "def_name": None, "address": "h", "def_id": 1, "delivery_mode": 1, "priority": 9,
         "pool_size": 10, "content_type": "a/b", "content_encoding": "", "user_id": "", "app_id": "",
         "expiration": 1000, "is_active": True, "id": 2},
    ),
    "outgoing_amqp 4.x": (
        "outgoing_amqp",
        {"name": "A", "address": "h:5672/v", "delivery_mode": "non_persistent", "priority": 5, "username": "",
         "password": None, "content_type": None, "content_encoding": None, "pool_size": 10, "expiration": None,
         "user_id": None, "app_id": None, "is_active": True},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_every_field_is_read(check: Check, name: str) -> None:
    section, fields = EVERY_FIELD[name]
    check.object(msgspec.json.encode({section: [fields]}).decode())


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_quoted_numbers_and_booleans_mean_the_same(check: Check, name: str) -> None:
    section, fields = EVERY_FIELD[name]
    quoted = {
        key: str(value) if isinstance(value, (bool, int)) and key != "request_data" else value
        for key, value in fields.items()
    }
    plain = check.object(msgspec.json.encode({section: [fields]}).decode())
    assert check.object(msgspec.json.encode({section: [quoted]}).decode()) == plain


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_null_means_not_set(check: Check, name: str) -> None:
    section, fields = EVERY_FIELD[name]
    needed = {"name", "type", "username", "password", "service", "url_path", "host", "address", "queue"}
    without = {key: value for key, value in fields.items() if key in needed}
    spelled = {"data_format"}  # here null is a value of its own: none
    nulls = {key: None for key in fields if key not in needed | spelled}
    expected = check.object(msgspec.json.encode({section: [without]}).decode())
    assert check.object(msgspec.json.encode({section: [without | nulls]}).decode()) == expected


# Spellings of values


def read(check: Check, section: str, **fields: Any) -> Any:
    needed: dict[str, dict[str, Any]] = {
        "channel_rest": {"service": "s", "url_path": "/"},
        "outgoing_rest": {"host": "http://a", "url_path": "/"},
        "outgoing_amqp": {"address": "h"},
    }
    text = msgspec.json.encode({section: [{"name": "A", **needed[section], **fields}]}).decode()
    return check.object(text)


@pytest.mark.parametrize("written", ["zato-no-security", "ZATO_NONE", "none", "", None])
@pytest.mark.parametrize("field", ["security", "security_name", "sec_def"])
def test_there_are_several_ways_to_say_no_security(check: Check, field: str, written: str | None) -> None:
    assert read(check, "channel_rest", **{field: written}).security is None


@pytest.mark.parametrize(
    ("section", "field", "written", "value"),
    [
        ("outgoing_amqp", "delivery_mode", 2, "persistent"),
        ("outgoing_amqp", "delivery_mode", "2", "persistent"),
        ("outgoing_amqp", "delivery_mode", 1, "non_persistent"),
        ("outgoing_amqp", "delivery_mode", "non_persistent", "non_persistent"),
        ("outgoing_amqp", "expiration", "", None),
        ("outgoing_amqp", "expiration", "60000", 60_000),
        ("outgoing_amqp", "priority", 5.0, 5),
        ("channel_rest", "data_format", None, ""),
        ("channel_rest", "data_format", "", ""),
        ("channel_rest", "data_format", "none", ""),
        ("channel_rest", "method", None, ""),
        ("channel_rest", "http_accept", "*/*", ""),
        ("channel_rest", "match_slash", "True", True),
        ("channel_rest", "match_slash", "no", False),
        ("channel_rest", "match_slash", 1, True),
        ("channel_rest", "match_slash", 0, False),
        ("channel_rest", "match_slash", "", False),
        ("channel_rest", "timeout", "15", 15.0),
        ("channel_rest", "timeout", "", 10.0),
        ("channel_rest", "gateway_service_list", "a\n b \n\nc\n", ("a", "b", "c")),
        ("channel_rest", "gateway_service_list", "", ()),
        ("channel_rest", "service_whitelist", ["a"], ("a",)),
        ("outgoing_rest", "ping_method", None, "HEAD"),
        ("outgoing_rest", "ping_method", "", "HEAD"),
        ("outgoing_rest", "validate_tls", "False", False),
        ("outgoing_rest", "validate_tls", "/etc/ca.pem", "/etc/ca.pem"),
        ("outgoing_rest", "validate_tls", "", True),
    ],
)
def test_other_spellings_of_values_are_read(check: Check, section: str, field: str, written: Any, value: Any) -> None:
    thing = read(check, section, **{field: written})
    names = {"service_whitelist": "gateway_service_list"}
    assert getattr(thing, names.get(field, field)) == value


def test_defaults_are_one_for_both_versions(check: Check) -> None:
    channel, outgoing = read(check, "channel_rest"), read(check, "outgoing_rest")
    assert (channel.data_format, channel.match_slash, channel.is_active) == ("json", False, True)
    assert (outgoing.data_format, outgoing.timeout, outgoing.ping_method) == ("json", 120.0, "HEAD")


def test_a_number_is_no_boolean_and_a_boolean_no_number(check: Check) -> None:
    assert check.errors("outgoing_amqp: [{name: A, address: h, delivery_mode: true, priority: true}]") == [
        "c.yaml:1:54: outgoing_amqp/A/delivery_mode: `true` is not one of non_persistent, persistent",
        "c.yaml:1:70: outgoing_amqp/A/priority: `true` is not a whole number",
    ]


# Exports

EXPORT_3_2 = """\
def_amqp:
- cluster_id: 1
  frame_max: '131072'
  heartbeat: '30'
  host: localhost
  id: 2
  name: Main Broker
  password: null
  port: '5672'
  username: guest
  vhost: /
outconn_amqp:
- app_id: ''
  cluster_id: 1
  content_encoding: ''
  content_type: application/json
  def_id: 2
  def_name: Main Broker
  delivery_mode: 2
  expiration: null
  id: 5
  is_active: 'True'
  name: Fraud Detection Connection
  pool_size: 10
  priority: 5
  user_id: ''
"""
EXPORT_4 = """\
security:
  - name: 'orders-api'
    is_active: True
    type: basic_auth
    username: 'orders'
groups:
channel_rest:
  - name: 'orders: get'
    service: orders.get
    url_path: '/orders/{id}'
    security: 'orders-api'
    is_active: False

channel_soap:
outgoing_rest:
scheduler:
sql:
"""


def test_an_export_of_3_2_is_read(check: Check) -> None:
    assert check.objects(EXPORT_3_2) == [
        DefAMQP(name="Main Broker", host="localhost"),
        OutgoingAMQP(name="Fraud Detection Connection", def_name="Main Broker", content_type="application/json"),
    ]


def test_an_export_of_4_x_with_its_empty_headers_is_read(check: Check) -> None:
    assert check.objects(EXPORT_4) == [
        BasicAuth(name="orders-api", username="orders"),
        ChannelREST(
            name="orders: get", service="orders.get", url_path="/orders/{id}", security="orders-api", is_active=False
        ),
    ]


def test_a_section_that_is_null_counts_as_absent_and_an_empty_one_does_not(check: Check) -> None:
    assert check.load("def_amqp:\nsecurity: []").sections == {("security", None)}
