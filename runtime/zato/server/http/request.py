"""The parts of an HTTP request that a service sees: `self.request.http`, and the payload of its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from zato.common.exception import BadRequest, HTTPException
from zato.common.ext.bunch import Bunch
from zato.kinds.rest.channel import ChannelREST
from zato.server.http.form import MAX_FIELDS, gathered, is_form, parse_form

_BOM = b"\xef\xbb\xbf"


class HTTPRequest:
    """What is particular to HTTP; every part is read when it is first asked for."""

    __slots__ = ("_GET", "_POST", "_body", "_channel", "_environ", "_headers", "_params", "_path_params")

    def __init__(
        self, environ: Mapping[str, Any], body: bytes, path_params: Mapping[str, str], channel: ChannelREST | None
    ) -> None:
        self._environ = environ
        self._body = body
        self._path_params = path_params
        self._channel = channel
        self._GET: Bunch | None = None
        self._POST: Bunch | None = None
        self._params: Bunch | None = None
        self._headers: Bunch | None = None

    @property
    def method(self) -> str | None:
        """The HTTP method, such as `GET`; None where the service was not called over HTTP."""
        return self._environ.get("REQUEST_METHOD")

    @property
    def path(self) -> str | None:
        """The path that was called, without the query string."""
        path = self._environ.get("PATH_INFO")
        return path if path is None or path.isascii() else path.encode("latin-1").decode("utf-8", "replace")

    @property
    def user_agent(self) -> str | None:
        """The User-Agent header."""
        return self._environ.get("HTTP_USER_AGENT")

    @property
    def GET(self) -> Bunch:
        """Parameters of the query string; one that is repeated is a list. Raises BadRequest over too many."""
        if self._GET is None:
            self._GET = _query(self._environ) if self._exposes_params else Bunch()
        return self._GET

    @property
    def POST(self) -> Bunch:
        """Fields of a form in the body; only where the channel has no data format. Raises BadRequest."""
        if self._POST is None:
            reads = self._channel is not None and not self._channel.data_format
            self._POST = Bunch(self.get_form_data()) if reads and self._exposes_params else Bunch()
        return self._POST

    @property
    def params(self) -> Bunch:
        """Parameters of the query string and of the path; which wins is the channel's `url_params_pri`."""
        if self._params is None:
            if self._channel is None or not self._exposes_params:
                self._params = Bunch()
            elif self._channel.url_params_pri == "path-over-qs":
                self._params = Bunch(self._path_params)
            else:
                self._params = Bunch(self._path_params, **self.GET)
        return self._params

    @property
    def headers(self) -> Bunch:
        """Headers by their names in lower case, such as `content-type`."""
        if self._headers is None:
            self._headers = _headers(self._environ)
        return self._headers

    def get_form_data(self) -> dict[str, Any]:
        """Fields of an urlencoded or multipart body; files are bytes. Raises BadRequest."""
        return parse_form(self._environ.get("CONTENT_TYPE", ""), self._body)

    @property
    def _exposes_params(self) -> bool:
        return self._channel is None or self._channel.merge_url_params_req


def _query(environ: Mapping[str, Any]) -> Bunch:
    try:
        pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise BadRequest(None, f"The query string has more than {MAX_FIELDS} parameters", needs_msg=True) from None
    return Bunch(gathered(pairs))


def _headers(environ: Mapping[str, Any]) -> Bunch:
    headers = Bunch()
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            headers[key[5:].replace("_", "-").lower()] = value
        elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            headers[key.replace("_", "-").lower()] = value
    return headers


def read_body(environ: Mapping[str, Any]) -> bytes:
    """The body of a request."""
    length = environ.get("CONTENT_LENGTH")
    body: bytes = environ["wsgi.input"].read(int(length)) if length else b""
    return body


def read_payload(data_format: str, body: bytes, environ: Mapping[str, Any]) -> Any:
    """What a service sees as its payload. Raises BadRequest, or an HTTPException with the status 415."""
    if not body:
        return ""
    if data_format in {"json", "dict"}:
        return _json(body, environ.get("CONTENT_TYPE", ""), environ)
    if data_format in {"form", "post"} and is_form(environ.get("CONTENT_TYPE", "")):
        return parse_form(environ["CONTENT_TYPE"], body)
    return body


def _json(body: bytes, content_type: str, environ: Mapping[str, Any]) -> Any:
    """Decode JSON (RFC 8259) strictly; of a key that is repeated the last value counts."""
    if "charset" in content_type.lower():
        _refuse_other_charsets(content_type)
    try:
        return _decode(body)
    except UnicodeDecodeError:
        wrong = "Invalid JSON: it is not UTF-8"
    except RecursionError:
        wrong = "Invalid JSON: it is nested too deeply"
    except msgspec.MsgspecError as e:
        if body.startswith(_BOM):
            return _json(body.removeprefix(_BOM), "", environ)
        wrong = f"Invalid JSON: {str(e).removeprefix('JSON is malformed: ')}"
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise HTTPException(None, "Compressed request bodies are not supported", 415)
    raise BadRequest(None, wrong, needs_msg=True)


_decode = msgspec.json.Decoder().decode


def _refuse_other_charsets(content_type: str) -> None:
    charset = content_type.lower().partition("charset")[2].lstrip(" =").partition(";")[0].strip(' "')
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise HTTPException(None, "JSON is read as UTF-8 only", 415)
