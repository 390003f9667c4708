"""Every bound on what clients may do to the HTTP listener."""

from __future__ import annotations

from typing import Annotated

import msgspec

from zato.kinds.base import about


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the listener takes at most, and for how long it waits.

    What is beyond a bound is answered with the status named here and the connection is closed.
    """

    threads: Annotated[int, about("Threads that run services.", ge=1)] = 8
    backlog: Annotated[int, about("Connections that the kernel holds until they are accepted.", ge=1)] = 1024
    connection_limit: Annotated[
        int, about("Open connections; at the limit idle ones give way, and new ones wait in the backlog.", ge=1)
    ] = 1000

    max_target: Annotated[int, about("Request target, that is path and query string: 414.", unit="B", ge=1)] = 8 * 1024
    max_header: Annotated[int, about("Request line and headers: 431.", unit="B", ge=1)] = 16 * 1024
    max_header_count: Annotated[int, about("Headers: 431.", ge=1)] = 100
    max_body: Annotated[int, about("Request body, transfer coding taken off: 413.", unit="B", ge=0)] = 10 * 1024 * 1024
    spill: Annotated[int, about("Request body that is kept in memory, not in a file.", unit="B", ge=1)] = 512 * 1024

    request_deadline: Annotated[
        float, about("From the first byte of a request to its last, however often bytes arrive: 408.", unit="s", gt=0)
    ] = 20.0
    idle_timeout: Annotated[
        float, about("Without a byte in either direction while the client has the turn.", unit="s", gt=0)
    ] = 30.0
    response_deadline: Annotated[
        float, about("From an answer's first byte that had to wait for the client to its last.", unit="s", gt=0)
    ] = 300.0

    max_queue: Annotated[int, about("Requests that wait for a thread: 503.", ge=1)] = 64
    max_queue_age: Annotated[float, about("Wait of the oldest request in the queue: 503.", unit="s", gt=0)] = 2.0
