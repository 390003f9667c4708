"""Versions of SOAP."""

from __future__ import annotations

from typing import Annotated, Literal

from zato.kinds.base import about

SOAPVersion = Annotated[
    Literal["1.1", "1.2"],
    about("Version of SOAP.", spelled={1.1: "1.1", 1.2: "1.2", None: "1.1", "": "1.1"}),
]
