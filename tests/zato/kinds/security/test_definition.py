"""Security definitions of every type, in the words of both versions (reference: enmasse, section 3.1)."""

from __future__ import annotations

import msgspec
import pytest

from tests.zato.config.checking import Check
from zato.config.snapshot import Snapshot
from zato.kinds.base import Kind, secret_fields
from zato.kinds.security.aws import AWS
from zato.kinds.security.basic_auth import BasicAuth
from zato.kinds.security.bearer_token import BearerToken
from zato.kinds.security.groups import Group
from zato.kinds.security.jwt import JWT
from zato.kinds.security.mtls import MTLS
from zato.kinds.security.ntlm import NTLM
from zato.kinds.security.spnego import SPNEGO
from zato.kinds.security.tls_ca_cert import TLSCACert
from zato.kinds.security.tls_channel_sec import TLSChannelSec
from zato.kinds.security.tls_key_cert import TLSKeyCert
from zato.kinds.security.vault_connection import VaultConnection
from zato.kinds.security.wss import WSS
from zato.kinds.security.xpath import XPath

READ: list[tuple[str, Kind]] = [
    (
        (
            "{name: A, type: bearer_token, username: id, password: p, auth_endpoint: 'https://a/token', scopes: [r, w],"
            " client_id_field: cid, client_secret_field: cs, grant_type: password, extra_fields: [audience=https://a=b],"
            " data_format: json}"
        ),
        BearerToken(
            name="A",
            username="id",
            password="p",
            auth_endpoint="https://a/token",
            scopes=("r", "w"),
            client_id_field="cid",
            client_secret_field="cs",
            grant_type="password",
            extra_fields=("audience=https://a=b",),
            data_format="json",
        ),
    ),
    (
        (
            '{name: A, type: oauth, username: id, password: p, auth_server_url: "https://a", scopes: "r\\nw\\n",'
            ' extra_fields: "a=b\\nc=d", data_format: null, id: 5, is_active: "True", password_type: null}'
        ),
        BearerToken(
            name="A",
            username="id",
            password="p",
            auth_endpoint="https://a",
            scopes=("r", "w"),
            extra_fields=("a=b", "c=d"),
        ),
    ),
    (
        "{name: A, type: bearer_token, static_token: t, static_header: X-Token, static_prefix: ''}",
        BearerToken(name="A", static_token="t", static_header="X-Token", static_prefix=""),
    ),
    (
        "{name: A, type: bearer_token, issuer: i, jwks_url: 'https://a/keys', audience: me, claims: [sub=x, a=b=c]}",
        BearerToken(name="A", issuer="i", jwks_url="https://a/keys", audience="me", claims=("sub=x", "a=b=c")),
    ),
    (
        (
            "{name: A, type: bearer_token, username: id, auth_endpoint: 'https://a', private_key: PEM, key_id: k,"
            " client_auth_method: private_key_jwt, jwt_algorithm: RS256}"
        ),
        BearerToken(
            name="A",
            username="id",
            auth_endpoint="https://a",
            client_auth_method="private_key_jwt",
            private_key="PEM",
            jwt_algorithm="RS256",
            key_id="k",
        ),
    ),
    (r"{name: A, type: ntlm, username: DOMAIN\me, password: p}", NTLM(name="A", username=r"DOMAIN\me", password="p")),
    ("{name: A, type: jwt, username: me, password: p, ttl: '60'}", JWT(name="A", username="me", password="p", ttl=60)),
    ("{name: A, type: aws, username: AKIA, password: p}", AWS(name="A", username="AKIA", password="p")),
    ('{name: A, type: tls_key_cert, auth_data: "KEY\\nCERT"}', TLSKeyCert(name="A", auth_data="KEY\nCERT")),
    ('{name: A, type: tls_key_cert, value: "KEY\\nCERT"}', TLSKeyCert(name="A", auth_data="KEY\nCERT")),
    ('{name: A, type: tls_channel_sec, value: "CN=a\\nO=b"}', TLSChannelSec(name="A", value="CN=a\nO=b")),
    ("{name: A, type: tls_ca_cert, auth_data: PEM}", TLSCACert(name="A", value="PEM")),
    (
        "{name: A, type: xpath, username: me, password: p, username_expr: //u, password_expr: //p}",
        XPath(name="A", username="me", password="p", username_expr="//u", password_expr="//p"),
    ),
    (
        "{name: A, type: vault_connection, url: 'https://v', token: t, service_name: s, tls_verify: false}",
        VaultConnection(name="A", url="https://v", token="t", service="s", validate_tls=False),
    ),
    (
        (
            "{name: A, type: mtls, cert_path: c, key_path: k, ca_certs_path: ca, client_cert_subject_dn: CN=a,"
            f" client_cert_fingerprint: '{'ab:' * 31}cd'}}"
        ),
        MTLS(
            name="A",
            cert_path="c",
            key_path="k",
            ca_certs_path="ca",
            client_cert_subject_dn="CN=a",
            client_cert_fingerprint="ab:" * 31 + "cd",
        ),
    ),
    (
        "{name: A, type: spnego, principal: me@REALM, keytab_path: /k, target_spn: HTTP/h, needs_delegation: 'yes'}",
        SPNEGO(name="A", principal="me@REALM", keytab_path="/k", target_spn="HTTP/h", needs_delegation=True),
    ),
    (
        "{name: A, type: wss, mode: username_token, username: me, password: p, use_digest: true}",
        WSS(name="A", mode="username_token", username="me", password="p", use_digest=True),
    ),
    (
        (
            "{name: A, type: wss, mode: x509, sign: true, encrypt: true, signing_key: K, signing_certificate_chain: C,"
            " decryption_key: D, peer_certificate: P, trust_anchors: T}"
        ),
        WSS(
            name="A",
            mode="x509",
            sign=True,
            encrypt=True,
            signing_key="K",
            signing_certificate_chain="C",
            decryption_key="D",
            peer_certificate="P",
            trust_anchors="T",
        ),
    ),
    (
        "{name: A, type: wss, mode: saml, issuer: i, subject: s, audience: a}",
        WSS(name="A", mode="saml", issuer="i", subject="s", audience="a"),
    ),
]


