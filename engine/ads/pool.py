"""Many creatives: what exists is left alone, the rest is rendered by as many processes as there are cores, or by
whoever else reaches the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import processes
from engine.ads import brands, creative, worker
from engine.ads.brands import Brand
from engine.ads.creative import NAME, Creative
from engine.ads.encode import is_whole
from engine.ads.render import Renderer
from engine.errors import EngineError
from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    import polars as pl

FEW = 24  # not worth starting processes for
_CHUNK = 16  # creatives of one photo handed over at once
_CHUNKS = 4  # of those worth a task on another machine


def render_all(
    creatives: Sequence[Creative],
    brand: Brand,
    folder: Path,
    *,
    format: str = "jpeg",
    banner_kb: int = 150,
    threads: int = 0,
    progress: Progress = SILENT,
    spread: Callable[..., Iterator[Any]] | None = None,
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
        spread: `spread(rows, job, …)` of a warehouse, which has other machines render; None = this one does.

    Returns:
        How many were rendered; the others were there already.

    Raises:
        EngineError: a text does not fit, a photo cannot be read or a file cannot be written; what is done is kept.
    """
    import polars as pl

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
    for wanted in missing:  # a text that does not fit is found before anything is rendered
        if (wanted.offer, wanted.size) not in checked:
            renderer.check(wanted.offer, wanted.size)
            checked.add((wanted.offer, wanted.size))
    lines, counts = zip(*_chunks(missing), strict=True) if missing else ((), ())
    rows = pl.DataFrame({"line": lines, "creatives": counts}, schema={"line": pl.String, "creatives": pl.Int64})
    job = partial(
        rendered,
        brand=brand.folder.resolve(),
        language=brand.language,
        digest=brand.digest + creative.code(),
        folder=folder.resolve(),
        format=format,
        banner_kb=banner_kb,
    )
    if spread is None:
        done = job(rows, threads=threads, progress=progress)
    else:
        done = spread(rows, job, size=_CHUNKS, name="creatives", threads=threads, progress=progress)
    try:
        for _ in done:
            pass
    finally:
        _renderer.cache_clear()  # its sheets are large, and the next run's photos may have changed
    lost = [c.name for c in missing if not (folder / c.name).exists()]
    if lost:
        raise EngineError(
            f"{len(lost)} creatives were rendered but do not lie in {folder}, e.g. {lost[0]}.",
            fix="Put the workspace into a folder that all machines share.",
        )
    return len(missing)


def rendered(
    rows: pl.DataFrame,
    *,
    brand: Path,
    language: str,
    digest: str,
    folder: Path,
    format: str,
    banner_kb: int,
    threads: int = 0,
    progress: Progress = SILENT,
) -> Iterator[pl.DataFrame]:
    """Render lines of `engine.ads.worker.encode` into a folder; a job for `Warehouse.map_rows`.

    Args:
        rows: line, and how many creatives it holds.
        brand: folder of the brand, which is kept loaded for the rows that come next.
        language: of the campaign, see `engine.ads.brands.load`.
        digest: of its content and of what draws.
        folder: where the creatives go.
        format: as for `render_all`.
        banner_kb: as for `render_all`.
        threads: processes, 0 = one per core; 1 = this one.
        progress: where the bar is drawn.

    Yields:
        creatives: how many more are done.

    Raises:
        EngineError: see `render_all`; or the brand here is another one.
    """
    import polars as pl

    total = int(rows["creatives"].sum())
    workers = min(threads or os.cpu_count() or 1, 1 + total // FEW)
    with progress.task("creatives", total) as bar:
        if workers == 1:
            work = partial(worker.work, folder=folder, format=format, banner_kb=banner_kb)
            answers = (work(_renderer(brand, language, digest), line) for line in rows["line"])
        else:
            given = [str(folder), str(brand), language, format, str(banner_kb)]
            answers = (a["done"] for _, a in processes.answers("engine.ads.worker", given, rows["line"], workers))
        for done in answers:
            bar.advance(done)
            yield pl.DataFrame({"creatives": [done]})


@lru_cache(maxsize=1)
def _renderer(folder: Path, language: str, digest: str) -> Renderer:
    brand = brands.load(folder, language)
    if brand.digest + creative.code() != digest:
        raise EngineError(
            f"The brand in {folder}, or what draws it, is not the same on every machine.",
            fix="Share the folder, and install one version everywhere.",
        )
    return Renderer(brand)


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


def _chunks(creatives: Sequence[Creative]) -> Iterator[tuple[str, int]]:
    """Lines of one size and photo each, and how many creatives: the photo is decoded once, a size's layers are kept."""
    for _, group in groupby(creatives, key=lambda c: (c.size, c.photo)):
        same = list(group)
        for start in range(0, len(same), _CHUNK):
            part = same[start : start + _CHUNK]
            yield worker.encode(part), len(part)


def _sweep(folder: Path) -> None:
    """Remove drafts that killed processes left."""
    for draft in folder.glob(".*_*.*.*"):
        with suppress(OSError):
            draft.unlink()
