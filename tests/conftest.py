"""Fixtures of all tests."""

from __future__ import annotations

pytest_plugins = ["tests.servers.rabbitmq", "tests.servers.postgresql", "tests.servers.zato_server"]
