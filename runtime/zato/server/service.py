"""The Service API: `from zato.server.service import Service`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from zato.common.exception import ZatoException
from zato.common.ext.bunch import Bunch, bunchify
from zato.server.outgoing import Outgoing

if TYPE_CHECKING:
    from zato.server.channel import ChannelInfo
    from zato.server.request import Request
    from zato.server.response import Response
    from zato.server.runtime import Runtime
    from zato.server.world import World


class Service:
    """What users subclass: one instance handles one request.

    A subclass has `handle`, or one `handle_<VERB>` for each HTTP method that it answers. Its name is the class
    attribute `name`; without one it is derived from the names of the file and the class.
    """

    name: str = ""
    """Name that channels and other services know it by."""
    impl_name: str = ""
    """Names of its module and class."""
    logger: logging.Logger = logging.getLogger("zato")
    """A logger that bears the service's name."""

    request: Request
    """What came in."""
    response: Response
    """What goes out."""
    channel: ChannelInfo
    """The channel that the request came in through."""
    cid: str
    """Correlation ID of the request."""
    server: Runtime
    """The server that runs the service."""
    wsgi_environ: dict[str, Any]
    """The WSGI environ of an HTTP request, else an empty dict."""
    environ: Bunch
    """What hooks and `handle` keep for each other during one request."""
    world: World
    """The configuration that this request runs under, from its beginning to its end."""

    def handle(self) -> None:
        """Handle a request; to be overridden."""
        raise NotImplementedError(f"{type(self).__name__} has no `handle` method")

    def accept(self) -> bool:
        """Whether to handle this request at all; where not, the answer is empty, with the status 400."""
        return True

    def before_handle(self) -> None:
        """Hook that runs before `validate_input`; what it raises is logged only."""

    def validate_input(self) -> None:
        """Hook that runs before `handle`; where it raises, `handle` does not run."""

    def validate_output(self) -> None:
        """Hook that runs after `handle`; what it raises reaches the caller."""

    def after_handle(self) -> None:
        """Hook that runs after a `handle` that did not raise; what it raises is logged only."""

    def finalize_handle(self) -> None:
        """Hook that runs last, always; what it raises is logged only."""

    def before_job(self) -> None:
        """Hook that runs before `before_handle` where the scheduler runs the service; what it raises is logged only."""

    def before_one_time_job(self) -> None:
        """Hook that runs after `before_job` for one-time jobs; what it raises is logged only."""

    def before_interval_based_job(self) -> None:
        """Hook that runs after `before_job` for interval-based jobs; what it raises is logged only."""

    def before_cron_style_job(self) -> None:
        """Hook that runs after `before_job` for cron-style jobs; what it raises is logged only."""

    def after_job(self) -> None:
        """Hook that runs after `after_handle` where the scheduler runs the service; what it raises is logged only."""

    def after_one_time_job(self) -> None:
        """Hook that runs after `after_job` for one-time jobs; what it raises is logged only."""

    def after_interval_based_job(self) -> None:
        """Hook that runs after `after_job` for interval-based jobs; what it raises is logged only."""

    def after_cron_style_job(self) -> None:
        """Hook that runs after `after_job` for cron-style jobs; what it raises is logged only."""

    @property
    def job_type(self) -> str | None:
        """Type of the job, as `interval_based`, that runs the service; None unless the scheduler does."""
        return self.request.job_type

    @property
    def chan(self) -> ChannelInfo:
        """The same as `channel`."""
        return self.channel

    @property
    def out(self) -> Outgoing:
        """Outgoing connections."""
        return Outgoing(self.world, self.cid)

    @property
    def outgoing(self) -> Outgoing:
        """The same as `out`."""
        return self.out

    @property
    def user_config(self) -> Bunch:
        """User configuration: one entry for each file of the user-conf directories."""
        return self.server.user_config

    @property
    def config(self) -> Bunch:
        """The same as `user_config`."""
        return self.server.user_config

    @property
    def data_format(self) -> str | None:
        """Data format of the request."""
        return self.request.data_format

    @property
    def transport(self) -> str | None:
        """Transport of the request."""
        return self.request.transport

    def invoke(
        self,
        service: str | type[Service],
        payload: Any = "",
        channel: str = "invoke",
        data_format: str = "dict",
        transport: str = "",
        serialize: bool = False,
        as_bunch: bool = False,
        cid: str = "",
        **kwargs: Any,
    ) -> Any:
        """Run another service, by name or class, and return its response's payload, "" if there is none.

        The service gets the very object that `payload` is, or a dict of the further keyword arguments.
        `serialize` returns JSON text, `as_bunch` turns dicts into Bunches. Raises what the service raises, KeyError
        where it is not deployed, ZatoException where it is this service itself.
        """
        name = service if isinstance(service, str) else service.name
        if name == self.name:
            raise ZatoException(self.cid, f"A service cannot invoke itself, name:[{name}]")
        result = self.server.call(
            name,
            payload or kwargs,
            cid=cid or self.cid,
            channel_type=channel,
            data_format=data_format,
            transport=transport,
            world=self.world,
        )
        if as_bunch:
            result = bunchify(result)
        return msgspec.json.encode(result).decode() if serialize else result
