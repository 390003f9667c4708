"""The WSGI application: from a request to its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from zato.common.api import URL_TYPE
from zato.common.cid import new_cid
from zato.common.exception import HTTPException
from zato.kinds.rest.router import METHODS
from zato.kinds.security.groups import satisfied
from zato.server.channel import ChannelInfo
from zato.server.http.access_log import AccessLog
from zato.server.http.request import HTTPRequest, read_body, read_payload
from zato.server.http.response import JSON, STATUS_LINES, Answer, answer, error, failure, to_json
from zato.server.http.router import Route, Router
from zato.server.invoke import run
from zato.server.request import Request
from zato.server.response import Response
from zato.server.runtime import Runtime
from zato.server.world import World

log = logging.getLogger(__name__)


class App:
    """Answers HTTP requests with the world and the services that are current."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._access_log = AccessLog()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Answer one request (PEP 3333)."""
        started = perf_counter()
        cid = new_cid()
        try:
            sent = self._answer(environ, cid)
        except BaseException:  # a service's answer may raise anything, and its caller must have one
            log.exception("The request could not be answered (CID:%s)", cid)
            sent = error(500, self._runtime.settings.misc.default_error_message, cid)
        start_response(STATUS_LINES.get(sent.status) or f"{sent.status} Unknown", sent.headers)
        if self._access_log.is_on():
            self._access_log.write(
                environ,
                cid=cid,
                seconds=perf_counter() - started,
                channel=sent.channel,
                status=sent.status,
                size=len(sent.body),
            )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [sent.body]

    def _answer(self, environ: dict[str, Any], cid: str) -> Answer:
        world = self._runtime.world
        method, path, accept = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_ACCEPT", "")
        if method not in METHODS:
            return error(405, "Unsupported HTTP method", cid, as_json=True, headers=[("Allow", ", ".join(METHODS))])
        if not path.isascii():
            try:
                path = path.encode("latin-1").decode()
            except UnicodeDecodeError:
                return error(400, f"The path is not UTF-8 (CID:{cid})", cid)
        own = world.router.own_answer(path, environ.get("REQUEST_URI", ""))
        if own is not None:
            return _ping(cid) if own == "ping" else _not_found(method, path, accept, cid)
        found = world.router.match(method, path, accept)
        if found is None:
            return _no_route(world.router, method, path, accept, cid)
        route, params = found
        if route.security is not None and not route.security.authenticate(environ):
            return _unauthorized(route, cid)
        channel = route.info
        if route.groups is not None:
            try:
                channel = route.info_for(satisfied(route.groups, environ))
            except HTTPException as e:
                return _refused(route, e, cid)
        return self._serve(world, route, params, channel, environ, cid)

    def _serve(
        self, world: World, route: Route, params: Any, channel: ChannelInfo, environ: dict[str, Any], cid: str
    ) -> Answer:
        """Run the service of a route."""
        deployed = self._runtime.services.current.get(route.service)
        if deployed is None:
            log.warning("Channel `%s`: service `%s` is not deployed (CID:%s)", route.channel.name, route.service, cid)
            name = route.channel.name
            return error(503, "Service unavailable", cid, as_json=route.answers_json, channel=name)
        response = Response()
        try:
            body = read_body(environ)
            payload = read_payload(route.channel.data_format, body, environ)
            request = Request(
                cid,
                payload,
                body,
                data_format=route.channel.data_format,
                transport=URL_TYPE.PLAIN_HTTP,
                http=HTTPRequest(environ, body, params, route.channel),
            )
            run(
                deployed,
                self._runtime,
                world,
                request=request,
                response=response,
                channel=channel,
                wsgi_environ=environ,
            )
            return answer(response, route, cid)
        except HTTPException as e:
            status, details = int(e.status), e.details
            log.info("%s answers %d: %s (CID:%s)", route.service, status, details, cid)
            return failure(status, details, response, route, cid, challenge=getattr(e, "challenge", None))
        except BaseException as e:  # sys.exit() in a service must not take a thread with it
            log.exception("%s failed (CID:%s)", route.service, cid)
            return failure(500, self._details(e), response, route, cid)

    def _details(self, e: BaseException) -> Any:
        misc = self._runtime.settings.misc
        return list(map(str, e.args)) if misc.return_tracebacks else misc.default_error_message


def _ping(cid: str) -> Answer:
    """Say that the server answers, so that clients of both 3.2 and 4.x understand."""
    body = to_json({"is_ok": True, "pong": "zato", "cid": cid})
    headers = [("X-Zato-CID", cid), ("Content-Type", JSON), ("Content-Length", str(len(body)))]
    return Answer(200, headers, body)


def _no_route(router: Router, method: str, path: str, accept: str, cid: str) -> Answer:
    """Answer a request that no active channel answers (reference: service-api, sections 2.1 and 2.6)."""
    allowed = router.methods(path, accept)
    if allowed:
        return error(405, f"Method not allowed (CID:{cid})", cid, headers=[("Allow", ", ".join(allowed))])
    inactive = router.inactive(method, path, accept)
    if inactive is not None:
        return error(404, "Channel inactive", cid, as_json=inactive.answers_json, channel=inactive.channel.name)
    return _not_found(method, path, accept, cid)


def _not_found(method: str, path: str, accept: str, cid: str) -> Answer:
    log.info("URL not found `%s` (Method:%s; Accept:%s; CID:%s)", path, method, accept, cid)
    return error(404, f"URL not found (CID:{cid})", cid)


def _unauthorized(route: Route, cid: str) -> Answer:
    challenge = route.security.challenge if route.security else ""
    log.info("Channel `%s`: unauthorized (CID:%s)", route.channel.name, cid)
    return error(
        401,
        f"Unauthorized; cid={cid}" if challenge else "401 Unauthorized",
        cid,
        as_json=route.answers_json,
        headers=[("WWW-Authenticate", challenge)] if challenge else [],
        channel=route.channel.name,
    )


def _refused(route: Route, refusal: HTTPException, cid: str) -> Answer:
    log.info("Channel `%s`: %s (CID:%s)", route.channel.name, refusal.details, cid)
    return error(int(refusal.status), refusal.details, cid, as_json=route.answers_json, channel=route.channel.name)
