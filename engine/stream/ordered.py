"""Parts worked on in several threads, and what comes of them in the order of the parts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["in_order"]

_WORKERS = 2
_WAITING = 3
"""Parts that are being worked on, or wait for the one in front of them."""

Part = TypeVar("Part")


def in_order(work: Callable[[Any], Part], parts: Iterable[Any]) -> Iterator[Part]:
    """What `work` makes of `parts`, in order; a few of them at any time are being worked on, or wait."""
    with ThreadPoolExecutor(_WORKERS) as workers:
        waiting: deque[Future[Part]] = deque()
        for part in parts:
            waiting.append(workers.submit(work, part))
            if len(waiting) >= _WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
