from __future__ import annotations

import time

import pytest

from tests.zato.config.checking import Check
from zato.config.snapshot import Snapshot
from zato.kinds.amqp.definition import DefAMQP
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.rest.channel import ChannelREST
from zato.kinds.security.basic_auth import BasicAuth

API = """\
security:
  - name: API
    type: basic_auth
    username: api
    password: ${API_PASSWORD}
"""
CHANNEL = """\
channel_rest:
  - name: Get user
    service: user.get
    url_path: /user
    security: API
"""
BROKER = """\
def_amqp:
  - name: Broker
    host: localhost
    password: ${BROKER_PASSWORD}
"""
ENVIRON = {"API_PASSWORD": "api.secret", "BROKER_PASSWORD": "broker.secret"}


def test_nothing_is_wrong_with_a_proper_configuration(check: Check) -> None:
    assert check.problems(API + CHANNEL + BROKER, ENVIRON) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        # Sections
        ("chanel_rest: []", "1:1: unknown section `chanel_rest` (did you mean `channel_rest`?)"),
        ("hello: []", "1:1: unknown section `hello`"),
        ("12: []", "1:1: unknown section `12`"),
        ("on: []", "1:1: unknown section `True`"),
        (
            "search_solr: [{name: x}]",
            (
                "1:1: the section `search_solr` is not supported"
                " (this runtime does not have such objects; leave them out with --ignore-unsupported)"
            ),
        ),
        ("def_amqp: {name: x}", "1:11: def_amqp: a section is a list of objects (begin each object with `- `)"),
        ("def_amqp: x", "1:11: def_amqp: a section is a list of objects (begin each object with `- `)"),
        ("def_amqp: [x]", "1:12: def_amqp: an object is a mapping of fields (give it a `name:`)"),
        ("def_amqp:\n  -\n", "2:4: def_amqp: an object is a mapping of fields (give it a `name:`)"),
        ("version: 2", "1:10: version: this version of the file format is not known (write `version: 1`, or nothing)"),
        # Fields
        (
            BROKER + "    hots: x",
            "5:5: def_amqp/Broker/hots: unknown field `hots` (did you mean `host`?)",
        ),
        (BROKER + "    colour: x", "5:5: def_amqp/Broker/colour: unknown field `colour`"),
        (BROKER + "    yes: x", "5:5: def_amqp/Broker/True: unknown field `True`"),
        (
            BROKER + "    host: x",
            "5:5: the key `host` is given twice in one mapping (the first one is at line 3; keep one)",
        ),
        (
            "def_amqp: [{host: h, password: p}]",
            "1:12: def_amqp: the field `name` is missing (Identity of the object within its section.)",
        ),
        (
            "def_amqp: [{name: B, password: p}]",
            "1:12: def_amqp/B: the field `host` is missing (Host of the broker; `amqps://` in front of it means TLS.)",
        ),
        (
            API + CHANNEL + "    service_name: other",
            "11:5: channel_rest/Get user/service: `service_name` and `service` are one field and differ (keep one)",
        ),
        (
            "outgoing_rest: [{name: A, host: 'http://a', url_path: /, username: u}]",
            (
                "1:58: outgoing_rest/A/username: `username` cannot be honoured"
                " (credentials live in a security definition; name it in `security`)"
            ),
        ),
        # Types and bounds
        (BROKER + "    port: a lot", "5:11: def_amqp/Broker/port: `a lot` is not a whole number"),
        (BROKER + "    port: 22:22", "5:11: def_amqp/Broker/port: `22:22` is not a whole number"),
        (BROKER + "    port: 5672.5", "5:11: def_amqp/Broker/port: `5672.5` is not a whole number"),
        (BROKER + "    port: 65536", "5:11: def_amqp/Broker/port: `65536` is more than 65535 (Port of the broker.)"),
        (
            BROKER + "    heartbeat: -1",
            "5:16: def_amqp/Broker/heartbeat: `-1` is less than 0 s (Heartbeat; 0 turns it off.)",
        ),
        (BROKER + "    vhost: ''", "5:12: def_amqp/Broker/vhost: the value is empty (Virtual host.)"),
        (BROKER + "    vhost: [a]", "5:12: def_amqp/Broker/vhost: a list is not a text"),
        (BROKER + "    vhost: {a: b}", "5:12: def_amqp/Broker/vhost: a mapping is not a text"),
        (BROKER + "    vhost: 12", "5:12: def_amqp/Broker/vhost: `12` is not a text (quote it)"),
        (BROKER + "    vhost: yes", "5:12: def_amqp/Broker/vhost: `true` is not a text (quote it)"),
        (BROKER + "    is_active: nope", "5:16: def_amqp/Broker/is_active: `nope` is not true or false"),
        (
            API + CHANNEL + "    method: GTE",
            (
                "11:13: channel_rest/Get user/method: `GTE` is not one of (empty), DELETE, GET, HEAD, OPTIONS, PATCH,"
                " POST, PUT (did you mean `GET`?)"
            ),
        ),
        (
            API + CHANNEL + "    method: 5",
            (
                "11:13: channel_rest/Get user/method: `5` is not one of (empty), DELETE, GET, HEAD, OPTIONS, PATCH,"
                " POST, PUT"
            ),
        ),
        (
            "def_amqp: [{name: 123, host: h, password: p}]",
            "1:19: def_amqp/123/name: `123` is not a text (quote it)",
        ),
        (
            'def_amqp: [{name: "a\\nb", host: h, password: p}]',
            (
                "1:19: def_amqp/a\\nb/name: `a\\nb` has the wrong form"
                " (the right one: it has no control or invisible characters)"
            ),
        ),
        (
            'def_amqp: [{name: "a\\n", host: h, password: p}]',
            (
                "1:19: def_amqp/a\\n/name: `a\\n` has the wrong form"
                " (the right one: it has no control or invisible characters)"
            ),
        ),
        (
            "outgoing_rest: [{name: A, host: 'ftp://a', url_path: /}]",
            (
                "1:33: outgoing_rest/A/host: `ftp://a` has the wrong form"
                " (the right one: it begins with http:// or https:// and has no user, spaces, ? or #)"
            ),
        ),
        (
            API + CHANNEL + "    security_groups: [{a: b}]",
            "11:23: channel_rest/Get user/groups: a mapping is not a text",
        ),
        (
            API + CHANNEL + "    response_cache: {1: 2}",
            "11:22: channel_rest/Get user/response_cache: the key `1` is not a text (quote it)",
        ),
        # Secrets
        (API + "    realm: [a]", "6:12: security/API/realm: a list is not a text"),
        (
            "security: [{name: A, type: basic_auth, username: u, password: 0123}]",
            "1:63: security/A/password: the value is not a text (quote it)",
        ),
        (
            "security: [{name: A, type: basic_auth, username: u, password: ''}]",
            "1:63: security/A/password: the password is empty (give it as `password: ${NAME}`)",
        ),
        (
            'security: [{name: A, type: basic_auth, username: u, password: "a\\nb"}]',
            "1:63: security/A/password: the value has the wrong form (the right one: it has no control characters)",
        ),
        # Variables: what they hold is not shown
        (
            BROKER + "    port: ${API_PASSWORD}",
            "5:11: def_amqp/Broker/port: the value of `${API_PASSWORD}` is not a whole number",
        ),
        (
            API + CHANNEL + "    method: Zato_Enmasse_Env.API_PASSWORD",
            (
                "11:13: channel_rest/Get user/method: the value of `${API_PASSWORD}` is not one of (empty), DELETE,"
                " GET, HEAD, OPTIONS, PATCH, POST, PUT"
            ),
        ),
        (
            BROKER + "    vhost: ${NONE}",
            (
                "5:12: the environment variable `NONE` is not set"
                " (set it, put it into the --env-file, or write a default: `${NONE:-default}`)"
            ),
        ),
        (
            "security: [{name: A, type: basic_auth, username: '', password: p}]",
            "1:50: security/A/username: the value is empty (User name; it has no colon.)",
        ),
        # Credentials in other values are not shown either
        (
            "outgoing_rest: [{name: A, host: 'https://user:S3CRET@crm', url_path: /}]",
            (
                "1:33: outgoing_rest/A/host: `https://***@crm` has the wrong form"
                " (the right one: it begins with http:// or https:// and has no user, spaces, ? or #)"
            ),
        ),
        (
            "outgoing_rest: [{name: A, host: 'https://crm?api_key=S3CRET', url_path: /}]",
            (
                "1:33: outgoing_rest/A/host: `https://crm?api_key=***` has the wrong form"
                " (the right one: it begins with http:// or https:// and has no user, spaces, ? or #)"
            ),
        ),
        (
            "def_amqp: [{name: A, host: 'guest:S3CRET@mq', password: p}]",
            (
                "1:28: def_amqp/A/host: `***@mq` has the wrong form"
                " (the right one: it is a host name or address, after amqp:// or amqps:// or nothing)"
            ),
        ),
        (
            "outgoing_amqp: [{name: A, address: 'amqp://guest:S3CRET@mq'}]",
            (
                "1:36: outgoing_amqp/A/address: an address is `[amqp[s]://]host[:port][/vhost]`;"
                " user name and password have fields of their own"
            ),
        ),
        (
            "security: [{name: A, type: bearer_token, password: p, extra_fields: [a=b, client_secret S3CRET]}]",
            "1:75: security/A/extra_fields: the value has the wrong form (the right one: each item is `key=value`)",
        ),
        (
            API + CHANNEL.replace("security: API", "security: https://u:S3CRET@h"),
            (
                "10:15: channel_rest/Get user/security: there is no `https://***@h` in `security`"
                " (define it in `security`)"
            ),
        ),
        (
            "outgoing_amqp: [{name: A, address: 'rabbit:99999'}]",
            "1:36: outgoing_amqp/A/address: port 99999 is not between 1 and 65535",
        ),
        # References
        (
            API + CHANNEL.replace("security: API", "security: APY"),
            "10:15: channel_rest/Get user/security: there is no `APY` in `security` (did you mean `API`?)",
        ),
        (
            CHANNEL,
            "5:15: channel_rest/Get user/security: there is no `API` in `security` (define it in `security`)",
        ),
        (
            "outgoing_amqp: [{name: A, def_name: B}]",
            "1:37: outgoing_amqp/A/def_name: there is no `B` in `def_amqp` (define it in `def_amqp`)",
        ),
        # Duplicates
        (
            BROKER + "  - name: Broker\n    host: other\n    password: x",
            (
                "5:11: def_amqp/Broker: the name `Broker` is already taken in `def_amqp`"
                " (the first one is at c.yaml:2:11; rename one, or remove it)"
            ),
        ),
        (
            API + "def_sec: [{name: API, type: apikey, password: x}]",
            (
                "6:18: security/API: the name `API` is already taken in `security`"
                " (the first one is at c.yaml:2:11; rename one, or remove it)"
            ),
        ),
        (
            API + CHANNEL + "  - {name: Other, service: s, url_path: /user, security: API}",
            (
                "11:41: channel_rest/Other/url_path: `Other` and `Get user` answer the same request, any method /user"
                " (the other one is at c.yaml:9:15)"
            ),
        ),
        (
            API + CHANNEL + "  - {name: Get user, service: s, url_path: /user, security: API}",
            (
                "11:12: channel_rest/Get user: the name `Get user` is already taken in `channel_rest`"
                " (the first one is at c.yaml:7:11; rename one, or remove it)"
            ),
        ),
        # Single objects
        (
            "channel_amqp: [{name: A, queue: q, service: s}]",
            (
                "1:16: channel_amqp/A: it does not say where the broker is"
                " (name a definition in `def_name`, or give an `address`)"
            ),
        ),
        (
            BROKER + "outgoing_amqp: [{name: A, def_name: Broker, address: localhost}]",
            "5:54: outgoing_amqp/A/address: it has both `def_name` and `address` (keep one)",
        ),
        (
            API + CHANNEL.replace("/user", "user"),
            "9:15: channel_rest/Get user/url_path: a URL path starts with `/`",
        ),
    ],
)
def test_what_is_wrong_is_told_once_at_its_place(check: Check, text: str, problem: str) -> None:
    assert check.errors(text, ENVIRON) == [f"c.yaml:{problem}"]


