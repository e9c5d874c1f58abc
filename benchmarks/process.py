"""One command run as a process of its own: its time on the wall, the processors' time and its greatest memory, as JSON.

    python -m benchmarks.process printed.txt python -c "import polars"

The peak that the system tells of a process begins with the memory of whoever started it; so this one stands between, and
holds nothing but what Python itself needs. Not for Windows.
"""

from __future__ import annotations

import json
import os
import sys
import time

__all__ = ["main"]


def main(printed: str, command: list[str]) -> None:
    """Run `command`, what it prints going to the file `printed`; print what it took."""
    into = [
        (os.POSIX_SPAWN_OPEN, 1, printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    begun = time.perf_counter_ns()
    _, status, used = os.wait4(os.posix_spawnp(command[0], command, os.environ, file_actions=into), 0)
    took = {
        "wall": time.perf_counter_ns() - begun,
        "cpu": round((used.ru_utime + used.ru_stime) * 10**9),
        "peak": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "code": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
