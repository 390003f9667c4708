"""Bearer tokens (RFC 6750): fetched for outgoing connections, checked on channels, or fixed for both."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from zato.kinds.base import about
from zato.kinds.security.definition import HEADER_NAME, NO_CONTROL_CHARACTERS, NOT_USED_YET, Definition

_URL = r"^(https?://[^\s\x00-\x1f\x7f]+)?$"
_URL_FORM = "it begins with http:// or https://"
_Pairs = tuple[Annotated[str, msgspec.Meta(pattern="^[^=]+=")], ...]
_PAIRS_FORM = "each item is `key=value`"


class BearerToken(Definition, frozen=True, kw_only=True, tag_field="type", tag="bearer_token"):
    """How a token is got from an authorization server, which tokens callers must have, or the one token there is."""

    also_section = ("def_sec", "bearer_token", "oauth")
    also_type = ("oauth",)
    pending = NOT_USED_YET

    username: Annotated[str, about("Client ID.", also={"client_id": ""})] = ""
    password: (
        Annotated[
            str,
            about(
                "Client secret.",
                secret=True,
                also={"client_secret": "", "secret": ""},
                form="it has no control characters",
                pattern=NO_CONTROL_CHARACTERS,
            ),
        ]
        | None
    ) = None
    auth_endpoint: Annotated[
        str, about("URL that gives tokens.", also={"auth_server_url": "3.2 and 4.x"}, form=_URL_FORM, pattern=_URL)
    ] = ""
    grant_type: Annotated[str, about("OAuth grant type, such as `password`.", min_length=1)] = "client_credentials"
    client_auth_method: Annotated[
        str, about("How the client proves who it is, such as `private_key_jwt`; none sends the client secret.")
    ] = ""
    client_id_field: Annotated[str, about("Field of the token request that holds the client ID.", min_length=1)] = (
        "client_id"
    )
    client_secret_field: Annotated[
        str, about("Field of the token request that holds the client secret.", min_length=1)
    ] = "client_secret"  # noqa: S105 - the name of a field
    scopes: Annotated[tuple[str, ...], about("Scopes to ask for.")] = ()
    extra_fields: Annotated[_Pairs, about("More fields of the token request, as `key=value`.", form=_PAIRS_FORM)] = ()
    data_format: Annotated[
        Literal["form", "json"],
        about("How the token request is sent.", spelled={None: "form", "": "form"}, was="json in 3.2, form in 4.x"),
    ] = "form"
    private_key: Annotated[str, about("Private key of `private_key_jwt`, as PEM.", secret=True)] | None = None
    jwt_algorithm: Annotated[str, about("Algorithm to sign with `private_key`, such as `RS256`.")] = ""
    key_id: Annotated[str, about("ID of `private_key` at the authorization server.")] = ""

    is_static_token: Annotated[bool, about("Whether the token is `static_token`, and never fetched.")] = False
    static_token: (
        Annotated[
            str,
            about("The token.", secret=True, form="it has no control characters", pattern=NO_CONTROL_CHARACTERS),
        ]
        | None
    ) = None
    static_header: Annotated[
        str,
        about("Header that carries `static_token`.", form="it is the name of an HTTP header", pattern=HEADER_NAME),
    ] = "Authorization"
    static_prefix: Annotated[
        str,
        about(
            "What stands before `static_token`, a space between them.",
            form="it has no control characters",
            pattern=NO_CONTROL_CHARACTERS,
        ),
    ] = "bearer"

    issuer: Annotated[str, about("Issuer that callers' tokens must name.")] = ""
    jwks_url: Annotated[
        str, about("URL of the keys that callers' tokens are signed with.", form=_URL_FORM, pattern=_URL)
    ] = ""
    audience: Annotated[str, about("Audience that callers' tokens must name.")] = ""
    claims: Annotated[_Pairs, about("Claims that callers' tokens must have, as `key=value`.", form=_PAIRS_FORM)] = ()

    @property
    def is_static(self) -> bool:
        """Whether there is one token, which is never fetched: one field about it is enough to say so."""
        fixed = (self.static_header, self.static_prefix) != ("Authorization", "bearer")
        return self.is_static_token or self.static_token is not None or fixed

    def missing_secret(self) -> str | None:
        """A fixed token is a secret; fetching one takes the client secret, or the key that stands in for it."""
        if self.is_static:
            return None if self.static_token else "static_token"
        if self.client_auth_method == "private_key_jwt":
            return None if self.private_key else "private_key"
        checks_only = bool(self.jwks_url) and not self.auth_endpoint
        return None if self.password or checks_only else "password"
