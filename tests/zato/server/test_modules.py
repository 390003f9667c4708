from __future__ import annotations

import textwrap
from pathlib import Path

from tests.zato.server.serving import Server
from zato.server.deploy import Services

SERVICE = """
    from zato.server.service import Service

    class {cls}(Service):
        name = "{name}"

        def handle(self):
            self.response.payload = "{answer}"
"""


def source(name: str = "my.service", answer: str = "1", cls: str = "Tested") -> str:
    return SERVICE.format(name=name, answer=answer, cls=cls)


HELPER = "ANSWER = '{}'\n"
USER = """
    import common_helpers
    from zato.server.service import Service

    class Tested(Service):
        name = "my.service"

        def handle(self):
            self.response.payload = common_helpers.ANSWER
"""


def test_files_import_each_other_and_follow_each_other(server: Server) -> None:
    (server.services_dir / "common_helpers.py").write_text(HELPER.format("1"))
    server.deploy(USER)
    assert server.runtime.invoke("my.service") == "1"
    server.deploy(HELPER.format("2"), "common_helpers.py")
    assert server.runtime.invoke("my.service") == "2"


def test_a_helper_that_comes_later_is_found(server: Server) -> None:
    server.deploy(USER)
    assert "No module named 'common_helpers'" in str(server.services.problems)
    server.deploy(HELPER.format("1"), "common_helpers.py")
    assert server.services.problems == []
    assert server.runtime.invoke("my.service") == "1"


def test_a_broken_helper_leaves_what_works(server: Server) -> None:
    server.deploy(HELPER.format("1"), "common_helpers.py")
    server.deploy(USER)
    server.deploy("ANSWER = missing\n", "common_helpers.py")
    assert server.runtime.invoke("my.service") == "1"
    assert str(server.services.problems[0]).endswith("common_helpers.py:1:1: NameError: name 'missing' is not defined")
    server.deploy(HELPER.format("2"), "common_helpers.py")
    assert server.runtime.invoke("my.service") == "2"
    assert server.services.problems == []


def test_a_failure_within_a_helper_is_told_where_it_is(server: Server) -> None:
    server.deploy("def fail():\n    raise ValueError('why')\n", "common_helpers.py")
    server.deploy("import common_helpers\nclass A: pass\ncommon_helpers.fail()\n")
    [problem] = server.services.problems
    directory = server.services_dir
    assert str(problem) == f"{directory}/tested.py:3:1: ValueError: why, at {directory}/common_helpers.py:2"


def test_files_that_import_each_other_in_a_circle_follow_each_other(server: Server) -> None:
    base = "from zato.server.service import Service\nimport {other}\nANSWER = '{answer}'\n"
    cls = "class Tested(Service):\n    name = '{name}'\n    def handle(self):\n        self.response.payload = "
    one = base + cls.format(name="one") + "two.ANSWER\n"
    two = base + cls.format(name="two") + "one.ANSWER\n"
    (server.services_dir / "two.py").write_text(two.format(other="one", answer="2"))
    server.deploy(one.format(other="two", answer="1"), "one.py")
    assert [server.runtime.invoke("one"), server.runtime.invoke("two")] == ["2", "1"]
    server.deploy(one.format(other="two", answer="changed"), "one.py")
    assert [server.runtime.invoke("one"), server.runtime.invoke("two")] == ["2", "changed"]


def test_packages_below_src_have_their_own_names(server: Server) -> None:
    (server.services_dir / "src" / "shop").mkdir(parents=True)
    (server.services_dir / "src" / "shop" / "__init__.py").write_text("RATE = 2\n")
    (server.services_dir / "src" / "shop" / "prices.py").write_text("from . import RATE\nPRICE = 5 * RATE\n")
    server.deploy(
        """
        from shop.prices import PRICE
        from zato.server.service import Service

        class GetPrice(Service):
            def handle(self):
                self.response.payload = PRICE
        """,
        "src/shop/api/read_only.py",
    )
    assert server.runtime.invoke("shop.api.read-only.get-price") == 10
    server.deploy("RATE = 3\n", "src/shop/__init__.py")
    assert server.runtime.invoke("shop.api.read-only.get-price") == 15


def test_no_file_stands_in_for_an_installed_module(server: Server) -> None:
    server.deploy(source("mine"), "json.py")
    server.deploy(source("also.mine"), "requests.py")
    import json

    import requests

    assert sorted(server.services.current) == ["also.mine", "mine"]
    assert hasattr(json, "dumps")
    assert hasattr(requests, "get")


def test_files_of_one_name_in_two_directories_are_both_deployed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "api.py").write_text(textwrap.dedent(source(name)))
    services = Services([tmp_path / "one", tmp_path / "two"])
    assert sorted(services.current) == ["one", "two"]
    services.close()


def test_a_file_and_a_folder_of_one_name_are_both_deployed(server: Server) -> None:
    server.deploy(source("inner"), "api/inner.py")
    server.deploy(source("outer"), "api.py")
    assert sorted(server.services.current) == ["inner", "outer"]


def test_the_modules_future_is_its_own(server: Server) -> None:
    server.deploy(
        """
        from zato.server.service import Service

        def typed(a: int): pass

        class Tested(Service):
            name = "my.service"

            def handle(self):
                self.response.payload = typed.__annotations__["a"] is int
        """
    )
    assert server.runtime.invoke("my.service") is True
