"""Import paths that existing services use."""

from __future__ import annotations

from zato.common.api import CHANNEL, DATA_FORMAT, SEC_DEF_TYPE, URL_TYPE

__all__ = ["CHANNEL", "DATA_FORMAT", "SEC_DEF_TYPE", "URL_TYPE"]
