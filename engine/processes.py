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
from typing import IO, Any, TypeVar

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
    found: Queue[tuple[subprocess.Popen[str], str]] = Queue()
    started: list[subprocess.Popen[str]] = []
    at: dict[subprocess.Popen[str], int | None] = {}
    try:
        for _ in range(processes):
            started.append(_start(module, arguments))
        for process in started:
            Thread(target=_listen, args=(process, found), daemon=True).start()
        for process in started:
            at[process] = _feed(process, work)
        while any(number is not None for number in at.values()):
            process, line = found.get()
            if not line:
                if at[process] is None:
                    continue
                raise EngineError(
                    f"A process that worked for this one ended early ({_ending(process)}).",
                    fix="Run again: what is done is kept. Where memory is short, give fewer --threads.",
                )
            answer = json.loads(line)
            if "message" in answer:
                raise EngineError(answer["message"], fix=answer["fix"])
            done, at[process] = at[process], _feed(process, work)
            if done is not None:
                yield done, answer
    finally:
        for process in started:
            with suppress(OSError):
                _pipe(process.stdin).close()
            process.terminate()
            process.wait()


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


def _start(module: str, arguments: Sequence[str]) -> subprocess.Popen[str]:
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
    )


def _feed(process: subprocess.Popen[str], work: Iterator[tuple[int, str]]) -> int | None:
    """Give a process the next line; its number, None where there is no more."""
    number, line = next(work, (None, ""))
    if number is not None:
        with suppress(BrokenPipeError):  # it has ended: its empty answer says so
            given = _pipe(process.stdin)
            given.write(line + "\n")
            given.flush()
    return number


def _ending(process: subprocess.Popen[str]) -> str:
    code = process.wait()
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise ValueError("a process that `_start` made has both pipes")
    return pipe


def _listen(process: subprocess.Popen[str], found: Queue) -> None:
    for line in _pipe(process.stdout):
        if line.endswith("\n"):  # half an answer is none
            found.put((process, line))
    found.put((process, ""))
