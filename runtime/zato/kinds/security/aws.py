"""AWS access keys, for outgoing connections."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.definition import NO_CONTROL_CHARACTERS, NOT_USED_YET, Definition


class AWS(Definition, frozen=True, kw_only=True, tag_field="type", tag="aws"):
    """An access key."""

    also_section = ("def_sec", "aws")
    pending = NOT_USED_YET

    username: Annotated[str, about("ID of the access key.", min_length=1)]
    password: (
        Annotated[
            str,
            about(
                "Secret access key.", secret=True, form="it has no control characters", pattern=NO_CONTROL_CHARACTERS
            ),
        ]
        | None
    ) = None

    def missing_secret(self) -> str | None:
        """Without the secret key nothing can be signed."""
        return None if self.password else "password"
