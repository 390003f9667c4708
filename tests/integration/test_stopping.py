"""SIGTERM loses nothing that has begun."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.servers.waiting import wait_for
from tests.servers.zato_server import ZatoServer

THREADS = 8
QUEUED = 6

WAITING = """
    import time
    from pathlib import Path
    from zato.server.service import Service

    class Wait(Service):
        def handle(self):
            while not Path(self.request.payload['go']).exists():
                time.sleep(0.01)
            self.response.payload = {'done': True}
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_and_in_the_queue_are_answered(
    zato_server: ZatoServer, tmp_path: Path, number: signal.Signals
) -> None:
    # Given
    zato_server.settings(f"[main]\nbind = 127.0.0.1:0\n[http]\nthreads = {THREADS}\nmax_queue_age = 30\n")
    zato_server.deploy(WAITING)
    zato_server.enmasse("channel_rest: [{name: c, service: tested.wait, url_path: /wait}]")
    zato_server.start()
    go = tmp_path / "go"
    with ThreadPoolExecutor(THREADS + QUEUED) as threads:
        calls = [threads.submit(zato_server.call, "/wait", {"go": str(go)}) for _ in range(THREADS + QUEUED)]
        busy = {"in_flight": THREADS, "queued": QUEUED}
        wait_for(lambda: busy.items() <= zato_server.info().items(), f"{busy}")

        # When
        zato_server.signal(number)
        wait_for(lambda: _is_refused(zato_server), "nobody is let in any more")
        go.touch()

        # Then
        assert [call.result().json() for call in calls] == [{"done": True}] * (THREADS + QUEUED)
    assert zato_server.wait() == 0


def _is_refused(server: ZatoServer) -> bool:
    try:
        server.call("/zato/ping", timeout=0.2)
    except requests.Timeout:
        return False
    except requests.ConnectionError:
        return True
    return False
