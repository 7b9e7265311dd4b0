"""Files that installed packages carry, found without running the packages."""

from __future__ import annotations

from pathlib import Path


def package_file(package: str, file: str) -> Path | None:
    """Where a file of an installed package lies; None where package or file is missing."""
    from importlib.util import find_spec

    spec = find_spec(package)
    places = [Path(p) / file for p in (spec.submodule_search_locations or [])] if spec else []
    return next((p for p in places if p.is_file()), None)
