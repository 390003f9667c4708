"""A process that has an ODB and takes up its revisions as badly as it is told to: `stubborn.py ODB KEY_FILE MODE`.

MODE: "refuses" says of every revision that it cannot serve it; "stalls" gets ready for each and never switches;
"fails" gets ready for each and says that it could not switch; "slow" does all that it should, but takes SLOW_SECONDS to
get ready, and is not heard of meanwhile.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

from zato.odb.odb import ODB, Worker
from zato.odb.secrets import Secrets

SLOW_SECONDS = 1.5


def main(address: str, key_file: str, mode: str) -> None:
    where = address if "://" in address else Path(address)
    with closing(ODB(where, Secrets(Path(key_file)))) as odb:
        serving = ready = odb.current
        while True:
            current, staged = odb.pointers
            prepared = serving if staged is None else staged
            problem = "no room" if mode == "refuses" and staged is not None else ""
            if mode == "fails" and current != serving:
                prepared, problem = current, "no room"
            if mode == "slow" and current != serving:
                serving = current
            elif mode == "slow" and staged is not None and staged != ready:
                time.sleep(SLOW_SECONDS)
                ready = staged
            if mode == "stalls":
                prepared = max(prepared, current)
            odb.report(Worker("stubborn", "stubborn", socket.gethostname(), os.getpid(), prepared, serving, problem))
            time.sleep(0.01)


if __name__ == "__main__":
    main(*sys.argv[1:])
