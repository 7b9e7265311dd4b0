"""What a workspace and the exports beside it hold at a moment, as the next reader finds them.

Read by means of its own where it can be: the rows by plain SELECTs, the files and manifests as bytes. What differs
between two runs of the same command (when it ran, and hashes of that) is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from engine import workspace
from engine.errors import EngineError
from engine.trust import audit, keys
from engine.warehouse import is_encrypted
from engine.warehouse.duckdb import DuckDBWarehouse

KEY = "5a" * 32
# One key and one day, so that two workspaces give the same bytes.
FIXED = {"KINDRED_KEY": KEY, "KINDRED_RUN_TODAY": "2026-01-15"}
Rows = dict[str, tuple[str, ...]]

_NOW = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
# Of the named table the columns that say when something ran, or follow from it.
_WHEN = {"runs": {"run_id", "inputs_hash", "config_hash", "versions", "depends_on"}, "history": {"stages"}}
_ERASURE = {"source_id", "sha256"}
_RECEIPT = re.compile(r"receipts/(\w+)-\d{8}T\d+\.json")
_OWN = ("audit.jsonl", "audit.head", ".lock", ".tmp", "backups", workspace.DATABASE, f"{workspace.DATABASE}.wal")
_DONE = "_SUCCESS"


@dataclass(frozen=True)
class State:
    """What is there.

    Args:
        rows: of every table, in some fixed order; none where there is no database yet.
        backups: the same of every kept copy of the database.
        files: digest of every other finished file, by name: `w/…` in the workspace, else beside it.
        drafts: names of unfinished files.
        unfinished: a deletion has noted that it is not done yet.
        encrypted: the database's file is.
        lines: of the audit log.
        faults: what must never be, in words.
    """

    rows: Rows = field(default_factory=dict)
    backups: dict[str, Rows] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    drafts: tuple[str, ...] = ()
    unfinished: bool = False
    encrypted: bool = False
    lines: int = 0
    faults: tuple[str, ...] = ()


def state(place: Path) -> State:
    """The state of `place`: the workspace `w` in it, and exports beside that. Nothing there is touched."""
    with tempfile.TemporaryDirectory(prefix="kindred-state-") as name, mock.patch.dict(os.environ, FIXED):
        files, drafts = _files(place)
        copy = Path(name) / "w"
        if not (place / "w" / workspace.CONFIG).exists():
            return State(files=files, drafts=drafts)
        shutil.copytree(place / "w", copy)
        encrypted = (copy / workspace.DATABASE).exists() and is_encrypted(copy / workspace.DATABASE)
        verdict = audit.verify(copy) if (copy / audit.LOG).exists() else audit.Verdict(0, "", ())
        faults = [f"audit log: {problem}" for problem in verdict.problems]
        faults += _in_clear(copy)
        backups, unreadable = _backups(copy)
        rows, unfinished, lost = _database(copy)
        inside = [] if unfinished else sorted((copy / "exports").glob("*"))
        faults += unreadable + lost + _exports([*sorted(place.iterdir()), *inside], rows)
        return State(rows, backups, files, drafts, unfinished, encrypted, verdict.lines, tuple(faults))


def read(path: Path) -> Rows:
    """The rows of every table in a database file that no process has open."""
    key = keys.derived(bytes.fromhex(KEY), "database") if is_encrypted(path) else None
    with closing(DuckDBWarehouse(path, read_only=True, key=key, weak=True, contracts=False)) as store:
        return _rows(store)


def _database(folder: Path) -> tuple[Rows, bool, list[str]]:
    """The rows as the next command that reads has them, whether a deletion is unfinished, and what must not be."""
    space = workspace.open_(folder)
    if not space.database.exists():
        return {}, False, []
    try:
        unfinished = _noted(space)
        with space.warehouse(read_only=True) as store:
            rows = _rows(store)
            places = {table: store.read(table) for table in ("photos", "inventory", "ads")}
    except EngineError as error:
        return {}, False, [f"the database cannot be read: {error}"]
    faults = []
    for table in ("photos", "inventory"):
        for digest, inner in places[table].select("sha256", "path").iter_rows():
            path = space.faces / inner
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                faults.append(f"a photo of {table} is missing or another one")
    creatives = {name for files in places["ads"]["files"] for name in files}
    faults += ["a creative of ads is missing" for name in sorted(creatives) if not (space.ads / name).is_file()]
    noted = [row for row in rows["meta"] if '"unfinished"' in row]
    rows["meta"] = tuple(row for row in rows["meta"] if row not in noted)
    return rows, unfinished, faults


def _noted(space: workspace.Workspace) -> bool:
    """Whether a deletion is unfinished: asked before the workspace is opened, which may finish it."""
    key = space._database_key() if is_encrypted(space.database) else None
    store = DuckDBWarehouse(space.database, read_only=True, key=key, contracts=False)
    try:
        return bool(store.query("trust/meta", name="unfinished").height)
    finally:
        store.close()


def _rows(store: DuckDBWarehouse) -> Rows:
    names = store.connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    found = {}
    for (name,) in sorted(names):
        cursor = store.connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608
        columns = [column[0] for column in cursor.description]
        found[name] = tuple(sorted(filter(None, (_row(name, columns, row) for row in cursor.fetchall()))))
    return found


def _row(table: str, columns: list[str], values: tuple[Any, ...]) -> str:
    """A row as text, without what differs between two runs; empty for the line of a deletion of nothing, and for what
    says only how far the rules about people were looked after, and whether a copy was just put back."""
    if table == "meta" and values[0] in ("people", "restored"):
        return ""
    row = {c: v for c, v in zip(columns, values, strict=True) if c not in _WHEN.get(table, ())}
    if row.get("target") == "erasure" and not row["rows_in"]:
        return ""
    if row.get("target") in ("erasure", "undo"):
        row = {c: v for c, v in row.items() if c not in _ERASURE}
    return json.dumps({c: _value(v) for c, v in row.items()})


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return "now" if value > _NOW else value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def _backups(folder: Path) -> tuple[dict[str, Rows], list[str]]:
    found, faults = {}, []
    for path in sorted((folder / "backups").glob("*")):
        if path.suffix != ".duckdb":
            if not path.with_suffix("").exists():
                faults.append(f"{path.name} belongs to no backup")
            continue
        try:
            found[path.stem] = read(path)
        except EngineError as error:
            faults.append(f"backup {path.stem} cannot be read: {error}")
    return found, faults


def _in_clear(folder: Path) -> list[str]:
    """Copies of the database that are not encrypted though the settings say that it is."""
    if workspace.open_(folder).config.storage.encryption == "off":
        return []
    copies = [folder / workspace.DATABASE, *sorted((folder / "backups").glob("*.duckdb"))]
    return [f"{p.name} is not encrypted" for p in copies if p.exists() and not is_encrypted(p)]


def _files(place: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Digests of finished files, and names of unfinished ones."""
    found, drafts = {}, []
    for path in sorted(place.rglob("*")):
        inner = path.relative_to(place)
        own = inner.parts[0] == "w" and inner.parts[1:2] != () and inner.parts[1] in _OWN
        if path.is_dir() or (own and inner.parts[1] != ".tmp"):
            continue
        if own or any(part.startswith(".") for part in inner.parts) or f"{workspace.DATABASE}.new" in path.name:
            drafts.append(re.sub(r"\d{2,}$", "#", inner.as_posix()))
        elif _RECEIPT.fullmatch(inner.as_posix().removeprefix("w/")):
            name, content = _receipt(path)
            if content:
                found[name] = content
        else:
            data = path.read_bytes()
            if inner.parts[0] == "w" and path.suffix in (".json", ".jsonl"):
                data = _MOMENT.sub("now", data.decode("utf-8", "replace")).encode()
            found[inner.as_posix()] = hashlib.sha256(data).hexdigest()
    return found, tuple(drafts)


