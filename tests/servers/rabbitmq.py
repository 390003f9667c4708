"""A RabbitMQ of the tests' own: `rabbitmq`, one per session, and `vhost`, one per test."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from tests.servers import processes
from tests.servers.ports import free_ports
from tests.servers.waiting import wait_for
from zato.kinds.amqp.definition import DefAMQP

MISSING = "RabbitMQ is not installed; run tests/servers/install.sh"
START_TIMEOUT = 60.0


class RabbitMQ:
    """A node with ports, home, cookie, epmd and data of its own. kill -9 and a start make it a crash and a recovery."""

    def __init__(self) -> None:
        self._program = _program()
        self._base = processes.make_directory("zato-rabbitmq-")
        self.port, self._dist_port, self._epmd_port = free_ports(3)
        self._node = f"zato{self.port}@localhost"
        self._env = self._environment()
        self._process: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._epmd = self._start_epmd()
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start, or start again, and wait until it answers."""
        self._process = processes.start([self._program], log=self._base / "log.txt", env=self._env)
        wait_for(self._answers, f"RabbitMQ answers, see {self._base / 'log.txt'}", START_TIMEOUT)

    def kill9(self) -> None:
        """Crash it."""
        assert self._process is not None
        processes.kill(self._process)

    def restart(self) -> None:
        """Crash it and start it again."""
        self.kill9()
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and does nothing."""
        assert self._process is not None
        processes.freeze(self._process)
        try:
            yield
        finally:
            processes.thaw(self._process)

    @contextmanager
    def blocked(self) -> Iterator[None]:
        """It is out of memory, by its own account, and takes no messages."""
        self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1})")
        try:
            yield
        finally:
            self.evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, 1000000000})")

    def stop(self) -> None:
        """End it and remove all that it left behind."""
        for process in (self._process, self._epmd):
            if process is not None:
                processes.kill(process)
        processes.remove_directory(self._base)

    def evaluate(self, expression: str) -> str:
        """Have the node evaluate Erlang and return the answer: milliseconds, where rabbitmqctl takes half a second."""
        cookie = (self._base / ".erlang.cookie").read_text()
        command = ["erl_call", "-c", cookie, "-n", self._node, "-e"]
        done = subprocess.run(
            command, input=f"{expression}.\n", env=self._env, capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("{ok, "), done.stdout + done.stderr
        return done.stdout.removeprefix("{ok, ").removesuffix("}")

    def _answers(self) -> bool:
        """A broker that is up answers a protocol header that it does not like with the one that it likes."""
        assert self._process is not None
        assert self._process.poll() is None, f"RabbitMQ ended: {(self._base / 'log.txt').read_text()[-2000:]}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock:
                sock.sendall(b"AMQP\x09\x09\x09\x09")
                return sock.recv(8).startswith(b"AMQP")
        except OSError:
            return False

    def _start_epmd(self) -> subprocess.Popen[bytes]:
        """Start Erlang's port mapper before the node does, which would make a daemon of it."""
        command = ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"]
        process = processes.start(command, log=self._base / "epmd.txt", env=self._env)
        wait_for(lambda: _listens(self._epmd_port), "epmd answers")
        return process

    def _environment(self) -> dict[str, str]:
        base = self._base
        (base / "plugins").write_text("[].")
        (base / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            "vm_memory_high_watermark.absolute = 1GB\n"
            "disk_free_limit.absolute = 50MB\n"
        )
        return {
            **os.environ,
            "HOME": str(base),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
            "RABBITMQ_LOG_BASE": str(base / "log"),
            "RABBITMQ_PID_FILE": str(base / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(base / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(base / "none"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # idle schedulers must not burn the CPU that the tests need
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }


class VHost:
    """A virtual host and the user who may use it."""

    def __init__(self, server: RabbitMQ) -> None:
        self.server = server
        self.name = self.user = f"test-{secrets.token_hex(4)}"
        self.password = f"pw-{secrets.token_hex(8)}"

    def create(self) -> None:
        """Make both."""
        name, user, password = _binary(self.name), _binary(self.user), _binary(self.password)
        self.server.evaluate(
            f"ok = rabbit_vhost:add({name}, {_TESTS}),"
            f"ok = rabbit_auth_backend_internal:add_user({user}, {password}, {_TESTS}),"
            f"ok = rabbit_auth_backend_internal:set_permissions({user}, {name}, {_ALL}, {_ALL}, {_ALL}, {_TESTS}),"
            "ok = mnesia:sync_log()"
        )

    def delete(self) -> None:
        """Remove both."""
        self.server.evaluate(
            f"rabbit_vhost:delete({_binary(self.name)}, {_TESTS}),"
            f"rabbit_auth_backend_internal:delete_user({_binary(self.user)}, {_TESTS})"
        )

    @property
    def address(self) -> str:
        """The form that enmasse files take, without user and password."""
        return f"127.0.0.1:{self.server.port}/{self.name}"

    def definition(self, **fields: Any) -> DefAMQP:
        """A definition for it."""
        given = {
            "name": "broker",
            "host": "127.0.0.1",
            "port": self.server.port,
            "vhost": self.name,
            "username": self.user,
            "password": self.password,
            **fields,
        }
        return DefAMQP(**given)

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """A plain AMQP channel, to set things up and to look at them."""
        credentials = pika.PlainCredentials(self.user, self.password)
        parameters = pika.ConnectionParameters("127.0.0.1", self.server.port, self.name, credentials)
        with closing(pika.BlockingConnection(parameters)) as connection:
            yield connection.channel()

    def connections(self) -> int:
        """How many connections there are."""
        all_of_them = "rabbit_networking:connection_info_all([vhost])"
        return int(self.server.evaluate(f"length([C || C <- {all_of_them}, C =:= [{{vhost, {_binary(self.name)}}}]])"))

    def declare(self, queue: str, arguments: dict[str, Any] | None = None) -> None:
        """Make a durable queue."""
        with self.channel() as channel:
            channel.queue_declare(queue, durable=True, arguments=arguments)
        self.server.evaluate("ok = mnesia:sync_log()")  # a queue may be declared and not on disk yet: kill -9 loses it

    def depth(self, queue: str) -> int:
        """How many messages are ready in a queue."""
        with self.channel() as channel:
            frame: Any = channel.queue_declare(queue, passive=True)
            return int(frame.method.message_count)

    def publish(self, queue: str, body: bytes, **properties: Any) -> None:
        """Put a message into a queue."""
        with self.channel() as channel:
            channel.confirm_delivery()
            made = pika.BasicProperties(**{"delivery_mode": 2, **properties})
            channel.basic_publish("", queue, body, made, mandatory=True)

    def take(self, queue: str) -> tuple[Any, bytes] | None:
        """Take a message out of a queue: its properties and body, or None."""
        with self.channel() as channel:
            _, properties, body = channel.basic_get(queue, auto_ack=True)
            return None if body is None else (properties, body)

    def take_all(self, queue: str) -> list[bytes]:
        """Take all messages out of a queue, in order."""
        with self.channel() as channel:
            bodies = []
            while (body := channel.basic_get(queue, auto_ack=True)[2]) is not None:
                bodies.append(body)
            return bodies


_TESTS = '<<"tests">>'
_ALL = '<<".*">>'


def _binary(text: str) -> str:
    return f'<<"{text}">>'


def _program() -> str:
    # not /usr/sbin/rabbitmq-server, which switches to a system user and the system's paths
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found:
        pytest.fail(MISSING, pytrace=False)
    return str(found[-1])


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A running RabbitMQ, started when the first test asks for it. A test that stops it starts it again."""
    with RabbitMQ() as server:
        yield server


@pytest.fixture
def vhost(rabbitmq: RabbitMQ) -> Iterator[VHost]:
    """A virtual host and a user of the test's own."""
    made = VHost(rabbitmq)
    made.create()
    try:
        yield made
    finally:
        made.delete()
