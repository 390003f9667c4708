"""Fixtures of all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("tests", deadline=None)  # how fast the machine is today decides no test
settings.load_profile("tests")

pytest_plugins = ["tests.servers.rabbitmq", "tests.servers.postgresql", "tests.servers.zato_server"]
