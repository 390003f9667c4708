"""Waiting for what another thread or process does, instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, timeout: float = 10.0) -> T:
    """Ask until the answer is true, and return it. Raises AssertionError after `timeout` seconds."""
    until = time.monotonic() + timeout
    while not (answer := condition()):
        assert time.monotonic() < until, f"not within {timeout:g} s: {what}"
        time.sleep(0.01)
    return answer
