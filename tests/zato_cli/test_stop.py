from __future__ import annotations

import signal
import threading
from pathlib import Path

from tests.servers.waiting import wait_for
from tests.servers.zato_server import ZatoServer, zato

SLOW = """
    import time
    from pathlib import Path
    from zato.server.service import Service
    class Slow(Service):
        def handle(self):
            go = Path(self.request.payload['go'])
            while not go.exists():
                time.sleep(0.01)
            self.response.payload = {'done': True}
"""
CHANNEL = "channel_rest: [{name: c, service: tested.slow, url_path: /slow}]"


def test_a_server_is_stopped(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start_in_background()

    # When
    done = zato_server.zato("stop")

    # Then
    assert (done.returncode, done.stdout, done.stderr) == (0, "server1 stopped\n", "")
    assert not zato_server.layout.pidfile.exists()
    assert not (zato_server.path / "control.sock").exists()
    assert zato_server.log.endswith(" - INFO - server1 stopped\n")


def test_the_stop_waits_for_what_is_in_flight(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    zato_server.deploy(SLOW)
    zato_server.enmasse(CHANNEL)
    zato_server.start()
    go = tmp_path / "go"
    answers: list[object] = []
    caller = threading.Thread(target=lambda: answers.append(zato_server.call("/slow", {"go": str(go)}).json()["done"]))
    caller.start()
    wait_for(lambda: zato_server.info()["in_flight"] == 1, "the request is in flight")

    # When
    stopping = threading.Thread(target=lambda: answers.append(zato_server.zato("stop").stdout))
    stopping.start()
    wait_for(lambda: not _accepts(zato_server), "the server takes no more")
    assert answers == []
    go.touch()
    caller.join()
    stopping.join()

    # Then
    assert answers == [True, "server1 stopped\n"]
    assert zato_server.wait() == 0


def _accepts(server: ZatoServer) -> bool:
    try:
        return server.call("/zato/ping").ok
    except OSError:
        return False


def test_what_does_not_run_cannot_be_stopped(zato_server: ZatoServer) -> None:
    # When
    done = zato_server.zato("stop")

    # Then
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: the server {zato_server.path} is not running\n"


def test_a_stale_pidfile_is_removed(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()
    zato_server.kill9()

    # When
    done = zato_server.zato("stop")

    # Then
    message = f"the server {zato_server.path} is not running; a stale pidfile was removed"
    assert (done.returncode, done.stderr) == (1, f"Error: {message}\n")
    assert not zato_server.layout.pidfile.exists()


def test_a_mistake_in_server_conf_keeps_nobody_from_stopping(zato_server: ZatoServer) -> None:
    # Given
    zato_server.start()
    zato_server.settings("[mian]\n")

    # Then
    assert zato_server.zato("stop").returncode == 0
    assert zato_server.wait() == 0


def test_a_directory_that_is_none_of_a_server_is_told(tmp_path: Path) -> None:
    done = zato("stop", tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {tmp_path} is not a server directory")


def test_a_second_signal_ends_it_at_once(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    zato_server.deploy(SLOW)
    zato_server.enmasse(CHANNEL)
    zato_server.start()
    failed = []
    caller = threading.Thread(target=lambda: failed.append(_fails(zato_server, str(tmp_path / "never"))))
    caller.start()
    wait_for(lambda: zato_server.info()["in_flight"] == 1, "the request is in flight")

    # When
    zato_server.signal()
    wait_for(lambda: not _accepts(zato_server), "the server takes no more")
    zato_server.signal()

    # Then
    assert zato_server.wait() == 128 + signal.SIGTERM
    caller.join()
    assert failed == [True]
    zato_server.start()  # nothing is in its way


def _fails(server: ZatoServer, path: str) -> bool:
    try:
        server.call("/slow", {"go": path})
    except OSError:
        return True
    return False


def test_what_is_not_done_when_the_time_is_over_is_told(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    zato_server.settings("[main]\nbind = 127.0.0.1:0\ndrain = 0.2\n")
    zato_server.deploy(SLOW)
    zato_server.enmasse(CHANNEL)
    zato_server.start()
    caller = threading.Thread(target=lambda: _fails(zato_server, str(tmp_path / "never")))
    caller.start()
    wait_for(lambda: zato_server.info()["in_flight"] == 1, "the request is in flight")

    # When
    code = zato_server.stop()

    # Then
    caller.join()
    assert code == 1
    assert "ERROR - 1 requests were not answered before the drain ended" in zato_server.log
