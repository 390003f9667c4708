# mypy: untyped-calls-exclude=waitress
"""Requests as the listener reads them: strictly, so that no proxy in front of it can read them differently.

Waitress 3.0.2's own parser takes a request that has both Content-Length and Transfer-Encoding, a doubled
Transfer-Encoding, folded headers and control characters in paths. Here each of them is refused.
"""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from io import BytesIO
from typing import IO, Literal, Protocol, cast

from waitress.buffers import OverflowableBuffer
from waitress.receiver import FixedStreamReceiver

from zato.kinds.rest.router import METHODS
from zato.kinds.rest.target import SENT, BadTarget, read
from zato.server.http.limits import Limits

_SINGLE = frozenset({"AUTHORIZATION", "CONTENT_LENGTH", "CONTENT_TYPE", "HOST", "TRANSFER_ENCODING"})
"""Headers of which a second one could be read differently by someone else."""

_PROXY = frozenset(
    {
        "FORWARDED",
        "X_FORWARDED_BY",
        "X_FORWARDED_FOR",
        "X_FORWARDED_HOST",
        "X_FORWARDED_PORT",
        "X_FORWARDED_PROTO",
        "X_ZATO_FORWARDED_FOR",
    }
)
"""What only a proxy that is trusted may say; none is, so they are dropped."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_VALUE = rb"[^\x00-\x08\x0a-\x1f\x7f]*+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([" + SENT.encode() + rb"]++) HTTP/([0-9]\.[0-9])")
_FIELDS = re.compile(rb"(?:" + _TOKEN + rb":" + _VALUE + rb"\r\n)*+")
_HOPELESS = re.compile(rb"^[^!-~]|(?<!\r)\n|\r(?!\n|\Z)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What no request has in its header, however it goes on."""
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z!$&'()*+,;=._~%-]*)(?::[0-9]*)?")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;" + _VALUE + rb")?\r\n")
_TRAILER = re.compile(_TOKEN + rb":" + _VALUE + rb"\r\n")


class Refusal(Exception):
    """A request that no service gets to see: the status to answer, and why, which is not told to the client."""

    def __init__(self, code: HTTPStatus, why: str, *, headers: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.code = code
        self.headers = headers


class ParserSettings(Protocol):
    """What waitress hands to a parser, as far as it is used."""

    limits: Limits


class StrictParser:
    """One request: takes bytes until it is complete or refused (RFC 9112, without its leniencies).

    It stands where waitress has its HTTPRequestParser; the public attributes are what the rest of waitress reads.
    """

    empty = False
    url_scheme = "http"

    def __init__(self, adj: ParserSettings) -> None:
        self.limits = adj.limits
        self.started = time.monotonic()
        self.headers_finished = False
        self.completed = False
        self.error: Refusal | None = None
        self.expect_continue = False
        self.version = "1.1"
        self.command = self.request_uri = self.path = self.query = ""
        self.headers: dict[str, str] = {}
        self._head = b""
        self._body: FixedStreamReceiver | ChunkedBody | None = None

    def received(self, data: bytes) -> int:
        """Take the next bytes of the connection and return how many of them are this request's."""
        if self.completed:
            return 0
        try:
            return self._received_header(data) if self._body is None else self._received_body(data)
        except Refusal as refusal:
            self.error = refusal
            self.completed = True
            return len(data)  # where the next request would begin is not known

    def is_blank(self) -> bool:
        """Whether nothing but empty lines has come."""
        return not self._head and not self.headers_finished

    def _received_header(self, data: bytes) -> int:
        head = (self._head + data).lstrip(b"\r\n")  # RFC 9112, section 2.2: empty lines before a request
        end = head.find(b"\r\n\r\n") + 4
        if (len(head) if end < 4 else end) > self.limits.max_header:
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "header too large")
        if end < 4:
            if _HOPELESS.search(head):
                raise Refusal(HTTPStatus.BAD_REQUEST, "not HTTP")
            self._head = head
            return len(data)
        self._head = b""
        self.headers_finished = True
        line, _, fields = head[: end - 2].partition(b"\r\n")
        self._read_request_line(line)
        self._read_fields(fields)
        self._read_framing()
        self.completed = self._body is None
        return len(data) - (len(head) - end)

    def _read_request_line(self, line: bytes) -> None:
        match = _REQUEST_LINE.fullmatch(line)
        if not match:
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed request line")
        self.command, target, self.version = (part.decode("ascii") for part in match.groups())
        if self.version not in {"1.1", "1.0"}:
            raise Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP version")
        if self.command not in METHODS:
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "unknown method", headers=(f"Allow: {', '.join(METHODS)}",))
        if len(target) > self.limits.max_target:
            raise Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "target too long")
        self._read_target(target)

    def _read_target(self, target: str) -> None:
        try:
            self.request_uri, path, self.query = read(self.command, target)
        except BadTarget as bad:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(bad)) from None
        self.path = path if path.isascii() else path.encode().decode("latin-1")  # PEP 3333

    def _read_fields(self, fields: bytes) -> None:
        if not _FIELDS.fullmatch(fields):
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed header")
        lines = fields.decode("latin-1").split("\r\n")
        if len(lines) - 1 > self.limits.max_header_count:
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")
        headers = self.headers
        for line in lines[:-1]:
            name, _, value = line.partition(":")
            key = name.upper().replace("-", "_")
            if "_" in name or key in _PROXY:  # with "_" it would pass for the header that has "-"
                continue
            if key not in headers:
                headers[key] = value.strip(" \t")
            elif key in _SINGLE:
                raise Refusal(HTTPStatus.BAD_REQUEST, "doubled header")
            else:
                headers[key] += ", " + value.strip(" \t")

    def _read_framing(self) -> None:
        headers = self.headers
        host = headers.get("HOST")
        if (host is None and self.version == "1.1") or not _HOST.fullmatch(host or ""):
            raise Refusal(HTTPStatus.BAD_REQUEST, "missing or malformed Host")
        coding = headers.pop("TRANSFER_ENCODING", None)
        length = headers.get("CONTENT_LENGTH")
        if coding is not None:
            self._expect_chunks(coding, length)
        elif length is not None:
            self._expect_length(length)
        expect = headers.get("EXPECT")
        if expect is not None and self.version == "1.1":
            if expect.lower() != "100-continue":
                raise Refusal(HTTPStatus.EXPECTATION_FAILED, "unknown expectation")
            self.expect_continue = self._body is not None

    def _expect_chunks(self, coding: str, length: str | None) -> None:
        if length is not None:
            raise Refusal(HTTPStatus.BAD_REQUEST, "both Content-Length and Transfer-Encoding")
        if self.version != "1.1":
            raise Refusal(HTTPStatus.BAD_REQUEST, "Transfer-Encoding in HTTP/1.0")
        if coding.lower() != "chunked":
            raise Refusal(HTTPStatus.NOT_IMPLEMENTED, "unknown transfer coding")
        self._body = ChunkedBody(OverflowableBuffer(self.limits.spill), self.limits.max_body)

    def _expect_length(self, length: str) -> None:
        if not (length.isascii() and length.isdigit()):
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed Content-Length")
        if len(length) > 18 or int(length) > self.limits.max_body:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body too large")
        if int(length):
            self._body = FixedStreamReceiver(int(length), OverflowableBuffer(self.limits.spill))

    def _received_body(self, data: bytes) -> int:
        body = self._body
        assert body is not None
        consumed: int = body.received(data)
        if body.completed:
            self.completed = True
            self.headers["CONTENT_LENGTH"] = str(len(body))  # to the application, chunks are a body like any other
        return consumed

    def get_body_stream(self) -> IO[bytes]:
        """The body, to be read from its beginning."""
        return BytesIO() if self._body is None else cast("IO[bytes]", self._body.getfile())

    def close(self) -> None:
        """Let go of the body."""
        if self._body is not None:
            self._body.getbuf().close()


