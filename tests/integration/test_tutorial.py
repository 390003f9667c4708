"""The tutorial, part 2, as it is printed: three remote systems, one service, one call."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers import processes
from tests.servers.ports import free_port
from tests.servers.rabbitmq import RabbitMQ, VHost
from tests.servers.waiting import wait_for
from tests.servers.zato_server import ZatoServer

TUTORIAL = Path(__file__).parents[2] / "examples" / "tutorial"
ANSWER = {"user_name": "my.user", "user_type": "RGV", "account_no": "123456", "account_balance": "357.9"}
QUEUE = "fraud"


@pytest.fixture
def remote_systems(tmp_path: Path) -> Iterator[str]:
    """CRM and Payments; their address."""
    log = tmp_path / "remote.txt"
    process = processes.start([sys.executable, str(TUTORIAL / "remote.py"), "0"], log=log)
    try:
        yield wait_for(lambda: "".join(re.findall(r"http://\S+\n", log.read_text())), "CRM and Payments listen").strip()
    finally:
        processes.kill(process)


@pytest.fixture
def broker(rabbitmq: RabbitMQ) -> Iterator[VHost]:
    """The broker of Fraud detection: virtual host, user, exchange and a queue that gets what is sent there."""
    vhost = VHost(rabbitmq)
    vhost.name = vhost.user = "tutorial"
    vhost.password = "PJs4TEeui118A"
    vhost.create()
    with vhost.channel() as channel:
        channel.exchange_declare("/tutorial", durable=True)
    vhost.declare(QUEUE)
    with vhost.channel() as channel:
        channel.queue_bind(QUEUE, "/tutorial", "api")
    try:
        yield vhost
    finally:
        vhost.delete()


def serve(server: ZatoServer, remote_systems: str, broker_port: int, *, deploy: Path = TUTORIAL) -> None:
    """Import the tutorial and start."""
    env = {"Tutorial_Remote_Host": remote_systems, "Tutorial_Broker_Port": str(broker_port)}
    files = ("--input", str(TUTORIAL / "enmasse"), "--env-file", str(TUTORIAL / "env.ini"))
    done = server.zato("enmasse", "--import", *files, env=env)
    assert done.returncode == 0, done.stderr
    server.start("--deploy", str(deploy))


def call(server: ZatoServer, method: str = "POST", **options: Any) -> requests.Response:
    """As `curl -XPOST http://api:<password>@localhost:17010/api/v1/user -d '{"user_name": "my.user"}'` does."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "curl/7.88.1"}
    options = {"auth": ("api", "tutorial"), "headers": headers, **options}
    return server.call("/api/v1/user", '{"user_name": "my.user"}', method=method, **options)


def services_lines(server: ZatoServer) -> list[str]:
    """What the service logged, from the level on, as the tutorial shows it."""
    return [line[line.index("INFO - ") :] for line in server.log.splitlines() if " - api.user.get-details:" in line]


def test_the_tutorial_works(zato_server: ZatoServer, remote_systems: str, broker: VHost) -> None:
    # Given
    serve(zato_server, remote_systems, broker.server.port)

    # When
    response = call(zato_server)

    # Then
    assert response.status_code == 200
    assert response.json() == ANSWER
    assert response.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"[0-9a-f]{24}", response.headers["X-Zato-CID"])
    zato_server.logs("Notifying Fraud detection")
    assert services_lines(zato_server) == [
        "INFO - Invoking CRM; u=my.user",
        "INFO - Invoking Payments; u=my.user, a=123456",
        "INFO - Notifying Fraud detection; u=my.user",
    ]
    message = wait_for(lambda: broker.take(QUEUE), "the message is in the queue")
    assert message is not None
    properties, body = message
    assert body == b"User `my.user` accessed `123456`"
    assert (properties.delivery_mode, properties.priority) == (2, 5)


def test_the_api_test_of_the_tutorial_passes(zato_server: ZatoServer, remote_systems: str) -> None:
    # Given
    serve(zato_server, remote_systems, free_port())

    # When
    response = call(zato_server, "GET", headers={"Content-Type": "application/json"})

    # Then
    assert response.status_code == 200
    assert response.json() == ANSWER
    assert response.headers["X-Zato-CID"]


def test_fraud_detection_is_notified_once_the_configuration_file_is_there(
    zato_server: ZatoServer, remote_systems: str, broker: VHost
) -> None:
    # Given
    serve(zato_server, remote_systems, broker.server.port, deploy=TUTORIAL / "services")

    # When
    assert call(zato_server).json() == ANSWER

    # Then
    zato_server.logs("Invoking Payments")
    assert "Fraud detection" not in zato_server.log
    assert broker.depth(QUEUE) == 0

    # When
    shutil.copy(TUTORIAL / "user-conf" / "tutorial.conf", zato_server.layout.user_config[0])
    zato_server.logs("Read user configuration `tutorial`")
    assert call(zato_server).json() == ANSWER

    # Then
    wait_for(lambda: broker.take(QUEUE), "the message is in the queue")


def test_without_a_broker_the_call_is_answered_and_the_log_says_once_what_became_of_the_message(
    zato_server: ZatoServer, remote_systems: str
) -> None:
    # Given
    port = free_port()
    serve(zato_server, remote_systems, port)

    # When
    response = call(zato_server)

    # Then
    assert response.json() == ANSWER
    told = zato_server.logs("AMQP message could not be delivered")
    assert "conn=Fraud Detection Connection, exchange='/tutorial', routing_key='api'" in told
    assert f"cid={response.headers['X-Zato-CID']}" in told
    assert f"connection refused by 127.0.0.1:{port} (is the broker running there?)" in told
    zato_server.stop()
    assert zato_server.log.count("AMQP message could not be delivered") == 1


@pytest.mark.parametrize("credentials", [None, ("api", "wrong"), ("other", "tutorial")])
def test_callers_without_credentials_are_turned_away(
    zato_server: ZatoServer, remote_systems: str, credentials: tuple[str, str] | None
) -> None:
    serve(zato_server, remote_systems, free_port())

    response = call(zato_server, auth=credentials)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Tutorial"'


def test_all_connections_of_the_tutorial_answer_a_ping(
    zato_server: ZatoServer, remote_systems: str, broker: VHost
) -> None:
    serve(zato_server, remote_systems, broker.server.port)

    done = zato_server.zato("ping", "outconn", "--all")

    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 3
