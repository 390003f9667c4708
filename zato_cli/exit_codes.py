"""What the exit codes of `zato` mean (docs/decisions.md, 10)."""

from __future__ import annotations

DONE = 0
"""It was done, or there was nothing to do."""
ERROR = 1
"""It was not done, wrong usage included."""
DIFFERS = 2
"""A plan would change something."""
NOTHING_CHECKED = 3
"""There was nothing to check."""
ROLLED_BACK = 4
"""It was applied, and taken back."""
INTERRUPTED = 130
"""Ctrl-C: 128 and the number of the signal, as in a shell."""
