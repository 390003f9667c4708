"""What security definitions have in common."""

from __future__ import annotations

from typing import Annotated

from zato.kinds.base import about
from zato.kinds.security.limits import Limited

NOT_USED_YET = "channels that name one refuse everyone, connections that name one fail when they are used"
"""Why definitions of most types are `pending`."""

HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"
"""What the name of an HTTP header looks like (RFC 9110, section 5.1)."""

NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"

Username = Annotated[
    str,
    about("User name.", min_length=1, form="it has no control characters", pattern=NO_CONTROL_CHARACTERS),
]
Password = (
    Annotated[str, about("Password.", secret=True, form="it has no control characters", pattern=NO_CONTROL_CHARACTERS)]
    | None
)


class Definition(Limited, frozen=True, kw_only=True):
    """Who someone is, and how that is proven; channels, connections and groups name it (reference: enmasse, 3.1)."""

    section = "security"
    dropped = {"id": "", "cluster_id": "", "opaque1": "", "password_type": ""}
