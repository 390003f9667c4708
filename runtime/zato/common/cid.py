"""Correlation IDs."""

from __future__ import annotations

import os


def new_cid() -> str:
    """Make a correlation ID: 24 lowercase hexadecimal digits (reference: service-api, section 1.12)."""
    return os.urandom(12).hex()
