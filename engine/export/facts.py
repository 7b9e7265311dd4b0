"""What a manifest says about where the data came from: versions, settings, inputs, and what changed since a run."""

from __future__ import annotations

import dataclasses
import hashlib
import platform
from importlib import metadata
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.stages import IMPORTED
from engine.version import VERSION

if TYPE_CHECKING:
    from engine.config import Config
    from engine.warehouse import Warehouse

_LIBRARIES = ("duckdb", "numpy", "pillow", "polars", "pyarrow", "scikit-learn", "torch")
# How it was computed or kept, not what: the same results come of other values.
_NEUTRAL = {"run": ("threads", "memory"), "ids": ("key_id",)}
_WITHOUT = ("storage",)


def versions() -> dict[str, str]:
    """Versions of Kindred and what it computes with."""
    found = {"kindred": VERSION, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def config_hash(config: Config) -> str:
    """A hash of the settings that decide results (threads, memory and the key's name left out)."""
    parts = []
    for section in dataclasses.fields(config):
        if section.name in _WITHOUT:
            continue
        values = getattr(config, section.name)
        for entry in dataclasses.fields(values):
            if entry.name not in _NEUTRAL.get(section.name, ()):
                parts.append(f"{section.name}.{entry.name}={getattr(values, entry.name)!r}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def inputs_hash(store: Warehouse) -> str:
    """A hash of everything imported: the identities (content, target, format) of the sources, in order."""
    sources = store.query_text("SELECT source_id FROM sources ORDER BY source_id")["source_id"]
    return hashlib.sha256("\n".join(sources).encode()).hexdigest()


def changed_since(store: Warehouse, run_id: str) -> set[str]:
    """The tables that later runs wrote or later imports brought.

    Args:
        store: the workspace's database.
        run_id: of table `runs`, or the beginning of exactly one.

    Raises:
        InputError: no such run.
    """
    known = store.query_text(
        "SELECT run_id, stage FROM runs WHERE starts_with(run_id, $run_id) ORDER BY run_id", {"run_id": run_id}
    )
    if known.height != 1:
        problem = "is not a run" if not known.height else f"is the beginning of {known.height} runs"
        raise InputError(f"{run_id!r} {problem}.", fix="`kindred export runs --to DIR` lists the runs.")
    named = set(store.query("export/changed", run_id=known["run_id"][0])["name"])
    imported = {table for table, targets in IMPORTED.items() if named & set(targets)}
    return named | imported
