"""Jobs for `Warehouse.map_rows` and `map_partitions`, in a module that workers find by its name."""

from __future__ import annotations

import os
import signal

import polars as pl

from engine.faces import gallery
from engine.offers import models
from engine.progress import SILENT


def doubled(rows, *, threads, progress=SILENT):
    yield rows.with_columns(pl.col("n") * 2, process=pl.lit(os.getpid()))
    yield rows.with_columns(pl.col("n") * 2 + 1, process=pl.lit(os.getpid()))


def fails_at(rows, *, n, how, threads, progress=SILENT):
    if n in rows["n"]:
        raise how("row 7 cannot be done.")
    yield rows


def dies_at(rows, *, n, threads, progress=SILENT):
    if n in rows["n"]:
        os.kill(os.getpid(), signal.SIGKILL)
    yield rows


def piece_and_rows(store):
    """A job for `Warehouse.map_partitions`: the rows as they are, counted."""
    store.execute_text("CREATE TEMP TABLE made AS SELECT start FROM given")
    return {"rows": store.count("made")}


def loads(rows, *, job, threads, progress=SILENT):
    """What a job did, and how often its process has loaded networks and models so far."""
    made = pl.concat(list(job(rows, threads=threads)))
    counts = {"networks": gallery._loaded.cache_info().misses, "models": models.of_bytes.cache_info().misses}
    yield pl.DataFrame({"rows": [made.height], "process": [os.getpid()], **counts})
