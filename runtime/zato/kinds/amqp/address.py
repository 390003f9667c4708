"""Where the broker of an AMQP channel or outgoing connection is: in a definition, or inline as in 4.x."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from zato.kinds.base import Kind, Mistake, about


class Addressed(Kind, frozen=True, kw_only=True):
    """An object with either `def_name` (3.2) or `address`, `username` and `password` (4.x)."""

    def_name: (
        Annotated[str, about("AMQP definition with the broker's address.", ref="def_amqp", spelled={"": None})] | None
    ) = None
    address: Annotated[
        str,
        about(
            "Address of the broker, `[amqp[s]://]host[:port][/vhost]`, in place of a definition.",
            spelled={"": None}, form="it is [amqp[s]://]host[:port][/vhost], without user and password", pattern=r"^(amqps?://)?[^/?#@\s\x00-\x1f\x7f]+(/[^\s\x00-\x1f\x7f]*)?$",
        ),
    ] | None = None  # fmt: skip
    username: Annotated[str, about("User name at `address`.")] = ""
    password: Annotated[str, about("Password at `address`.", secret=True)] | None = None

    def missing_secret(self) -> str | None:
        """A broker that is addressed inline asks for the password of the user name."""
        return "password" if self.username and not self.password else None

    def mistakes(self) -> Iterator[Mistake]:
        """The broker is told in exactly one of two ways."""
        if self.def_name and self.address:
            yield Mistake("address", "it has both `def_name` and `address`", "keep one")
        elif not self.def_name and not self.address:
            hint = "name a definition in `def_name`, or give an `address`"
            yield Mistake("", "it does not say where the broker is", hint)