@pytest.mark.parametrize(("written", "meant"), READ)
def test_every_type_is_read(check: Check, written: str, meant: Kind) -> None:
    for section in ("security", "def_sec"):
        assert check.object(f"{section}:\n  - {written}\n") == meant


@pytest.mark.parametrize(
    ("section", "fields", "kind"),
    [
        ("oauth", "username: id, password: p", BearerToken),
        ("bearer_token", "username: id, password: p", BearerToken),
        ("ntlm", "username: me, password: p", NTLM),
        ("jwt", "username: me, password: p, ttl: 60", JWT),
        ("aws", "username: me, password: p", AWS),
        ("tls_key_cert", "auth_data: PEM", TLSKeyCert),
        ("tls_channel_sec", "value: CN=a", TLSChannelSec),
        ("tls_ca_cert", "value: PEM", TLSCACert),
        ("xpath", "username: me, username_expr: //u", XPath),
        ("vault_connection", "url: 'https://v', token: t", VaultConnection),
        ("mtls", "cert_path: c", MTLS),
        ("spnego", "principal: me", SPNEGO),
        ("wss", "mode: saml", WSS),
    ],
)
def test_the_name_of_a_type_is_a_section_of_its_own(check: Check, section: str, fields: str, kind: type[Kind]) -> None:
    assert type(check.object(f"{section}:\n  - {{name: A, {fields}}}\n")) is kind


def test_a_name_is_taken_whatever_the_type(check: Check) -> None:
    (error,) = check.errors(
        "security: [{name: A, type: mtls}]\nntlm:\n  - {name: A, username: me, password: p}\n",
    )
    assert error.startswith("c.yaml:3:12: security/A: the name `A` is already taken in `security`")


@pytest.mark.parametrize(
    ("definition", "secret"),
    [
        (BearerToken(name="A", auth_endpoint="https://a"), "password"),
        (BearerToken(name="A", password="p"), None),
        (BearerToken(name="A", is_static_token=True, password="p"), "static_token"),
        (BearerToken(name="A", static_header="X-Token", password="p"), "static_token"),
        (BearerToken(name="A", static_token="t"), None),
        (BearerToken(name="A", client_auth_method="private_key_jwt", password="p"), "private_key"),
        (BearerToken(name="A", client_auth_method="private_key_jwt", private_key="k"), None),
        (BearerToken(name="A", jwks_url="https://a"), None),
        (BearerToken(name="A", jwks_url="https://a", auth_endpoint="https://a"), "password"),
        (NTLM(name="A", username="u"), "password"),
        (JWT(name="A", username="u", ttl=1), "password"),
        (AWS(name="A", username="u"), "password"),
        (TLSKeyCert(name="A"), "auth_data"),
        (TLSCACert(name="A", value="PEM"), None),
        (TLSChannelSec(name="A", value="CN=a"), None),
        (XPath(name="A", username="u", username_expr="//u"), None),
        (XPath(name="A", username="u", username_expr="//u", password_expr="//p"), "password"),
        (VaultConnection(name="A", url="https://v"), "token"),
        (MTLS(name="A"), None),
        (SPNEGO(name="A", principal="me"), None),
        (WSS(name="A", mode="username_token"), "password"),
        (WSS(name="A", mode="x509"), None),
        (WSS(name="A", mode="x509", sign=True), "signing_key"),
        (WSS(name="A", mode="x509", sign=True, signing_key="k"), None),
    ],
)  # fmt: skip
def test_a_definition_says_which_secret_it_cannot_do_without(definition: Kind, secret: str | None) -> None:
    assert definition.missing_secret() == secret


