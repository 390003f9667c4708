"""What a service sees when a job runs it (reference: service-api, sections 1.8 and 6.1)."""

from __future__ import annotations

import pytest

from tests.zato.server.serving import Server
from zato.kinds.scheduler.job import Job

SERVICE = """
    from zato.server.service import Service

    class Seen(Service):
        def handle(self):
            seen = (self.job_type, self.channel.type, self.channel.name, self.request.payload, self.request.raw_request)
            self.response.payload = [*seen, self.cid]

    def noted(name):
        def hook(self):
            self.environ.setdefault('order', []).append(name)
            if name == self.request.payload:
                raise ValueError(name)
            self.response.payload = self.environ.order
        return hook

    class Hooked(Service):
        before_handle, handle, after_handle = noted('before_handle'), noted('handle'), noted('after_handle')
        finalize_handle = noted('finalize_handle')
        before_job, after_job = noted('before_job'), noted('after_job')
        before_one_time_job, after_one_time_job = noted('before_one_time_job'), noted('after_one_time_job')
        before_interval_based_job, after_interval_based_job = noted('before_interval'), noted('after_interval')
        before_cron_style_job, after_cron_style_job = noted('before_cron'), noted('after_cron')
"""


@pytest.fixture
def deployed(server: Server) -> Server:
    server.deploy(SERVICE)
    return server


def run(server: Server, service: str, payload: str = "", job_type: str = "one_time") -> object:
    job = Job(name="My job", service=service, job_type=job_type)  # type: ignore[arg-type]
    extra = {"cid": "abc", "job_type": job_type}
    return server.runtime.run_for_channel(service, payload, channel=job, channel_type="scheduler", extra=extra)


def test_a_service_sees_its_job(deployed: Server) -> None:
    assert run(deployed, "tested.seen", "a=1") == ["one_time", "scheduler", "My job", "a=1", "a=1", "abc"]


@pytest.mark.parametrize(
    ("job_type", "name"),
    [("one_time", "one_time_job"), ("interval_based", "interval"), ("cron_style", "cron")],
)
def test_hooks_of_jobs_run_around_those_of_all_requests(deployed: Server, job_type: str, name: str) -> None:
    assert run(deployed, "tested.hooked", job_type=job_type) == [
        "before_job", f"before_{name}", "before_handle", "handle",
        "after_handle", "after_job", f"after_{name}", "finalize_handle",
    ]  # fmt: skip


@pytest.mark.parametrize("failing", ["before_job", "before_one_time_job", "after_job", "after_one_time_job"])
def test_what_a_hook_of_jobs_raises_is_logged_only(
    deployed: Server, failing: str, caplog: pytest.LogCaptureFixture
) -> None:
    order = run(deployed, "tested.hooked", failing)
    assert isinstance(order, list)
    assert len(order) == 8
    assert "of tested.hooked failed, which the request survives (CID:abc)" in caplog.text


def test_without_a_job_its_hooks_do_not_run(deployed: Server) -> None:
    order = deployed.runtime.invoke("tested.hooked")
    assert order == ["before_handle", "handle", "after_handle", "finalize_handle"]
    assert deployed.runtime.invoke("tested.seen", "x")[0] is None