def test_every_problem_of_all_files_is_told_in_one_run(check: Check) -> None:
    check.write({"b.yaml": "def_amqp: [{name: Broker, host: a, port: x, vhost: 5, password: p, hots: b}]"})
    assert check.errors("include: b.yaml\nchannel_amqp: [{name: A, def_name: Brokr, queue: q}]") == [
        "b.yaml:1:42: def_amqp/Broker/port: `x` is not a whole number",
        "b.yaml:1:52: def_amqp/Broker/vhost: `5` is not a text (quote it)",
        "b.yaml:1:68: def_amqp/Broker/hots: unknown field `hots` (did you mean `host`?)",
        "c.yaml:2:16: channel_amqp/A: the field `service` is missing (Name of the service to run.)",
        "c.yaml:2:36: channel_amqp/A/def_name: there is no `Brokr` in `def_amqp` (did you mean `Broker`?)",
    ]


def test_an_object_of_an_unknown_type_is_still_there_for_what_names_it(check: Check) -> None:
    (error,) = check.errors("security: [{name: API, type: basic_aut}]\n" + CHANNEL)
    assert error.startswith("c.yaml:1:30: security/API: the type `basic_aut` is not known (did you mean `basic_auth`?)")


def test_a_missing_type_is_told(check: Check) -> None:
    (error,) = check.errors("security: [{name: API}]")
    assert error.startswith("c.yaml:1:12: security/API: the field `type` is missing (one of ")
    assert "basic_auth" in error


