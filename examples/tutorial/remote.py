"""The tutorial's remote systems: CRM and Payments on 127.0.0.1, at the port that is given."""

import json
import os
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CRM = {"my.user": {"UserType": "RGV", "AccountNumber": "123456"}}
PAYMENTS = {"my.user": {"ACC_BALANCE": "357.9"}}

# What is asked → the parameter that names the user, and what is known about users
ANSWERS = {
    ("GET", "/get-user"): ("UserName", CRM),
    ("POST", "/balance/get"): ("USER", PAYMENTS),
}


class RemoteSystem(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_HEAD(self):
        known = any(path == urlsplit(self.path).path for _, path in ANSWERS)
        self.answer(200 if known else 404, {})

    def do_GET(self):
        self.find_user("GET")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.find_user("POST")

    def find_user(self, method):
        url = urlsplit(self.path)
        parameter, users = ANSWERS.get((method, url.path), ("", {}))
        user = parse_qs(url.query).get(parameter, [""])[0]
        if user in users:
            self.answer(200, users[user])
        else:
            self.answer(404, {"error": "No such user"})

    def answer(self, status, data):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass  # the server's log is what the tutorial looks at


class Server(ThreadingHTTPServer):
    started_by = os.getppid()

    def service_actions(self):
        """Called twice a second: whoever started this need not stop it."""
        if os.getppid() != self.started_by:
            sys.exit()


def main():
    port = int(sys.argv[1])
    try:
        server = Server(("127.0.0.1", port), RemoteSystem)
    except OSError as e:
        sys.exit(f"CRM and Payments cannot listen on port {port}: {e.strerror}")
    with server, suppress(KeyboardInterrupt):
        print(f"CRM and Payments are at http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
