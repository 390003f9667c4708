"""CPU of `zato enmasse`, as ratios to `yaml.load(..., Loader=CSafeLoader)` of the same file, and of `zato --help`.

    python tests/benchmarks/enmasse.py [--objects 10000] [--rounds 5] [--scaling]

Each figure is a median of several rounds, each of which runs both in fresh processes, one after the other; on a busy
machine ratios say more than seconds. `--scaling` compares ten times as many objects: t(10 n) / t(n).
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

ZATO = str(Path(sys.executable).with_name("zato"))
LOAD = "import sys, yaml; yaml.load(open(sys.argv[1]), Loader=yaml.CSafeLoader)"


def write_file(path: Path, objects: int) -> None:
    """Channels with ten fields and comments, one security definition for every fifty of them."""
    definitions = max(1, objects // 50)
    with path.open("w") as file:
        file.write("security:\n")
        for n in range(definitions):
            file.write(f"  - {{name: sec{n}, type: basic_auth, username: user{n}, password: secret{n}, realm: Zato}}\n")
        file.write("channel_rest:\n")
        for n in range(objects - definitions):
            file.write(
                f"  # channel {n}\n"
                f"  - name: channel.{n}\n"
                "    is_active: true\n"
                f"    service: my.service.{n}\n"
                f"    url_path: /api/v1/{n}/item/{{id}}\n"
                f"    security: sec{n % definitions}\n"
                "    method: POST\n"
                "    data_format: json\n"
                "    match_slash: false\n"
                "    merge_url_params_req: true\n"
                "    params_pri: channel-params-over-msg\n"
            )


def cpu(command: Iterable[str], allowed: Iterable[int] = (0,)) -> float:
    """CPU seconds of a command, system time included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(list(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in allowed:
        raise SystemExit(f"{done.args} ended with {done.returncode}: {done.stderr.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float, float]:
    """Median of the ratios of each round, and the medians of both times."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    times, others = zip(*pairs, strict=True)
    return statistics.median(one / other for one, other in pairs), statistics.median(times), statistics.median(others)


def show(name: str, figures: tuple[float, float, float], target: float, unit: str) -> None:
    """Print a line of the result."""
    found, ours, theirs = figures
    verdict = "met" if found <= target else "MISSED"
    print(f"{name:22} {found:6.2f} x {unit}   target {target:g}, {verdict}   ({ours:.3f} s / {theirs:.3f} s)")


class Servers:
    """Server directories, empty or with what a file holds, made from one so that making them is not measured."""

    def __init__(self, directory: Path, file: Path) -> None:
        self._directory = directory
        self._empty = directory / "empty"
        cpu([ZATO, "quickstart", "create", str(self._empty)])
        self.imported = self.empty()
        cpu([ZATO, "enmasse", str(self.imported), "--import", "--input", str(file)])

    def empty(self) -> Path:
        """A server without objects."""
        made = Path(tempfile.mkdtemp(dir=self._directory)) / "server1"
        shutil.copytree(self._empty / "server1", made)
        return made


def run(objects: int, rounds: int, *, scaling: bool) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="zato-benchmark-") as name:
        directory = Path(name)
        file = directory / "objects.yaml"
        write_file(file, objects)
        servers = Servers(directory, file)

        def load() -> float:
            return cpu([sys.executable, "-c", LOAD, str(file)])

        def validate() -> float:
            return cpu([ZATO, "enmasse", "--validate", "--input", str(file)])

        def enmasse(server: Path, action: str) -> float:
            return cpu([ZATO, "enmasse", str(server), action, "--input", str(file)], allowed=(0, 2))

        print(f"{objects} objects, {file.stat().st_size / 1e6:.1f} MB, medians of {rounds} rounds")
        unit = "yaml.load(CSafeLoader)"
        show("validate", ratio(rounds, validate, load), 1.0, unit)
        show("first import", ratio(rounds, lambda: enmasse(servers.empty(), "--import"), load), 2.0, unit)
        show("import of the same", ratio(rounds, lambda: enmasse(servers.imported, "--import"), load), 1.5, unit)
        show("plan, all to create", ratio(rounds, lambda: enmasse(servers.empty(), "--plan"), load), 1.5, unit)
        show("plan of the same", ratio(rounds, lambda: enmasse(servers.imported, "--plan"), load), 1.5, unit)
        if scaling:
            larger = directory / "larger.yaml"
            write_file(larger, 10 * objects)
            figures = ratio(
                max(1, rounds // 2), lambda: cpu([ZATO, "enmasse", "--validate", "--input", str(larger)]), validate
            )
            show("validate ten times more", figures, 12.0, f"of {objects} objects")

    def nothing() -> float:
        return cpu([sys.executable, "-c", "pass"])

    show("zato --help", ratio(4 * rounds, lambda: cpu([ZATO, "--help"]), nothing), 8.0, "python -c pass")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scaling", action="store_true")
    arguments = parser.parse_args()
    run(arguments.objects, arguments.rounds, scaling=arguments.scaling)