@pytest.mark.parametrize(
    ("kind", "secrets"),
    [
        (BearerToken, {"password", "private_key", "static_token"}),
        (NTLM, {"password"}),
        (JWT, {"password"}),
        (AWS, {"password"}),
        (TLSKeyCert, {"auth_data"}),
        (TLSChannelSec, set()),
        (TLSCACert, set()),
        (XPath, {"password"}),
        (VaultConnection, {"token"}),
        (MTLS, set()),
        (SPNEGO, set()),
        (WSS, {"password", "signing_key", "decryption_key"}),
    ],
)
def test_secrets_are_known_as_such(kind: type[Kind], secrets: set[str]) -> None:
    assert set(secret_fields(kind)) == secrets


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("type: bearer_token, password: p, claims: [sub]", "A/claims: the value has the wrong form"),
        ("type: bearer_token, password: p, auth_endpoint: a/b", "A/auth_endpoint: `a/b` has the wrong form"),
        ("type: bearer_token, password: p, data_format: xml", "A/data_format: `xml` is not one of form, json"),
        ("type: bearer_token, static_token: t, static_header: 'a b'", "A/static_header: `a b` has the wrong form"),
        ("type: jwt, username: u, password: p, ttl: 0", "A/ttl: `0` is less than 1 s"),
        ("type: mtls, client_cert_fingerprint: ab", "A/client_cert_fingerprint: `ab` has the wrong form"),
        ("type: wss, mode: x", "A/mode: `x` is not one of saml, username_token, x509"),
        ("type: ntlm, username: u, password: p, realm: r", "A/realm: unknown field `realm`"),
        ("type: mtls, rate_limiting: [{cidr_list: []}], quota_tier: gold", "A/quota_tier: it has both `rate_limiting`"),
        ("type: rbac_role", "A: the type `rbac_role` is not known"),
    ],
)
def test_what_is_wrong_with_a_definition_is_told(check: Check, fields: str, problem: str) -> None:
    (error,) = check.errors(f"security:\n  - {{name: A, {fields}}}\n")
    assert f"security/{problem}" in error


@pytest.mark.parametrize("section", ["rbac_role", "rbac_permission", "rbac_role_permission", "rbac_client_role"])
def test_roles_are_not_supported(check: Check, section: str) -> None:
    (error,) = check.errors(f"{section}:\n  - {{name: A}}\n")
    assert f"the section `{section}` is not supported" in error


def test_each_type_that_cannot_be_used_yet_is_told_once(check: Check) -> None:
    problems = check.problems(
        """\
security:
  - {name: A, type: ntlm, username: a, password: p}
  - {name: B, type: basic_auth, username: a, password: p}
  - {name: C, type: ntlm, username: c, password: p}
  - {name: D, type: mtls, is_active: false}
  - {name: E, type: aws, username: e, password: p}
"""
    )
    why = "channels that name one refuse everyone, connections that name one fail when they are used"
    assert problems == [
        f"c.yaml:2:5: warning: `security` of type `ntlm` cannot be used yet: A, C ({why})",
        f"c.yaml:6:5: warning: `security` of type `aws` cannot be used yet: E ({why})",
    ]


def test_a_secret_that_is_left_out_is_the_stored_one(check: Check) -> None:
    stored = BearerToken(name="A", username="id", password="p", auth_endpoint="https://a")
    wanted = check.load(
        "security: [{name: A, type: oauth, username: id, auth_endpoint: 'https://b'}]", odb=Snapshot([stored])
    )
    assert wanted.objects == [msgspec.structs.replace(stored, auth_endpoint="https://b")]


def test_members_of_a_group_are_read_in_every_form(check: Check) -> None:
    definitions = "security: [{name: A, type: mtls}, {name: B, type: mtls}]\n"
    members = ["[A, B]", "[{name: A}, {name: B}]", '"A\\nB"', "[A, {name: B}]"]
    for section in ("groups", "security_groups"):
        for written in members:
            *_, group = check.objects(f"{definitions}{section}: [{{name: G, members: {written}}}]")
            assert group == Group(name="G", members=("A", "B"))


def test_every_unknown_member_is_told_where_it_stands(check: Check) -> None:
    assert check.errors(
        """\
security:
  - {name: Alice, type: basic_auth, username: a, password: p}
groups:
  - name: G
    members:
      - Alcie
      - Alice
      - {name: Nobody}
"""
    ) == [
        "c.yaml:6:9: groups/G/members: there is no `Alcie` in `security` (did you mean `Alice`?)",
        "c.yaml:8:9: groups/G/members: there is no `Nobody` in `security` (define it in `security`)",
    ]


def test_a_group_cannot_have_groups_as_members(check: Check) -> None:
    """Case E26 of the reference (reliability, section 5.1)."""
    assert check.errors("groups:\n  - {name: G, members: [H]}\n  - {name: H, members: [G]}\n") == [
        "c.yaml:2:25: groups/G/members: there is no `H` in `security` (a group cannot have groups as members)",
        "c.yaml:3:25: groups/H/members: there is no `G` in `security` (a group cannot have groups as members)",
    ]


def test_a_channel_names_groups_that_exist(check: Check) -> None:
    text = "channel_rest: [{name: C, service: s, url_path: /a, groups: [G]}]\n"
    assert check.errors(text) == [
        "c.yaml:1:61: channel_rest/C/groups: there is no `G` in `groups` (define it in `groups`)"
    ]
    assert check.problems(text + "security_groups: [{name: G}]") == []


def test_basic_auth_is_not_pending() -> None:
    assert not BasicAuth.pending
