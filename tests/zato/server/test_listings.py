"""The listings of the guides to requests, responses and REST services, as their authors wrote them."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers.http_server import Answer, HTTPServer, Request
from tests.zato.server.serving import Client, Server, channel
from zato.kinds.amqp.outgoing import OutgoingAMQP
from zato.kinds.rest.outgoing import OutgoingREST
from zato.kinds.security.basic_auth import BasicAuth
from zato.server.world import World

TUTORIAL = Path(__file__).parents[3] / "examples" / "tutorial"


def call(server: Server, source: str, method: str = "GET", body: Any = None, **options: Any) -> requests.Response:
    """Deploy the one service of a listing and call it at /api/listing."""
    server.deploy(source)
    [service] = server.services.current
    server.configure(*server.runtime.world.snapshot, channel(service, "/api/listing"))
    with server.http() as http:
        return http(method, "/api/listing", body, **options)


def test_input_data_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    call(
        server,
        '''
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class LogInputData(Service):
            """ Logs input data.
            """
            def handle(self):

                # Read input received
                user_id = self.request.payload['user_id']
                user_name = self.request.payload['user_name']

                # Store input in logs
                self.logger.info('uid:%s; username:%s', user_id, user_name)
        ''',
        "POST",
        '{"user_id":"123", "user_name":"my.user"}',
    )
    assert ("tested.log-input-data", logging.INFO, "uid:123; username:my.user") in caplog.record_tuples


def test_rest_apis_are_called_with_payload_parameters_and_headers(server: Server) -> None:
    source = '''
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class SetBillingInfo(Service):
            """ Updates billing information for customer.
            """
            def handle(self):

                # Python dict representing the payload we want to send across
                payload = {'billing':'395.7', 'currency':'EUR'}

                # Python dict with all the query parameters, including path and query string
                params = {'cust_id':'39175', 'phone_no':'271637517', 'priority':'normal'}

                # Headers the endpoint expects
                headers = {'X-App-Name': 'Zato', 'X-Environment':'Production'}

                # Obtains a connection object
                conn = self.out.rest['Billing'].conn

                # Invoke the resource providing all the information on input
                response = conn.post(self.cid, payload, params, headers=headers)

                # The response is auto-deserialised for us to a Python dict
                json_dict = response.data

                # Assign the returned dict to our response - Zato will serialise it to JSON
                # and our caller will get a JSON message from us.
                self.response.payload = json_dict
        '''
    with HTTPServer() as remote:
        remote.answer(body={"is_ok": True})
        server.configure(OutgoingREST(name="Billing", host=remote.url, url_path="/api/billing/{phone_no}"))
        answer = call(server, source)
    assert answer.json() == {"is_ok": True}
    assert answer.headers["Content-Type"] == "application/json"
    assert remote.last.path == "/api/billing/271637517"
    assert sorted(remote.last.query) == [("cust_id", "39175"), ("priority", "normal")]
    assert remote.last.json == {"billing": "395.7", "currency": "EUR"}
    assert remote.last.headers["X-App-Name"] == "Zato"
    assert remote.last.headers["X-Environment"] == "Production"
    assert remote.last.headers["X-Zato-CID"] == answer.headers["X-Zato-CID"]


@pytest.mark.parametrize(("verb", "status"), [("GET", 200), ("POST", 200), ("DELETE", 405)])
def test_verbs_are_reacted_to(server: Server, verb: str, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = call(
        server,
        '''
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class MultiVerb(Service):
            """ Logs input data.
            """
            def handle_GET(self):
                self.logger.info('I was invoked via GET')

            def handle_POST(self):
                self.logger.info('I was invoked via POST')
        ''',
        verb,
        '{"user_id":"123", "user_name":"my.user"}',
    )
    assert answer.status_code == status
    assert (f"I was invoked via {verb}" in caplog.text) == (status == 200)


def test_verbs_to_call_are_chosen(server: Server) -> None:
    source = """
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class MultiVerbCaller(Service):

            def handle(self):

                # Data to send
                payload = {'user_id': '123'}

                # Obtains a connection object
                conn = self.out.rest['REST Endpoint'].conn

                # Invoke the endpoint with POST
                response = conn.post(self.cid, payload)

                # Invoke the endpoint with GET
                response = conn.get(self.cid, payload)

                # Invoke the endpoint with DELETE
                response = conn.delete(self.cid, payload)

                # This is the same as .post
                response = conn.send(self.cid, payload)
        """
    with HTTPServer() as remote:
        remote.answer()
        server.configure(OutgoingREST(name="REST Endpoint", host=remote.url, url_path="/"))
        answer = call(server, source)
    assert answer.status_code == 200
    assert [request.method for request in remote.requests] == ["POST", "GET", "DELETE", "POST"]
    assert [request.query for request in remote.requests] == [[], [("user_id", "123")], [("user_id", "123")], []]
    assert remote.last.json == {"user_id": "123"}


def test_the_request_object_has_everything(server: Server) -> None:
    source = """
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class RequestObject(Service):

            def handle(self):

                # Here is all input data parsed to a Python object
                self.request.payload

                # Here is input data before parsing, as a string
                self.request.raw_request

                # Correlation ID - a unique ID assigned to this request
                self.request.cid

                # A dictionary of GET parameters
                self.request.http.GET

                # A dictionary of POST parameters
                self.request.http.POST

                # REST method we are invoked with, e.g. GET, POST, PATCH etc.
                self.request.http.method

                # URL path the service was invoked through
                self.request.http.path

                # Query string and path parameters
                self.request.http.params

                # This is a method, not an attribute,
                # it will return form data in case we were invoked with one on input.
                form_data = self.request.http.get_form_data()

                # Username used to invoke the service, if any
                self.channel.security.username

                # A convenience method returning security-related details
                # pertaining to this request.
                sec_info = self.channel.security.to_dict()

                self.response.payload = {
                    'payload': self.request.payload.decode(), 'POST': self.request.http.POST,
                    'GET': self.request.http.GET, 'form': {**form_data, 'file': form_data['file'].decode()},
                    'sec': [self.channel.security.username, sec_info['name']],
                }
        """
    server.deploy(source)
    server.configure(
        BasicAuth(name="My Security", username="api", password="p"),
        channel("tested.request-object", "/a", security="My Security", data_format=""),
    )
    with server.http() as http:
        files = {"file": ("name.txt", b"content"), "field": (None, "value")}
        answer = http("POST", "/a?x=1", auth=("api", "p"), files=files)
    found = answer.json()
    assert found["form"] == {"file": "content", "field": "value"}
    assert found["GET"] == {"x": "1"}
    assert found["sec"] == ["api", "My Security"]
    assert "content" in found["payload"]


def test_the_response_object_has_everything(server: Server) -> None:
    answer = call(
        server,
        """
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class ResponseObject(Service):

            def handle(self):

                # Returning responses as a dict will make Zato serialise it to JSON
                self.response.payload = {'user_id': '123', 'user_name': 'my.user'}

                # String data can also be always be returned too,
                # e.g. because you already have data serialised to JSON or to another data format
                self.response.payload = '{"my":"response"}'

                # Sets HTTP status code
                self.response.status_code = 200

                # Sets HTTP Content-Encoding header
                self.response.content_encoding = 'gzip'

                # Sets HTTP Content-Type - note that Zato itself
                # sets it for JSON, you do not need to do it.
                self.response.content_type = 'text/xml; charset=UTF-8'

                # A dictionary of arbitrary HTTP headers to return
                self.response.headers = {
                    'Strict-Transport-Security': 'Strict-Transport-Security: max-age=16070400',
                    'X-Powered-By': 'My-API-Server',
                    'X-My-Header': 'My-Value',
                }
        """,
        stream=True,
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/xml; charset=UTF-8"
    assert answer.headers["Strict-Transport-Security"] == "Strict-Transport-Security: max-age=16070400"
    assert answer.headers["X-Powered-By"] == "My-API-Server"
    assert answer.headers["X-My-Header"] == "My-Value"
    assert gzip.decompress(answer.raw.read(decode_content=False)) == b'{"my":"response"}'


def test_cors_is_configured(server: Server) -> None:
    source = """
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class ConfiguringCORS(Service):

            def handle_POST(self):

                # Actual implementation goes here
                pass

            def handle_OPTIONS(self):

                # We only allow requests from this particular origin
                allow_from_name = 'Access-Control-Allow-Origin'
                allow_from_value = 'https://www.example.com'

                self.response.headers[allow_from_name] = allow_from_value
        """
    preflight, posted = call(server, source, "OPTIONS"), call(server, source, "POST", "{}")
    assert preflight.status_code == posted.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert "Access-Control-Allow-Origin" not in posted.headers


def test_other_things_than_json_are_returned(server: Server) -> None:
    answer = call(
        server,
        r"""
        # -*- coding: utf-8 -*-

        # Zato
        from zato.server.service import Service

        class ServiceCSV(Service):

            def handle(self):

                # We return CSV here
                csv_data = '1,2,3\n4,5,6'

                # Assign data to our response
                self.response.payload = csv_data

                # Let the caller know what we are returning
                self.response.content_type = 'text/csv'
        """,
    )
    assert answer.content == b"1,2,3\n4,5,6"
    assert answer.headers["Content-Type"] == "text/csv"


def test_attachments_are_returned(server: Server) -> None:
    answer = call(
        server,
        """
        # -*- coding: utf-8 -*-

        from zato.server.service import Service

        class MyService(Service):

            def handle(self):
                self.response.payload = 'Hello, this is an attachment'
                self.response.headers['Content-Disposition'] = 'attachment; filename=hello.txt'
        """,
    )
    assert answer.text == "Hello, this is an attachment"
    assert answer.headers["Content-Disposition"] == "attachment; filename=hello.txt"


def test_a_list_of_objects_is_returned(server: Server) -> None:
    answer = call(
        server,
        """
        from zato.server.service import Service

        class MyService(Service):

            def handle(self):
                data = [
                    {'id':123, 'name': 'John Doe'},
                    {'id':456, 'name': 'Jane Xi'},
                ]
                self.response.payload = data
        """,
    )
    assert answer.json() == [{"id": 123, "name": "John Doe"}, {"id": 456, "name": "Jane Xi"}]


class Broker:
    """Stands in for the connection to Fraud Detection."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []

    def send(self, *args: Any, cid: str) -> None:
        self.sent.append(args)

    def close(self) -> None:
        pass


