from __future__ import annotations

from tests.zato.server.conftest import server

__all__ = ["server"]
