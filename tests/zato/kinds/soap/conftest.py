from __future__ import annotations

from tests.zato.config.conftest import check

__all__ = ["check"]
