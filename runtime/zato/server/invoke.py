"""The one place where a service is run, whoever asks: HTTP, AMQP, the scheduler or another service."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zato.common.api import CHANNEL
from zato.common.ext.bunch import Bunch
from zato.server.service import Service

if TYPE_CHECKING:
    from zato.server.channel import ChannelInfo
    from zato.server.request import Request
    from zato.server.response import Response
    from zato.server.runtime import Runtime
    from zato.server.world import World

_HOOKS = (
    "accept", "before_job", "before_one_time_job", "before_interval_based_job", "before_cron_style_job",
    "before_handle", "validate_input", "validate_output", "after_handle", "after_job", "after_one_time_job",
    "after_interval_based_job", "after_cron_style_job", "finalize_handle",
)  # fmt: skip
_VERB_CHANNELS = frozenset({CHANNEL.HTTP_SOAP, CHANNEL.INVOKE})
_VERB = re.compile(r"handle_([A-Z]+)")

log = logging.getLogger(__name__)


class Deployed:
    """A service class with everything about it that is worth knowing before the first request."""

    __slots__ = ("allow", "cls", "file", "handle", "hooks", "line", "name", "verbs")

    def __init__(self, cls: type[Service], name: str, file: Path, line: int) -> None:
        self.cls = cls
        self.name = cls.name = name
        cls.impl_name = f"{cls.__module__}.{cls.__qualname__}"
        cls.logger = logging.getLogger(name)
        self.file = file
        self.line = line
        self.handle: Callable[[Service], None] = cls.handle
        self.verbs = _verbs(cls)
        self.allow = ", ".join(sorted(self.verbs))
        self.hooks = frozenset(hook for hook in _HOOKS if getattr(cls, hook) is not getattr(Service, hook))


def _verbs(cls: type[Service]) -> dict[str, Callable[[Service], None]]:
    return {found[1]: getattr(cls, found[0]) for found in map(_VERB.fullmatch, dir(cls)) if found}


def run(
    deployed: Deployed,
    runtime: Runtime,
    world: World,
    *,
    request: Request,
    response: Response,
    channel: ChannelInfo,
    wsgi_environ: dict[str, Any],
) -> None:
    """Run a service for one request; what it answers is in `response` afterwards. Raises what the service raises."""
    service = deployed.cls()
    service.cid = request.cid
    service.request = request
    service.response = response
    service.channel = channel
    service.server = runtime
    service.world = world
    service.wsgi_environ = wsgi_environ
    service.environ = Bunch()
    if deployed.hooks:
        _handle_with_hooks(deployed, service)
    else:
        _handle(deployed, service)


def _handle(deployed: Deployed, service: Service) -> None:
    """Call the method for the HTTP method where a class has such, else `handle` (service-api, section 1.14)."""
    if not deployed.verbs or service.channel.type not in _VERB_CHANNELS:
        deployed.handle(service)
        return
    method = deployed.verbs.get(service.request.http.method or "")
    if method is not None:
        method(service)
        return
    service.response.status_code = HTTPStatus.METHOD_NOT_ALLOWED
    service.response.headers["Allow"] = deployed.allow


def _handle_with_hooks(deployed: Deployed, service: Service) -> None:
    """Call `handle` among the hooks (service-api, section 1.8)."""
    if not service.accept():
        service.response.status_code = HTTPStatus.BAD_REQUEST
        return
    try:
        _call_job_hooks(service, "before")
        _log_failure(service, service.before_handle)
        service.validate_input()
        _handle(deployed, service)
        service.validate_output()
        _log_failure(service, service.after_handle)
        _call_job_hooks(service, "after")
    finally:
        _log_failure(service, service.finalize_handle)


def _call_job_hooks(service: Service, when: str) -> None:
    """Call the hooks of services that the scheduler runs: the one for all jobs, then that for their type."""
    if service.job_type is not None:
        _log_failure(service, getattr(service, f"{when}_job"))
        _log_failure(service, getattr(service, f"{when}_{service.job_type}_job"))


def _log_failure(service: Service, hook: Callable[[], None]) -> None:
    try:
        hook()
    except Exception:
        log.exception(
            "`%s` of %s failed, which the request survives (CID:%s)", hook.__name__, service.name, service.cid
        )
