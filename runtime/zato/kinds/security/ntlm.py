"""NTLM, for outgoing connections."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition, Password


class NTLM(Definition, frozen=True, kw_only=True, tag_field="type", tag="ntlm"):
    """A Windows user and a password."""

    also_section = ("def_sec", "ntlm")
    pending = NOT_USED_YET

    username: Annotated[str, about("User name, after a domain and a backslash if it has one.", min_length=1)]
    password: Password = None

    def missing_secret(self) -> str | None:
        """Without a password no challenge can be answered."""
        return None if self.password else "password"
