"""Every exported line is what its JSON Schema in the repository says."""

from __future__ import annotations

import json
import os
from datetime import date, datetime

import pytest

from engine.export import export, schemas
from engine.tables import BOOKKEEPING, TABLES
from tests.ads import ads_data

TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "null": type(None)}


def problems(value, schema, where="") -> list[str]:
    """The part of JSON Schema 2020-12 that the schemas use, written out."""
    found = []
    kinds = schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")]
    if kinds == ["object"]:
        found += [f"{where}: lacks {name}" for name in schema["required"] if name not in value]
        if not schema["additionalProperties"]:
            found += [f"{where}: has {name}" for name in set(value) - set(schema["properties"])]
        for name, inner in schema["properties"].items():
            if name in value:
                found += problems(value[name], inner, f"{where}.{name}")
        return found
    if not any(isinstance(value, TYPES[k]) and not (isinstance(value, bool) and k != "boolean") for k in kinds):
        return [f"{where}: {value!r} is no {kinds}"]
    if "minimum" in schema and value is not None and not schema["minimum"] <= value <= schema["maximum"]:
        found.append(f"{where}: {value} out of range")
    if isinstance(value, list):
        if "minItems" in schema and not schema["minItems"] <= len(value) <= schema["maxItems"]:
            found.append(f"{where}: {len(value)} items")
        for item in value:
            found += problems(item, schema["items"], f"{where}[]")
    if isinstance(value, str) and schema.get("format") == "date":
        date.fromisoformat(value)
    if isinstance(value, str) and schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        found.append(f"{where}: no zone")
    return found


def test_the_schemas_in_the_repository_are_those_of_the_contracts():
    stored = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in schemas.FOLDER.glob("*.schema.json")}
    made = {f"{name}.schema.json": s for name, s in schemas.all_schemas().items()}
    assert stored == made, "run `python -m engine.export.schemas`"


def test_every_exported_line_is_valid(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    space = ads_data.make(tmp_path / "ws", customers=3, preset={"ads__sizes": "300x250"})
    ads_data.run(space)
    seen = set()
    for what in ("all", "delivery", "analysis"):
        export(space, what, tmp_path / what, "jsonl")
        for path in (tmp_path / what).glob("*.jsonl"):
            name = "ads" if path.stem == "manifest" else path.stem
            schema = json.loads((schemas.FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
            for line in path.read_text(encoding="utf-8").splitlines():
                assert problems(json.loads(line), schema, name) == []
                seen.add(name)
    assert seen >= {"ads", "delivery", "analysis", "faces", "consents", "customers", "choices", "matches"}
    assert {os.path.basename(p).split(".")[0] for p in schemas.FOLDER.iterdir()} >= set(TABLES) - set(BOOKKEEPING)


@pytest.mark.parametrize(
    "change", [{"arm": None}, {"files": "x.jpg"}, {"files": [1]}, {"contact_id": "c1"}, {"alt_text": 5}]
)
def test_a_wrong_line_is_not(change):
    line = {
        "ad_id": "a", "customer_id": "c", "arm": "own_face", "offer_id": "o", "photo_id": "p", "files": ["f.jpg"],
        "enlarged": 1.5, "alt_text": "t", "headline": "h", "body": "b", "call_to_action": "c",
    }  # fmt: skip
    schema = schemas.schema(TABLES["ads"])
    assert problems(line, schema) == [] and problems({**line, **change}, schema) != []
