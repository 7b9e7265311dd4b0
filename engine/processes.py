"""Work for processes of their own: a line each on their standard input, a line of JSON each as the answer.

A process of its own (not `multiprocessing`) neither forks a process that has threads nor imports the caller's script
again; when the caller dies, its input ends and so does it. Not loky (3.7): when its caller was killed, its two
processes went on with the jobs that were queued, and were still there after 14 minutes without its idle timeout, after
27 s with one of 3 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Any, TypeVar, cast

from engine.errors import EngineError

T = TypeVar("T")


def answers(
    module: str, arguments: Sequence[str], lines: Iterable[str], processes: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Have processes work on lines, one line each at a time.

    Args:
        module: what they run, which calls `serve`.
        arguments: of its command line.
        lines: the work, taken as they become free.
        processes: how many.

    Yields:
        Number of the line from 0, and its answer, as they come.

    Raises:
        EngineError: the work's; or a process has ended.
    """
    work = enumerate(lines)
    found: Queue[tuple[_Worker, str]] = Queue()
    started: list[_Worker] = []
    at: dict[_Worker, int | None] = {}
    try:
        for _ in range(processes):
            started.append(_Worker(module, arguments))
        for process in started:
            Thread(target=process.listen, args=(found,), daemon=True).start()
        for process in started:
            at[process] = process.feed(work)
        while any(number is not None for number in at.values()):
            process, line = found.get()
            number = at[process]
            if number is None:
                continue
            if not line:
                raise EngineError(
                    f"A helper process ended early ({process.ending()}).",
                    fix="Run again: what is done is kept. If memory is short, set fewer --threads.",
                )
            answer = json.loads(line)
            if "message" in answer:
                raise EngineError(answer["message"], fix=answer["fix"])
            at[process] = process.feed(work)
            yield number, answer
    finally:
        for process in started:
            process.end()


def in_order(answers: Iterable[tuple[int, T]]) -> Iterator[T]:
    """Answers in the order of their lines: one that comes early waits."""
    early: dict[int, T] = {}
    due = 0
    for number, answer in answers:
        early[number] = answer
        while due in early:
            yield early.pop(due)
            due += 1


def serve(work: Callable[[str], dict[str, Any]]) -> None:
    """Answer lines until the input ends; an EngineError is an answer, too."""
    for line in sys.stdin:
        try:
            answer = work(line)
        except EngineError as error:
            answer = {"message": error.message, "fix": error.fix}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


class _Worker:
    """A process that answers lines.

    Args:
        module: what it runs.
        arguments: of its command line.
    """

    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        root = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
        )
        # Both are pipes, as asked for.
        self._input, self._output = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)

    def feed(self, work: Iterator[tuple[int, str]]) -> int | None:
        """Give it the next line; its number, None where there is no more."""
        for number, line in work:
            with suppress(BrokenPipeError):  # it has ended: its empty answer says so
                self._input.write(line + "\n")
                self._input.flush()
            return number
        return None

    def listen(self, found: Queue[tuple[_Worker, str]]) -> None:
        """Hand on its answers, and an empty one at its end."""
        for line in self._output:
            if line.endswith("\n"):  # half an answer is none
                found.put((self, line))
        found.put((self, ""))

    def ending(self) -> str:
        """Wait for its end, and say how it came."""
        code = self._process.wait()
        return f"killed by signal {-code}" if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """End it, whatever it does."""
        with suppress(OSError):
            self._input.close()
        self._process.terminate()
        self._process.wait()