def _receipt(path: Path) -> tuple[str, str]:
    """A receipt under a name without its time; no content for one that says that nothing was deleted. How many files
    went is left out: after a kill those are counted that were still there."""
    try:
        document = json.loads(path.read_text("utf-8"))
        document = {k: v for k, v in document.items() if k not in ("at", "path", "files")}
    except ValueError:
        return f"w/receipts/{path.stem.split('-')[0]}", "unreadable"
    name = f"w/receipts/{document['what']} of {sum(document['rows'].values())} rows"
    return name, json.dumps(document, sort_keys=True) if document["rows"] else ""


def _exports(folders: list[Path], rows: Rows) -> list[str]:
    """What is wrong with the exports: one that is not whole, or an ad in it that the workspace does not know of."""
    noted = {json.loads(row)["ad_id"] for row in rows.get("deliveries", ())}
    faults = []
    for folder in folders:
        if folder.name == "w" or folder.name.startswith(".") or not (folder.is_dir() and any(folder.iterdir())):
            continue
        if not (folder / _DONE).exists():
            faults.append(f"{folder.name} is there but not whole")
            continue
        listed = {
            entry["path"]: entry["sha256"] for entry in json.loads((folder / "manifest.json").read_text())["files"]
        }
        there = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
        there = {name: p for name, p in there.items() if name not in (_DONE, "manifest.json")}
        bad = [n for n, p in there.items() if listed.get(n) != hashlib.sha256(p.read_bytes()).hexdigest()]
        faults += [
            f"{folder.name}/{name} is not what the manifest says" for name in sorted({*bad, *listed.keys() - there})
        ]
        for name in ("manifest.jsonl", "delivery.jsonl"):
            left = {ad["ad_id"] for ad in _lines(folder / name)}
            if unknown := left - noted:
                faults.append(f"{len(unknown)} ads left in {folder.name}/{name} that are not in deliveries")
    return faults


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from map(json.loads, path.read_text().splitlines())


@contextmanager
def opened(place: Path) -> Iterator[DuckDBWarehouse]:
    """The database of the workspace in `place`, for a test to change."""
    with mock.patch.dict(os.environ, FIXED), workspace.open_(place / "w").warehouse() as store:
        yield store
