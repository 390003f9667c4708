"""No secret is in any output, log or, in clear, in any file of the server directory."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

from tests.servers.http_server import HTTPServer
from tests.servers.ports import free_port
from tests.servers.zato_server import Done, ZatoServer

CALLING = """
    from zato.server.service import Service

    class Call(Service):
        def handle(self):
            self.logger.info('Connection %r %s', self.out.rest['CRM'].conn, self.out.rest['CRM'].config)
            self.logger.info('World %r', [*self.world.snapshot])
            self.out.amqp.send('hello', 'Fraud')
            self.response.payload = {'status': self.out.rest['CRM'].conn.get(self.cid).status_code}

    class Fail(Service):
        def handle(self):
            connection = self.out.rest['CRM'].conn
            raise ValueError(f'{connection} {connection.config}')
"""


def document(canaries: dict[str, str], backend: str, ca: str = "") -> str:
    """Every field that can hold a secret, some as a variable and some as it is."""
    broker = {"host": "127.0.0.1", "port": free_port(), "username": "user"}
    crm = {"name": "CRM", "host": backend, "url_path": "/", "security": "CRM User"}
    return json.dumps(
        {
            "security": [
                {"name": "API", "type": "basic_auth", "username": "api", "password": "${Canary_API}"},
                {"name": "CRM User", "type": "basic_auth", "username": "crm", "password": canaries["crm"]},
                {"name": "Key", "type": "apikey", "password": canaries["key"]},
            ],
            "channel_rest": [
                {"name": "Call", "service": "tested.call", "url_path": "/call", "security": "API"},
                {"name": "Fail", "service": "tested.fail", "url_path": "/fail", "security": "Key"},
            ],
            "outgoing_rest": [crm | ({"validate_tls": ca} if ca else {})],
            "def_amqp": [{"name": "Broker", **broker, "password": canaries["broker"]}],
            "outgoing_amqp": [
                {"name": "Fraud", "def_name": "Broker"},
                {"name": "Inline", "address": f"127.0.0.1:{broker['port']}", "username": "user"}
                | {"password": canaries["inline"]},
            ],
        }
    )


def test_a_tour_through_everything_shows_no_secret(zato_server: ZatoServer, tmp_path: Path) -> None:
    # Given
    names = ("api", "crm", "key", "broker", "inline", "wrong", "other")
    canaries = {name: f"canary-{name}-{secrets.token_hex(8)}" for name in names}
    env = {"Canary_API": canaries["api"]}
    outputs: list[Done] = []
    server = zato_server

    def run(*arguments: str) -> None:
        outputs.append(server.zato(*arguments, env=env))

    def call(path: str, user: str, password: str, key: str) -> int:
        response = server.call(path, auth=(user, password), headers={"X-API-Key": key})
        outputs.append(Done([], 0, response.text, str(response.headers)))
        return response.status_code

    # When
    server.deploy(CALLING)
    with HTTPServer() as backend:
        backend.answer("", {}, status=401)
        file = tmp_path / "all.json"
        file.write_text(document(canaries, backend.url))
        run("enmasse", "--validate", "--input", str(file))
        run("enmasse", "--plan", "--input", str(file), "--json")
        run("enmasse", "--import", "--input", str(file))
        server.settings("[main]\nbind = 127.0.0.1:0\n[logging]\nlevel = DEBUG\n[misc]\nreturn_tracebacks = true\n")
        server.start()
        statuses = [
            call("/call", "api", canaries["api"], ""),
            call("/call", "api", canaries["wrong"], ""),
            call("/fail", "", "", canaries["key"]),
            call("/fail", "", "", canaries["wrong"]),
        ]
        run("ping", "outconn", "--all")
        run("ping", "outconn", "--all", "--json")
        run("info")
        run("check-config")
        for changed in ({"crm": canaries["other"]}, {"broker": canaries["other"]}):
            file.write_text(document({**canaries, **changed}, backend.url))
            run("enmasse", "--plan", "--input", str(file))
            run("enmasse", "--import", "--input", str(file))
            run("enmasse", "--import", "--replace-odb-objects", "--input", str(file), "--json")
        file.write_text(document(canaries, "https://127.0.0.1:1", ca="/none.pem"))
        run("enmasse", "--import", "--replace-odb-objects", "--input", str(file))
        for action in ("--merge", "--export-local"):
            run("enmasse", action, "--input", str(file), "--output", "-")
        run("enmasse", "--export-odb", "--output", "-")
        run("enmasse", "--export-odb", "--output", "-", "--format", "json")
        file.write_text(document(canaries, "not a url").replace('"name": "Key"', '"name": ["Key"]'))
        run("enmasse", "--validate", "--input", str(file))
        run("enmasse", "--import", "--input", str(file), "--json")
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/cmdline").read_text()
    server.stop()
    run("ping", "outconn", "--all")

    # Then
    assert statuses == [200, 401, 500, 401]
    assert canaries["crm"] in {_password(request.headers["Authorization"]) for request in backend.requests}
    searched = {str(path): path.read_bytes() for path in server.path.rglob("*") if path.is_file()}
    searched |= {f"output {number}": f"{done.stdout}{done.stderr}".encode() for number, done in enumerate(outputs)}
    searched |= {"terminal": server.printed.read_bytes(), "command line": status.encode()}
    assert [where for where, text in searched.items() if any(shown in text for shown in _spellings(canaries))] == []
    assert b"World [" in searched[str(server.layout.logs / "server.log")]


def _password(header: str) -> str:
    return base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")[2]


def _spellings(canaries: dict[str, str]) -> list[bytes]:
    """Secrets as they are, and as HTTP sends them."""
    users = {"api": "api", "wrong": "api", "crm": "crm", "other": "crm"}
    sent = [base64.b64encode(f"{user}:{canaries[name]}".encode()) for name, user in users.items()]
    return [*(canary.encode() for canary in canaries.values()), *sent]