class ChunkedBody:
    """A body that comes in chunks (RFC 9112, section 7.1); extensions and trailers are read over.

    It stands where waitress has its ChunkedReceiver.
    """

    LONGEST_LINE = 1024

    def __init__(self, buffer: OverflowableBuffer, max_body: int) -> None:
        self.completed = False
        self._buffer = buffer
        self._room = max_body
        self._line = b""
        self._remainder = 0
        self._after: Literal["chunk", "chunks", ""] = ""

    def __len__(self) -> int:
        return len(self._buffer)

    def received(self, data: bytes) -> int:
        """Take the next bytes and return how many of them are this body's; raises Refusal."""
        position = 0
        while position < len(data) and not self.completed:
            if self._remainder:
                piece = data[position : position + self._remainder]
                self._buffer.append(piece)
                self._remainder -= len(piece)
                position += len(piece)
            else:
                position = self._received_line(data, position)
        return position

    def getfile(self) -> IO[bytes]:
        """The body with its coding taken off."""
        return cast("IO[bytes]", self._buffer.getfile())

    def getbuf(self) -> OverflowableBuffer:
        """What holds the body."""
        return self._buffer

    def _received_line(self, data: bytes, position: int) -> int:
        end = data.find(b"\n", position) + 1 or len(data)
        self._line += data[position:end]
        if len(self._line) > self.LONGEST_LINE:
            raise Refusal(HTTPStatus.BAD_REQUEST, "chunk line too long")
        if self._line.endswith(b"\n"):
            self._read_line(self._line)
            self._line = b""
        return end

    def _read_line(self, line: bytes) -> None:
        if self._after == "chunks":
            self.completed = line == b"\r\n"
            if not self.completed and not _TRAILER.fullmatch(line):
                raise Refusal(HTTPStatus.BAD_REQUEST, "malformed trailer")
        elif self._after == "chunk":
            if line != b"\r\n":
                raise Refusal(HTTPStatus.BAD_REQUEST, "chunk longer than its size")
            self._after = ""
        else:
            self._read_size(line)

    def _read_size(self, line: bytes) -> None:
        match = _CHUNK_SIZE.fullmatch(line)
        if not match:
            raise Refusal(HTTPStatus.BAD_REQUEST, "malformed chunk size")
        self._remainder = int(match[1], 16)
        self._room -= self._remainder
        if self._room < 0:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body too large")
        self._after = "chunk" if self._remainder else "chunks"