def test_channels_that_answer_the_same_request_are_told_when_something_else_is_wrong(check: Check) -> None:
    text = """\
channel_rest:
  - {name: A, service: a, url_path: "/x/{id}", method: GET, colour: red, timeout: soon}
  - {name: B, url_path: "/x/{no}", method: GET, data_format: json}
  - {name: C, service: c, url_path: "/x/{no}", method: POST}
  - {name: D, service: d, url_path: "/x/{no}", method: GET, is_active: false}
  - {name: E, service: e, url_path: "/x/{no}", method: GTE}
"""
    same = [error for error in check.errors(text) if "same request" in error]
    assert same == [
        (
            "c.yaml:3:25: channel_rest/B/url_path: `B` and `A` answer the same request, GET /x/{no}"
            " (the other one is at c.yaml:2:37)"
        )
    ]
    assert len(check.errors(text)) == 5


def test_a_request_that_a_channel_of_the_odb_answers_is_told(check: Check) -> None:
    odb = Snapshot([ChannelREST(name="Stored", service="s", url_path="/user")])
    text = "channel_rest: [{name: New, service: s, url_path: /user}]"
    assert check.errors(text, odb=odb) == [
        (
            "c.yaml:1:50: channel_rest/New/url_path: `New` and `Stored` answer the same request, any method /user"
            " (the other one is in the ODB)"
        )
    ]
    moved = text + "\nchannel_plain_http: [{name: Stored, service: s, url_path: /moved}]"
    assert check.errors(moved, odb=odb) == []


