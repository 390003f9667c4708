"""A JSON echo behind Basic Auth: raw waitress, Flask on waitress, and this runtime, side by side in one run.

    python tests/benchmarks/echo.py [--seconds 4] [--rounds 5] [--connections 32] [--servers raw,flask,runtime,…]

Each server is a process of its own with the same number of threads and the same switch interval. `runtime` writes its
access log, as a started server does; the others write none, and waitress's warning about each request that waits for a
thread is off, since printing it would halve the rate of the first two. `raw-defaults` is raw waitress as it comes: four
threads, Python's switch interval, and warnings. Rounds alternate
between the servers, so that whatever else the machine does meets all of them. Medians and ratios to raw waitress are
printed. The load comes from wrk (Debian package `wrk`), else from threads of this process, which cost more than the
servers do: then only the ratios mean something, and little.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import http.client
import json
import logging
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

THREADS = 8
SWITCH_INTERVAL = 0.0005
USER, PASSWORD = "api", "s3cret"
AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
BODY = json.dumps({"user_name": "my.user", "items": [{"sku": f"ABC-{n:03}", "quantity": n} for n in range(5)]})

SERVICE = """
from zato.server.service import Service

class Echo(Service):
    name = "echo"

    def handle(self):
        self.response.payload = self.request.payload
