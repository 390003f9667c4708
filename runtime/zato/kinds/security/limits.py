"""Rate-limit fields that security definitions and channels share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from zato.kinds.base import Kind, Mistake, about

_PENDING = "rate limits are kept but not enforced yet"


class Limited(Kind, frozen=True, kw_only=True):
    """An object that can limit how often its callers call (reference: enmasse, sections 3.1.2 and 3.2.2)."""

    rate_limiting: Annotated[
        tuple[dict[str, Any], ...],
        about("Rate-limit rules, 4.x format: the first that matches applies.", pending=_PENDING),
    ] = ()
    quota_tier: Annotated[str, about("Name of a quota tier with rate-limit rules.", pending=_PENDING)] | None = None
    is_rate_limit_active: Annotated[bool, about("Whether the 3.2 format's limits apply.", pending=_PENDING)] = False
    rate_limit_type: Annotated[str, about("APPROXIMATE or EXACT, 3.2 format.", pending=_PENDING)] = ""
    rate_limit_def: Annotated[
        str, about("Rate-limit lines such as `10.0.0.0/8=30/m`, 3.2 format.", pending=_PENDING)
    ] = ""
    rate_limit_check_parent_def: Annotated[
        bool, about("Whether limits of the parent object apply too, 3.2 format.", pending=_PENDING)
    ] = False

    def mistakes(self) -> Iterator[Mistake]:
        """Rules of its own besides those of a tier, of which nobody can tell the ones that are meant."""
        if self.rate_limiting and self.quota_tier:
            yield Mistake("quota_tier", "it has both `rate_limiting` and `quota_tier`", hint="keep one")
