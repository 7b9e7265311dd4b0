"""Where the time from a file to an embedding goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from engine.faces import examine, mtcnn


def stage_ms(asked: examine.Examiner, files: Sequence[Path], clock: Callable[[], float], rounds: int = 3) -> dict:
    """Milliseconds a photo of each stage and of the whole, the least of some rounds after one to warm up.

    Args:
        asked: who finds and embeds faces, on this thread.
        files: photos, given to it in groups of the size it asks for.
        clock: seconds.
        rounds: how many.
    """
    best: dict[str, float] = {"whole": float("inf")}
    for _ in range(rounds + 1):
        spent: dict[str, float] = {}
        timed = partial(_timed, clock, spent)
        detector, embedder = asked._detector, asked._embedder
        with (
            timed(examine, "read", "read"),
            timed(mtcnn, "_canvas", "pyramid"),
            timed(detector, "_pnet", "P-Net"),
            timed(mtcnn, "_proposals", "proposals"),
            timed(mtcnn, "_crops", "candidates cut"),
            timed(detector, "_rnet", "R-Net"),
            timed(detector, "_onet", "O-Net"),
            timed(examine, "_judge", "crop and judge"),
            timed(embedder, "runtime", "FaceNet"),
        ):
            begun = clock()
            for k in range(0, len(files), asked.photos):
                asked(files[k : k + asked.photos])
            whole = clock() - begun
        if whole < best["whole"]:
            best = {**spent, "rest": whole - sum(spent.values()), "whole": whole}
    return {name: round(seconds / len(files) * 1e3, 3) for name, seconds in best.items()}


@contextmanager
def _timed(clock: Callable[[], float], spent: dict[str, float], owner: Any, name: str, label: str) -> Iterator[None]:
    """Seconds that a function of a module or an object takes, added up while the `with` lasts."""
    work = getattr(owner, name)

    def counted(*given: Any, **named: Any) -> Any:
        begun = clock()
        try:
            return work(*given, **named)
        finally:
            spent[label] = spent.get(label, 0.0) + clock() - begun

    setattr(owner, name, counted)
    try:
        yield
    finally:
        setattr(owner, name, work)