def test_references_may_name_what_the_odb_holds(check: Check) -> None:
    odb = Snapshot([BasicAuth(name="API", username="api", password="x")])
    assert check.errors(CHANNEL, odb=odb) == []
    assert check.errors(CHANNEL.replace("API", "AP"), odb=odb) == [
        "c.yaml:5:15: channel_rest/Get user/security: there is no `AP` in `security` (did you mean `API`?)"
    ]


# Secrets

NO_PASSWORD = "security: [{name: API, type: basic_auth, username: api}]"


def test_a_missing_secret_is_a_warning_offline_and_an_error_with_an_odb_that_holds_none(check: Check) -> None:
    hint = "give it as `password: ${NAME}`"
    place = "c.yaml:1:12: "
    assert check.problems(NO_PASSWORD) == [
        f"{place}warning: security/API/password: `API` has no password ({hint}, unless the ODB holds it)"
    ]
    assert check.problems(NO_PASSWORD, odb=Snapshot()) == [
        f"{place}security/API/password: `API` has no password and the ODB holds none ({hint})"
    ]


def test_a_secret_that_the_files_leave_out_is_the_stored_one(check: Check) -> None:
    odb = Snapshot([BasicAuth(name="API", username="old", password="stored")])
    assert check.load(NO_PASSWORD, odb=odb).objects == [BasicAuth(name="API", username="api", password="stored")]
    null = NO_PASSWORD.replace("api}", "api, password: null}")
    assert check.load(null, odb=odb).objects == [BasicAuth(name="API", username="api", password="stored")]


def test_an_object_of_another_type_does_not_take_the_stored_secret_over(check: Check) -> None:
    odb = Snapshot([BasicAuth(name="API", username="old", password="stored")])
    assert len(check.errors("security: [{name: API, type: apikey}]", odb=odb)) == 1