def crm(request: Request) -> Answer:
    known = dict(request.query) == {"UserName": "my.user"} and request.method == "GET"
    return Answer(body=b'{"UserType": "RGV", "AccountNumber": "123456"}') if known else Answer(status=404)


def payments(request: Request) -> Answer:
    known = dict(request.query) == {"USER": "my.user"} and request.method == "POST"
    return Answer(body=b'{"ACC_BALANCE": "357.9"}') if known else Answer(status=404)


def test_the_tutorial_runs_from_end_to_end(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    # Given
    caplog.set_level(logging.INFO, "api.user.get-details")
    server.deploy((TUTORIAL / "services" / "api.py").read_text(), "api.py")
    broker = Broker()
    with HTTPServer() as remote:
        remote.routes = {"/get-user": crm, "/balance/get": payments}
        server.configure(
            BasicAuth(name="API", username="api", password="s3cret"),
            channel("api.user.get-details", "/api/v1/user", security="API"),
            OutgoingREST(name="CRM", host=remote.url, url_path="/get-user"),
            OutgoingREST(name="Payments", host=remote.url, url_path="/balance/get"),
        )
        live = server.runtime.world
        fraud = OutgoingAMQP(name="Fraud Detection Connection", address="amqp://127.0.0.1/tutorial")
        handles = {**live.handles, ("outgoing_amqp", fraud.name): broker}
        server.runtime.world = World(2, type(live.snapshot)([*live.snapshot, fraud]), handles)

        def logged(http: Client, method: str) -> list[str]:
            caplog.clear()
            answer = http(method, "/api/v1/user", '{"user_name": "my.user"}', auth=("api", "s3cret"))
            assert answer.json() == {
                "user_name": "my.user",
                "user_type": "RGV",
                "account_no": "123456",
                "account_balance": "357.9",
            }
            return [f"{record.levelname} - {record.getMessage()}" for record in caplog.records]

        with server.http() as http:
            # When the service runs without a file that says when to notify fraud detection
            assert logged(http, "POST") == [
                "INFO - Invoking CRM; u=my.user",
                "INFO - Invoking Payments; u=my.user, a=123456",
            ]
            assert broker.sent == []

            # When there is such a file
            server.user_conf("tutorial.conf", "[notify_fraud]\nRGV=True\n")

            # Then the next request notices
            assert logged(http, "GET") == [
                "INFO - Invoking CRM; u=my.user",
                "INFO - Invoking Payments; u=my.user, a=123456",
                "INFO - Notifying Fraud detection; u=my.user",
            ]
            assert broker.sent == [("User `my.user` accessed `123456`", "/tutorial", "api", None, None)]
