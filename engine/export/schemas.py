"""JSON Schemas of the exported tables, as their JSON lines look; `python -m engine.export.schemas` writes them anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engine.export.views import JOINED, VIEWS, WITHDRAW
from engine.tables import NOT_EXPORTED, TABLES, Column, Table

FOLDER = Path(__file__).resolve().parent / "schemas"
_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "bool": {"type": "boolean"},
    "u32": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "i32": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "i64": {"type": "integer"},
    "f32": {"type": "number"},
    "f64": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
    "texts": {"type": "array", "items": {"type": "string"}},
}
_TEXT = Column("", "text", False, "of the offer")
# Columns that the exported table has beyond its contract.
_MORE = {"ads": {"headline": _TEXT, "body": _TEXT, "call_to_action": _TEXT}}


def schema(table: Table) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one line of a table's JSON lines.

    Args:
        table: a contract table or a view.
    """
    kept = [c for c in table.columns if c.name not in NOT_EXPORTED.get(table.name, ())]
    columns = {c.name: c for c in kept} | _MORE.get(table.name, {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.name,
        "description": f"One row per {table.grain}.",
        "type": "object",
        "properties": {name: _property(column) for name, column in columns.items()},
        "required": list(columns),
        "additionalProperties": table.open,
    }


def all_schemas() -> dict[str, dict[str, Any]]:
    """The schema of every table and view, and of `withdraw.jsonl`, by name."""
    return {name: schema(table) for name, table in {**TABLES, **JOINED, **VIEWS, WITHDRAW.name: WITHDRAW}.items()}


def write(folder: Path = FOLDER) -> None:
    """Write `<table>.schema.json` for every table and view, and remove those of tables that are gone."""
    folder.mkdir(exist_ok=True)
    texts = {f"{name}.schema.json": json.dumps(s, indent=1) + "\n" for name, s in all_schemas().items()}
    for stale in {p.name for p in folder.glob("*.schema.json")} - set(texts):
        (folder / stale).unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _property(column: Column) -> dict[str, Any]:
    kind = column.type
    if kind in _TYPES:
        found = dict(_TYPES[kind])
    else:
        size = int(kind[4:-1])
        found = {"type": "array", "items": {"type": "number"}, "minItems": size, "maxItems": size}
    if column.nullable:
        found["type"] = [found["type"], "null"]
    if column.note:
        found["description"] = column.note
    return found


if __name__ == "__main__":
    write(*(Path(name) for name in sys.argv[1:2]))