def test_a_secret_remembers_nothing_but_the_name_of_its_variable(check: Check) -> None:
    text = "security: [{name: A, type: apikey, password: '%s', header: 'X-${H:-Key}'}]"
    environ = {"P": "secret", "H": "Other"}
    for written, remembered in (
        ("${P}", "${P}"),
        ("${P:-in clear}", "${P}"),
        ("Zato_Enmasse_Env.P", "${P}"),
        ("in-clear-${P}", None),
        ("$${P}", None),
        ("in-clear", None),
    ):
        variables = check.load(text % written, environ).variables
        assert variables[("security", "A")].get("password") == remembered
        assert variables[("security", "A")]["header"] == "X-${H:-Key}"


# Warnings


def test_channels_without_security_are_counted_in_one_warning(check: Check) -> None:
    text = "channel_rest:\n" + "".join(f"  - {{name: C{n}, service: s, url_path: /{n}}}\n" for n in range(5))
    assert check.problems(text) == [
        (
            "c.yaml:2:5: warning: 5 channels have no security: C0, C1, C2 and 2 more"
            " (anyone can call them; name one in `security`)"
        )
    ]
    one = "channel_rest: [{name: A, service: s, url_path: /, security: zato-no-security}]"
    assert check.problems(one) == [
        "c.yaml:1:16: warning: 1 channel has no security: A (anyone can call them; name one in `security`)"
    ]


@pytest.mark.parametrize(
    "faulty",
    [
        "{name: F, service: s, url_path: /f, securty: API}",
        "{name: A, service: s, url_path: /f}",
        "{name: F, service: s, url_path: /a}",
        "{name: F, service: s, url_path: //}",
        "{name: F, service: s, url_path: /f, security: Nobody}",
    ],
)
def test_faulty_channels_are_not_counted_as_open(check: Check, faulty: str) -> None:
    text = "channel_rest:\n  - {name: B, service: s, url_path: /b}\n  - {name: A, service: s, url_path: /a}\n"
    wanted = check.load(f"{text}  - {faulty}\n")
    assert len(wanted.problems.errors) == 1
    (warning,) = wanted.problems.warnings
    counted = "1 channel has no security: B" if "name: A" in faulty else "2 channels have no security: B, A"
    assert warning.message == counted


def test_long_names_and_values_are_cut(check: Check) -> None:
    name = "x" * 100_000
    (error,) = check.errors(f"def_amqp: [{{name: {name}, host: h, password: p}}]")
    assert len(error) < 400
    assert error.endswith("x/name: the value is longer than 200 characters")
    (error,) = check.errors(f"outgoing_rest: [{{name: A, host: 'https://user:{name}@crm', url_path: /}}]")
    assert "`https://***@crm`" in error
    errors = check.errors(f"def_amqp: [{{name: {name}, host: h, password: p}}, {{name: {name}, host: h, password: p}}]")
    assert [len(error) < 900 for error in errors] == [True] * 3


def test_fields_that_have_no_effect_yet_are_told_once_each(check: Check) -> None:
    text = API + CHANNEL + "    is_deprecated: true\n" + CHANNEL.replace("channel_rest:\n", "").replace("user", "other")
    assert check.problems(text + "    is_deprecated: 1\n", ENVIRON) == [
        (
            "c.yaml:11:5: warning: channel_rest/Get user/is_deprecated: `is_deprecated` has no effect in Get user,"
            " Get other (it is not sent yet)"
        )
    ]


# Time


def test_many_wrong_references_do_not_take_long(check: Check) -> None:
    names = "".join(f"  - {{name: name of a definition {n}, host: h, password: p}}\n" for n in range(3000))
    wrong = "".join(f"  - {{name: c{n}, def_name: name of a definitoin {n}}}\n" for n in range(3000))
    began = time.process_time()
    errors = check.errors(f"def_amqp:\n{names}outgoing_amqp:\n{wrong}")
    assert len(errors) == 3000
    assert errors[0].endswith("(did you mean `name of a definition 0`?)")
    assert time.process_time() - began < 15


def test_two_kinds_of_objects_may_share_a_name(check: Check) -> None:
    text = "outgoing_amqp: [{name: Broker, def_name: Broker}]\n" + BROKER
    assert check.objects(text, ENVIRON) == [
        OutgoingAMQP(name="Broker", def_name="Broker"),
        DefAMQP(name="Broker", host="localhost", password="broker.secret"),
    ]
