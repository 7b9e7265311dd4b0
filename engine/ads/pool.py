"""Many creatives: what exists is left alone, the rest is rendered by as many processes as there are cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from queue import Queue
from threading import Thread

import engine
from engine.ads import worker
from engine.ads.brands import Brand
from engine.ads.creative import NAME, Creative
from engine.ads.encode import is_whole
from engine.ads.render import Renderer
from engine.errors import EngineError
from engine.progress import SILENT, Progress

FEW = 24  # not worth starting processes for
_CHUNK = 16  # creatives of one photo handed over at once


def render_all(
    creatives: Sequence[Creative],
    brand: Brand,
    folder: Path,
    *,
    format: str = "jpeg",
    banner_kb: int = 150,
    threads: int = 0,
    progress: Progress = SILENT,
) -> int:
    """Render creatives into a folder.

    Args:
        creatives: distinct names.
        brand: how they are composed.
        folder: where they go; made when absent.
        format: jpeg, png or webp.
        banner_kb: byte budget of small canvases, in thousands.
        threads: processes, 0 = one per core.
        progress: where the bar is drawn.

    Returns:
        How many were rendered; the others were there already.

    Raises:
        EngineError: a text does not fit, a photo cannot be read or a file cannot be written; what is done is kept.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EngineError(f"{folder} cannot be made: {error.strerror}.", fix="Choose another folder.") from error
    _sweep(folder)
    missing = sorted(
        (c for c in creatives if not is_whole(folder / c.name)), key=lambda c: (c.size, c.photo.sha256, c.name)
    )
    renderer = Renderer(brand)
    checked = set()
    for creative in missing:  # a text that does not fit is found before anything is rendered
        if (creative.offer, creative.size) not in checked:
            renderer.check(creative.offer, creative.size)
            checked.add((creative.offer, creative.size))
    command = [str(folder.resolve()), str(brand.folder.resolve()), format, str(banner_kb)]
    with progress.task("creatives", len(creatives)) as bar:
        bar.advance(len(creatives) - len(missing))
        workers = min(threads or os.cpu_count() or 1, 1 + len(missing) // FEW)
        if workers == 1:
            for creative in missing:
                worker.write(
                    renderer,
                    creative.photo,
                    creative.offer,
                    creative.size,
                    folder / creative.name,
                    format=format,
                    banner_kb=banner_kb,
                )
                bar.advance()
        else:
            for done in _parallel(_chunks(missing), command, workers):
                bar.advance(done)
    return len(missing)


def prune(folder: Path, keep: set[str]) -> int:
    """Delete creatives that nothing needs any more; returns how many. Files with other names are left alone.

    Args:
        folder: where creatives lie.
        keep: names of those still needed.
    """
    gone = 0
    for path in sorted(folder.glob("*_*_*x*_*.*")) if folder.is_dir() else []:
        if path.name not in keep and NAME.fullmatch(path.name):
            with suppress(OSError):
                path.unlink()
                gone += 1
    return gone


def _chunks(creatives: Sequence[Creative]) -> Iterator[str]:
    """Jobs of one size and photo each: the photo is decoded once, the layers of a size are kept."""
    for _, group in groupby(creatives, key=lambda c: (c.size, c.photo)):
        same = list(group)
        for start in range(0, len(same), _CHUNK):
            yield worker.encode(same[start : start + _CHUNK])


def _parallel(lines: Iterator[str], command: list[str], workers: int) -> Iterator[int]:
    """Feed processes line by line; yields how many creatives each answer reports."""
    answers: Queue[tuple[int, str]] = Queue()
    processes = []
    try:
        for _ in range(workers):
            processes.append(_start(command))
        for number, process in enumerate(processes):
            Thread(target=_listen, args=(number, process, answers), daemon=True).start()
        busy = 0
        for process in processes:
            busy += _feed(process, lines)
        while busy:
            number, line = answers.get()
            if not line:
                raise EngineError(
                    f"A rendering process ended early ({_ending(processes[number])}).",
                    fix="Run again: what is rendered is kept. Where memory is short, give fewer --threads.",
                )
            answer = json.loads(line)
            if "message" in answer:
                raise EngineError(answer["message"], fix=answer["fix"])
            busy -= 1
            busy += _feed(processes[number], lines)
            yield answer["done"]
    finally:
        for process in processes:
            with suppress(OSError):
                process.stdin.close()
            process.terminate()
            process.wait()


def _start(command: list[str]) -> subprocess.Popen[str]:
    root = str(Path(engine.__file__).resolve().parent.parent)
    path = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
    return subprocess.Popen(
        [sys.executable, "-m", "engine.ads.worker", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
    )


def _feed(process: subprocess.Popen[str], lines: Iterator[str]) -> int:
    line = next(lines, None)
    if line is None:
        return 0
    with suppress(BrokenPipeError):  # it has ended: its empty answer says so
        process.stdin.write(line + "\n")
        process.stdin.flush()
    return 1


def _ending(process: subprocess.Popen[str]) -> str:
    code = process.wait()
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _listen(number: int, process: subprocess.Popen[str], answers: Queue[tuple[int, str]]) -> None:
    for line in process.stdout:
        if line.endswith("\n"):  # half an answer is none
            answers.put((number, line))
    answers.put((number, ""))


def _sweep(folder: Path) -> None:
    """Remove drafts that killed processes left."""
    for draft in folder.glob(".*_*.*.*"):
        with suppress(OSError):
            draft.unlink()
