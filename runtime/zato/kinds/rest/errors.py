"""What a call of an outgoing REST connection raises: this project's exceptions and those of requests at once.

CallFailed                    ZatoException, requests.RequestException: there is no answer, or none that can be used
├── ConnectionFailed          requests.ConnectionError: not reached, or lost on the way
│   ├── HostNotFound          the name of the host does not resolve
│   ├── ConnectionRefused     nobody listens
│   └── TLSFailed             requests.exceptions.SSLError: the certificate is not trusted, or no handshake
├── CallTimeout               TimeoutException, requests.Timeout: no complete answer in time
│   └── ConnectTimeout        ConnectionFailed, requests.ConnectTimeout: not even a connection
└── UnusableAnswer            too large, not decodable, or not what the data format says
PathParametersError           BadRequest, ValueError: `url_path` cannot be filled in
InvalidHeader                 BadRequest, requests.exceptions.InvalidHeader: a header would break the request
"""

from __future__ import annotations

import requests

from zato.common.exception import BadRequest, TimeoutException, ZatoException
from zato.kinds.base import Category


class CallFailed(ZatoException, requests.RequestException):
    """There is no answer, or none that can be used; `msg` names the connection and its address."""

    category: Category = "other"


class ConnectionFailed(CallFailed, requests.ConnectionError):
    """The other side was not reached, or was lost on the way."""


class HostNotFound(ConnectionFailed):
    """The name of the host does not resolve."""

    category = "dns"


class ConnectionRefused(ConnectionFailed):
    """Nobody listens at the address."""

    category = "refused"


class TLSFailed(ConnectionFailed, requests.exceptions.SSLError):
    """The certificate is not trusted, or there was no handshake."""

    category = "tls"


class CallTimeout(CallFailed, TimeoutException, requests.Timeout):
    """There was no complete answer in time."""

    category = "timeout"


class ConnectTimeout(CallTimeout, ConnectionFailed, requests.ConnectTimeout):
    """There was not even a connection in time."""


class UnusableAnswer(CallFailed):
    """The answer is too large, cannot be decoded, or is not what the data format says."""


class PathParametersError(BadRequest, ValueError):
    """The placeholders of `url_path` cannot be filled in from the parameters of the call."""


class InvalidHeader(BadRequest, requests.exceptions.InvalidHeader):
    """A header of the call has a name or a value that cannot be sent."""
