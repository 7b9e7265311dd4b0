"""Threads that ask the networks, each of which torch was told how many threads of its own to take."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def asking(callers: int, threads: int | None) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads asked torch for so many threads (None = nothing), which torch forgets afterwards.

    What one thread asks for, torch gives to every thread that begins later: a test that leaves it behind changes what
    the tests after it see.
    """
    import torch

    before = torch.get_num_threads()
    given = {"initializer": torch.set_num_threads, "initargs": (threads,)} if threads else {}
    try:
        with ThreadPoolExecutor(callers, **given) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)
