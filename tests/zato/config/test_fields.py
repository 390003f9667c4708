from __future__ import annotations

import textwrap

import pytest

from zato.config.fields import about
from zato.config.normalise import spellings_of
from zato.config.sections import SECTIONS, SPELLINGS
from zato.errors import ZatoError


def told(text: str) -> str:
    return textwrap.dedent(text).strip()


def test_a_field_is_told_with_all_that_is_known_of_it() -> None:
    assert about("outgoing_rest.timeout") == told(
        """
        outgoing_rest.timeout
          Meaning  Longest wait for an answer; 0 waits for ever.
          Value    number, at least 0 s, at most 86 400 s
          Default  120 s
          In Zato  10 s in 3.2; in 4.x 60 s for REST and 10 s for SOAP
        """
    )


def test_any_spelling_of_section_and_field_will_do() -> None:
    assert about("outconn_plain_http.tls_verify") == told(
        """
        outgoing_rest.tls_verify
          Is       another spelling of `validate_tls`
          Meaning  Whether to verify certificates, or the path of a CA bundle to do it with.
          Value    true or false or text
          Default  true
          Also     tls_verify (Zato 3.2 and 4.x)
        """
    )


def test_a_field_of_several_types_is_told_for_each_once() -> None:
    text = about("security.header")
    assert text.startswith("security.header of type apikey\n  Meaning  Header that carries the key.\n")
    of_password = about("security.password")
    assert of_password.count("security.password of type ") < len(SECTIONS["security"].kinds)
    assert "security.password of type basic_auth" in of_password


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("security.basic_auth.realm", "  In Zato  required in 3.2"),
        ("basic_auth.realm", "  In Zato  required in 3.2"),
        ("security.oauth.data_format", "  In Zato  json in 3.2, form in 4.x"),
        ("scheduler.is_active", "  In Zato  true in 3.2, false in 4.x"),
        ("outgoing_rest.ping_method", "  In Zato  HEAD in 3.2; in 4.x GET for REST and HEAD for SOAP"),
        ("channel_rest.security", "  Values   zato-no-security is none, ZATO_NONE is none, none is none"),
        ("def_amqp.password", "  Secret   encrypted in the ODB, never shown or exported"),
        ("outgoing_rest.max_retries", "  Effect   none yet: calls are not repeated yet"),
        ("channel_rest.cache_id", "  Ignored  it is read from files of Zato and means nothing here"),
        ("outgoing_rest.sec_tls_ca_cert_id", "  Ignored  say it with `validate_tls`"),
        (
            "outgoing_rest.username",
            "  Refused  when it is set: credentials live in a security definition; name it in `security`",
        ),
        ("channel_rest.transport", "  Implied  by the section: `plain_http`"),
    ],
)
def test_what_else_there_is_to_tell(asked: str, line: str) -> None:
    assert line in about(asked).splitlines()


def test_a_section_or_a_type_is_told_as_on_its_reference_page() -> None:
    assert about("outconn_rest").startswith("# outgoing_rest\n\nAlso written ")
    assert about("security").startswith("# security\n")
    assert about("security.jwt") == about("jwt")
    assert about("jwt").startswith("## type: jwt\n")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("outgoing_rst", "there is no section `outgoing_rst` (did you mean `outgoing_rest`?)"),
        ("outgoing_rest.timeot", "there is no field `timeot` (did you mean `timeout`?)"),
        ("security.jwt.tl", "there is no field `tl` (did you mean `ttl`?)"),
        ("groups.xyz", "there is no field `xyz`"),
    ],
)
def test_what_there_is_not_is_told_with_what_is_near(asked: str, message: str) -> None:
    with pytest.raises(ZatoError) as raised:
        about(asked)
    assert str(raised.value) == message


def test_every_field_in_every_spelling_is_told() -> None:
    for name, (section, implied) in SPELLINGS.items():
        for tag, kind in section.kinds.items():
            if implied in {None, tag}:
                for field in spellings_of(kind):
                    assert "\n  Meaning  " in about(f"{name}.{field}")