"""


def raw(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """What anybody would write by hand."""
    given = base64.b64decode(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Basic "))
    if environ["PATH_INFO"] != "/echo" or not hmac.compare_digest(given, f"{USER}:{PASSWORD}".encode()):
        start_response("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="zato"'), ("Content-Length", "0")])
        return [b""]
    body = json.dumps(json.loads(environ["wsgi.input"].read())).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def serve_with_waitress(app: Any, **options: Any) -> None:
    from waitress.server import create_server

    server = create_server(app, host="127.0.0.1", port=0, **options)
    print(server.effective_port, flush=True)
    server.run()


def serve_raw() -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    serve_with_waitress(raw, threads=THREADS)


def serve_raw_with_defaults() -> None:
    sys.setswitchinterval(0.005)
    serve_with_waitress(raw)


def serve_flask() -> None:
    import flask

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app = flask.Flask("echo")

    @app.post("/echo")
    def echo() -> Any:
        given = flask.request.authorization
        if given is None or not hmac.compare_digest(f"{given.username}:{given.password}", f"{USER}:{PASSWORD}"):
            return "", 401, {"WWW-Authenticate": 'Basic realm="zato"'}
        return flask.jsonify(flask.request.get_json())

    serve_with_waitress(app, threads=THREADS)


def serve_runtime(channels: int = 1, *, access_log: bool = True) -> None:
    from zato.config.snapshot import Snapshot
    from zato.kinds.base import Kind
    from zato.kinds.rest.channel import ChannelREST
    from zato.kinds.security.basic_auth import BasicAuth
    from zato.server.deploy import Services
    from zato.server.http.app import App
    from zato.server.http.listener import Limits, Listener, bind
    from zato.server.logs import Logs
    from zato.server.runtime import Runtime
    from zato.server.settings import Logging
    from zato.server.user_config import UserConfig
    from zato.server.world import Worlds

    directory = Path(os.environ["ECHO_DIRECTORY"])
    Logs(directory, Logging(access_log=access_log), foreground=False)
    (directory / "echo.py").write_text(SERVICE)
    runtime = Runtime("echo", directory, Services([directory]), UserConfig([]).values)
    objects: list[Kind] = [BasicAuth(name="api", username=USER, password=PASSWORD)]
    objects.append(ChannelREST(name="echo", service="echo", url_path="/echo", security="api"))
    for number in range(channels - 1):
        url_path = f"/other/{number}/{{name}}" if number % 2 else f"/other/{number}"
        objects.append(ChannelREST(name=f"other {number}", service="echo", url_path=url_path, security="api"))
    worlds = Worlds(runtime)
    worlds.switch(worlds.prepare(1, Snapshot(objects)))
    limits = Limits(threads=THREADS)
    sock = bind("127.0.0.1", 0, limits.backlog)
    print(sock.getsockname()[1], flush=True)
    Listener(App(runtime), sock, limits).run(threading.Event())


SERVERS: dict[str, Callable[[], None]] = {
    "raw": serve_raw,
    "raw-defaults": serve_raw_with_defaults,
    "flask": serve_flask,
    "runtime": serve_runtime,
    "runtime-no-log": lambda: serve_runtime(access_log=False),
    "runtime-10000": lambda: serve_runtime(10_000),
}


@contextmanager
def running(name: str) -> Iterator[int]:
    """Run a server as a process of its own; the value is its port."""
    command = [sys.executable, __file__, "--serve", name]
    with tempfile.TemporaryDirectory() as directory, Path(directory, "stderr").open("w") as stderr:
        env = {**os.environ, "ECHO_DIRECTORY": directory}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=env) as process:
            assert process.stdout is not None
            try:
                yield int(process.stdout.readline())
            finally:
                process.kill()


class Round(NamedTuple):
    """What one server did in one round."""

    per_second: float
    p99: float
    """Milliseconds."""


def measure(port: int, seconds: float, connections: int) -> Round:
    return with_wrk(port, seconds, connections) if shutil.which("wrk") else with_threads(port, seconds, connections)


def with_wrk(port: int, seconds: float, connections: int) -> Round:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f"wrk.method = 'POST'\nwrk.body = [[{BODY}]]\n"
            f"wrk.headers['Authorization'] = '{AUTHORIZATION}'\nwrk.headers['Content-Type'] = 'application/json'\n"
        )
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name]
        command.append(f"http://127.0.0.1:{port}/echo")
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in output, output
    assert "Socket errors" not in output, output
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", output)[0]
    per_second = float(re.findall(r"Requests/sec:\s+([\d.]+)", output)[0])
    return Round(per_second, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit])


def with_threads(port: int, seconds: float, connections: int) -> Round:
    times: list[float] = []
    end = time.monotonic() + seconds

    def call_until_the_end() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
        while (begin := time.monotonic()) < end:
            client.request("POST", "/echo", BODY, headers)
            answer = client.getresponse()
            answer.read()
            assert answer.status == 200
            times.append(time.monotonic() - begin)
        client.close()

    threads = [threading.Thread(target=call_until_the_end) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Round(len(times) / seconds, sorted(times)[int(len(times) * 0.99)] * 1000)


def compare(names: list[str], seconds: float, rounds: int, connections: int) -> dict[str, Round]:
    """Median of the rounds of each server."""
    found: dict[str, list[Round]] = {name: [] for name in names}
    with ExitStack() as stack:
        ports = {name: stack.enter_context(running(name)) for name in names}
        for port in ports.values():
            measure(port, 1, connections)
        for number in range(rounds):
            for name in names[:: 1 if number % 2 else -1]:
                found[name].append(measure(ports[name], seconds, connections))
    return {
        name: Round(statistics.median(r.per_second for r in all_), statistics.median(r.p99 for r in all_))
        for name, all_ in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        sys.setswitchinterval(SWITCH_INTERVAL)
        SERVERS[options.serve]()
        return
    names = options.servers.split(",")
    medians = compare(names, options.seconds, options.rounds, options.connections)
    base = medians.get("raw") or medians[names[0]]
    print(f"{'server':<16}{'requests/s':>12}{'ratio':>8}{'p99 ms':>10}{'ratio':>8}")
    for name, median in medians.items():
        rate, p99 = median.per_second / base.per_second, median.p99 / base.p99
        print(f"{name:<16}{median.per_second:>12.0f}{rate:>8.2f}{median.p99:>10.1f}{p99:>8.2f}")


if __name__ == "__main__":
    main()
