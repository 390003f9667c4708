"""JSON Web Tokens that callers get by logging in, for channels (Zato 3.2)."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition, Password, Username


class JWT(Definition, frozen=True, kw_only=True, tag_field="type", tag="jwt"):
    """A user name and a password to log in with, and the life of the tokens that a login gives."""

    also_section = ("def_sec", "jwt")
    pending = NOT_USED_YET

    username: Username
    password: Password = None
    ttl: Annotated[int, about("Life of a token after its last use.", unit="s", ge=1)]

    def missing_secret(self) -> str | None:
        """Without a password nobody can log in."""
        return None if self.password else "password"
