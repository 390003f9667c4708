"""Credentials inside an XML body, for channels."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NOT_USED_YET, Definition, Password, Username


class XPath(Definition, frozen=True, kw_only=True, tag_field="type", tag="xpath"):
    """A user name and a password, and where in the body they stand."""

    also_section = ("def_sec", "xpath")
    also_type = ("xpath_sec",)
    pending = NOT_USED_YET

    username: Username
    password: Password = None
    username_expr: Annotated[str, about("XPath expression that finds the user name.", min_length=1)]
    password_expr: Annotated[str, about("XPath expression that finds the password; none asks for no password.")] = ""

    def missing_secret(self) -> str | None:
        """A password is needed where one is looked for."""
        return "password" if self.password_expr and not self.password else None
