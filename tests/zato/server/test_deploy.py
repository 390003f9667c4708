from __future__ import annotations

import logging
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.zato.server.serving import Server
from zato.server.deploy import Services, service_name
from zato.server.service import Service

SERVICE = """
    from zato.server.service import Service

    class {cls}(Service):
        name = "{name}"

        def handle(self):
            self.response.payload = "{answer}"
"""


def source(name: str = "my.service", answer: str = "1", cls: str = "Tested") -> str:
    return SERVICE.format(name=name, answer=answer, cls=cls)


class TestNames:
    @pytest.mark.parametrize(
        ("cls", "name"),
        [
            ("GetUserDetails", "get-user-details"),
            ("APISpec", "api-spec"),
            ("GetURL", "get-url"),
            ("My2Svc", "my2-svc"),
            ("A", "a"),
            ("Api", "api"),
        ],
    )
    def test_they_come_from_the_class(self, cls: str, name: str) -> None:
        assert service_name(type(cls, (Service,), {}), Path("/deploy/my_api.py")) == f"my-api.{name}"

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/deploy/my_api.py", "my-api.a"),
            ("/project/src/core/my_api.py", "core.my-api.a"),
            ("/project/source/core/__init__.py", "core.a"),
            ("/project/src/core/services/my_api.py", "my-api.a"),
            ("/project/elsewhere/my_api.py", "my-api.a"),
        ],
    )
    def test_they_come_from_the_file(self, path: str, name: str) -> None:
        assert service_name(type("A", (Service,), {}), Path(path)) == name

    def test_the_class_may_say_its_own(self) -> None:
        assert service_name(type("A", (Service,), {"name": " my.name "}), Path("/a.py")) == "my.name"

    def test_a_subclass_does_not_inherit_it(self, server: Server) -> None:
        server.deploy(
            """
            from zato.server.service import Service

            class Base(Service):
                name = "base"

                def handle(self):
                    self.response.payload = self.name

            class Derived(Base):
                pass

            class NotDeployed(Base):
                zato_dont_import = True

            Alias = Base
            """
        )
        assert sorted(server.services.current) == ["base", "tested.derived"]
        assert server.runtime.invoke("tested.derived") == "tested.derived"


class TestChanges:
    def test_an_edited_file_answers_anew_with_the_mapping_replaced_as_a_whole(self, server: Server) -> None:
        server.deploy(source(answer="1"))
        before = server.services.current
        server.deploy(source(answer="2"))
        assert server.runtime.invoke("my.service") == "2"
        assert server.services.current is not before
        assert before["my.service"] is not server.services.current["my.service"]

    def test_a_file_that_did_not_change_is_not_run_again(self, server: Server) -> None:
        server.deploy(source("one"), "one.py")
        before = server.services.current["one"]
        server.deploy(source("two"), "two.py")
        (server.services_dir / "one.py").touch()
        server.services.rescan()
        assert server.services.current["one"] is before

    def test_a_deleted_file_takes_its_services_along(self, server: Server, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        server.deploy(source())
        (server.services_dir / "tested.py").unlink()
        server.services.rescan()
        assert dict(server.services.current) == {}
        assert "tested" not in sys.modules
        assert "Service `my.service` is gone with its file" in caplog.text

    def test_deployments_are_logged(self, server: Server, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        server.deploy(source("one") + source("two", cls="Other"))
        path = server.services_dir / "tested.py"
        assert f"Deployed 2 services from `{path}` -> one, two" in caplog.text


class TestFaults:
    @pytest.mark.parametrize(
        ("broken", "problem"),
        [
            ("def f(:\n    pass\n", "tested.py:1:7: SyntaxError: invalid syntax"),
            ("class A:\n    x = 1\nnot_there\n", "tested.py:3:1: NameError: name 'not_there' is not defined"),
            ("class A: pass\nraise SystemExit(1)\n", "tested.py:2:1: SystemExit: 1"),
            ("class A: pass\nraise KeyboardInterrupt('no')\n", "tested.py:2:1: KeyboardInterrupt: no"),
            ("class A: pass\nraise GeneratorExit('no')\n", "tested.py:2:1: GeneratorExit: no"),
            (
                "class A: pass\nimport asyncio\nraise asyncio.CancelledError('no')\n",
                "tested.py:3:1: CancelledError: no",
            ),
            (
                "class A(BaseException):\n    def __str__(self):\n        raise self\nraise A\n",
                "tested.py:4:1: A: <exception str() failed>",
            ),
            (
                "class A: pass\nimport not_there_at_all\n",
                "tested.py:2:1: ModuleNotFoundError: No module named 'not_there_at_all'",
            ),
        ],
    )
    def test_a_broken_file_is_reported_and_what_works_goes_on_serving(
        self, server: Server, broken: str, problem: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Given
        server.deploy(source())

        # When
        server.deploy(broken)

        # Then
        [found] = server.services.problems
        assert str(found).removeprefix(f"{server.services_dir}/") == problem
        assert str(found) in caplog.text
        assert server.runtime.invoke("my.service") == "1"

        # When it is mended
        server.deploy(source())

        # Then
        assert server.services.problems == []
        assert server.runtime.invoke("my.service") == "1"

    def test_a_name_that_is_taken_is_reported_and_the_first_goes_on_serving(self, server: Server) -> None:
        server.deploy(source(answer="first"), "b.py")
        server.deploy(source(answer="second"), "a.py")
        [problem] = server.services.problems
        first, second = server.services_dir / "b.py", server.services_dir / "a.py"
        assert str(problem) == f"{second}:4:1: the service name `my.service` is taken ({first}:4 goes on serving it)"
        assert server.runtime.invoke("my.service") == "first"
        first.unlink()
        server.services.rescan()
        assert server.services.problems == []
        assert server.runtime.invoke("my.service") == "second"

    def test_other_files_are_left_alone(self, server: Server, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere.py"
        elsewhere.write_text(textwrap.dedent(source()))
        (server.services_dir / "link.py").symlink_to(elsewhere)
        for name in (".hidden.py", "backup.py~", "notes.txt", "__pycache__/cached.py", ".git/hook.py", "env/lib/x.py"):
            path = server.services_dir / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text(textwrap.dedent(source()))
        (server.services_dir / "env" / "pyvenv.cfg").touch()
        (server.services_dir / "script.py").write_text("raise SystemExit('not to be run')")
        server.services.rescan()
        assert dict(server.services.current) == {}
        assert server.services.problems == []


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "services").mkdir()
    services = Services([tmp_path / "services", tmp_path / "missing"])
    yield services
    services.close()


def test_a_directory_that_is_not_there_holds_no_services(fresh: Services) -> None:
    assert dict(fresh.current) == {}
    assert fresh.problems == []
