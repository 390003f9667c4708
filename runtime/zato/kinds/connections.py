"""What changes of outgoing connections mean for traffic, whatever the connections speak."""

from __future__ import annotations

from collections.abc import Sequence

from zato.kinds.words import counted

WHEN_ADDED = "services can call it from now on"
WHEN_CHANGED = "reconnects"
WHEN_REMOVED = "services that call it fail from now on"


def when_renewed(names: Sequence[str]) -> str:
    """What `Kind.when_renewed` says."""
    return f"reconnects {counted(names, most=1)}"
