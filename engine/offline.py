"""Nothing that Kindred loads reports home: what would do so is never imported, in this process or in its workers.

OpenVINO sends an event with a lasting id to its makers as soon as it is imported (package openvino-telemetry, on by
default, off only by a file in each user's home). It asks for that package by `import` and does without where Python
has none, which is what it is told here. DuckDB fetches no extension by itself: `engine.warehouse.duckdb` says so.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import cast

REPORTERS = ("openvino_telemetry",)


def keep() -> None:
    """From now on `import` finds none of `REPORTERS`; called when the package `engine` is imported."""
    for name in REPORTERS:
        sys.modules.setdefault(name, cast(ModuleType, None))  # None: Python's own word for "there is no such module"


def loaded() -> list[str]:
    """Those of `REPORTERS` that were imported before Kindred was, by somebody else's code in this process."""
    return [name for name in REPORTERS if sys.modules.get(name) is not None]
