"""Markers in every column, name and photo of every kind of input: in no byte of workspace, caches and exports.

All bytes are searched, packed ones unpacked, as text in whatever digits and separators. What may hold free text and is
looked at by nobody: headline, body and call to action of offers, which are written to be shown.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from cli.main import app
from engine import workspace
from engine.warehouse import quote

MARKERS = {
    "phone": "+36 20 765 4321", "bare": "36207654321", "national": "06 20 765 4321", "arabic": "٣٦٢٠٧٦٥٤٣٢١",
    "wide": "３６２０７６５４３２１", "sim": "SIM 36207654321", "mail": "Planted.Person@example.hu",
    "imsi": "imsi216307654321987", "iban": "HU42 1177 3016 1111 1018 0000 0000", "handle": "@planted_person",
    "sip": "sip:planted.person", "invisible": "36\u200b207\u00ad654321", "place": "47.497913, 19.040236",
}  # fmt: skip
NEEDLES = ("207654321", "307654321987", "plantedperson", "plantedj", "1177301611111018", "4749791319040236")
DIGITS = {code: str(int(chr(code))) for code in range(0x20000) if chr(code).isdecimal()}
# Names and streets are known by nobody's rule as values: as parties, in columns called so or where each has his own.
NAME = "Planted Jánosné"


def found(content: bytes) -> list[str]:
    """The needles in some bytes, read as text in one or two bytes a letter."""
    hits = set()
    for part, code in ((content, "utf-8"), (content, "utf-16-le"), (content[1:], "utf-16-le")):
        plain = re.sub("[^a-z0-9]", "", part.decode(code, "ignore").translate(DIGITS).lower())
        hits |= {needle for needle in NEEDLES if needle in plain}
    return sorted(hits)


def leaks(*folders: Path) -> dict[str, list[str]]:
    told = {}
    for path in sorted(p for folder in folders if folder.exists() for p in folder.rglob("*")):
        parts = {"name": str(path).encode()[len(str(folders[0].parent)) :]}
        if path.is_file():
            parts["bytes"] = path.read_bytes()
            parts |= _unpacked(path, parts["bytes"])
        for what, content in parts.items():
            if hits := found(content):
                told[f"{what} of {path}"] = hits
    return told


def _unpacked(path: Path, content: bytes) -> dict[str, bytes]:
    if path.suffix == ".gz":
        return {"unpacked": gzip.decompress(content)}
    if path.suffix == ".parquet":
        return {"rows": pl.read_parquet(path).write_json().encode()}
    if path.suffix == ".arrow":
        return {"rows": pl.read_ipc(path).write_json().encode()}
    if content[8:12] == b"DUCK":
        with duckdb.connect(str(path), read_only=True) as store:
            tables = [row[0] for row in store.execute("SHOW TABLES").fetchall()]
            return {t: str(store.execute(f"SELECT * FROM {quote(t)}").fetchall()).encode() for t in tables}  # noqa: S608
    return {}


def test_the_search_finds_what_it_looks_for(tmp_path):
    for marker in [*MARKERS.values(), NAME]:
        assert found(f"x{marker}y".encode()) and found(marker.encode("utf-16-le")), marker
    (tmp_path / "a.gz").write_bytes(gzip.compress(MARKERS["iban"].encode()))
    pl.DataFrame({"a": [MARKERS["arabic"]] * 1000}).write_parquet(tmp_path / "a.parquet")
    with duckdb.connect(str(tmp_path / "a.duckdb")) as store:
        store.execute("CREATE TABLE t AS SELECT $m || i % 3 AS a FROM range(5000) AS r(i)", {"m": MARKERS["mail"]})
    assert {line.split()[-1].rsplit(".", 1)[1] for line in leaks(tmp_path)} == {"gz", "parquet", "duckdb"}


def photo(marker: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = marker
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 29.0, 52.0), 29: marker})
    pixels = np.random.default_rng(len(marker)).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", exif=exif, comment=marker.encode())
        return file.getvalue() + marker.encode()


COLUMNS = {
    "logs": {"caller": "c1", "callee": "c2", "started_at": "2026-01-01 10:00:00", "duration_s": "5", "kind": "call",
             "answered": "1", "volume_mb": "", "caller_tac": "35332811", "callee_tac": "35332811", "caller_imei": "",
             "callee_imei": "", "caller_cell": "L1", "callee_cell": "L2", "utc_offset": "", "call_id": "", "note": "x"},
    "customers": {"customer_id": "c1", "age": "30", "residence": "Buda", "gender": "woman", "plan": "a", "tenure": "5",
                  "household head": "c1", "contact": "x"},
    "devices": {"tac": "35332811", "manufacturer": "Apple", "model": "X", "released": "2020-01-01"},
    "offers": {"offer_id": "o", "manufacturer": "Apple", "model": "X", "headline": "h", "body": "b",
               "call_to_action": "c", "value": "5", "cost": "1"},
    "treatments": {"customer_id": "c1", "campaign_id": "k", "offer_id": "o", "sent_at": "2025-06-01 10:00:00",
                   "propensity": "0.5", "accepted": "true"},
    "acts": {"customer_id": "c1", "act": "quit", "at": "2025-06-01 10:00:00"},
    "consents": {"customer_id": "c1", "purpose": "offers", "granted_at": "2025-01-01 10:00:00", "expires_at": "",
                 "withdrawn_at": ""},
    "optouts": {"customer_id": "c9", "since": "2026-01-01 10:00:00"},
    "photos": {"customer_id": "c1", "path": "a.jpg"},
    "inventory": {"photo_id": "m1", "path": "a.jpg", "max_uses": "5", "hair": "red"},
}  # fmt: skip
REFUSE = {"consents": ("withdrawn_at",), "optouts": ("since",)}
SHOWN = {"headline", "body", "call_to_action"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("KINDRED_INTAKE_MAX_REJECTED", "1")  # markers read as nothing in most columns
    return tmp_path


def kindred(*args: object, codes=(0, 1, 3)) -> str:
    done = CliRunner().invoke(app, [str(a) for a in args])
    said = done.stdout + done.stderr
    assert found(said.encode()) == [], f"`kindred {args[:2]}` says {said}"
    assert done.exit_code in codes and "Traceback" not in said, said
    return said


def test_in_every_column_name_and_photo(home):
    kindred("init", "w", codes=(0,))
    for target, columns in COLUMNS.items():
        key, rows = next(iter(columns)), [columns]
        for marker in MARKERS.values():
            for column in columns.keys() - SHOWN:
                for value in (marker, f"see {marker} please"):
                    rows.append({**columns, key: f"c{len(rows)}", column: value})
        folder = Path("in") / MARKERS["mail"] / target
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(photo(MARKERS["phone"]))
        path = folder / f"{MARKERS['bare']} {MARKERS['handle']}.csv"
        pl.DataFrame(rows).write_csv(path)
        kindred("import", target, path, "-w", "w", codes=(target in REFUSE,))
        # A row that may say no and cannot be read refuses its file: the others by themselves.
        pl.DataFrame(r for r in rows if all(r[c] == columns[c] for c in REFUSE.get(target, ()))).write_csv(path)
        kindred("import", target, path, "-w", "w", codes=(0,))
        assert leaks(Path("w"), Path("home")) == {}, target
    for what, marker in MARKERS.items():
        folder = Path(f"photos {marker}")
        (folder / marker).mkdir(parents=True)
        (folder / f"{marker}.jpg").write_bytes(photo(marker))
        (folder / marker / "b.jpg").write_bytes(photo(marker + what))
    for marker in list(MARKERS.values())[::3]:
        kindred("import", "photos", f"photos {marker}", "-w", "w", codes=(0,))
        kindred("import", "inventory", f"photos {marker}", "-w", "w", codes=(0,))
        path = Path(f"photos {marker}") / f"{marker}_log.csv"
        path.write_text("caller,callee,started_at,duration_s\nc1,c2,2026-02-01 10:00:00,5\n")
        kindred("import", "logs", path, path, "nothing" + marker, "-w", "w", codes=(0, 1))
    party = Path(f"{MARKERS['bare']}.csv")
    lines = [f"{NAME},{m},2026-01-{d:02d} 10:00:00,60" for d in range(1, 9) for m in MARKERS.values() if "," not in m]
    party.write_text("caller,callee,started_at,duration_s\n" + "\n".join(lines) + "\n")
    kindred("import", "logs", party, "-w", "w", codes=(0,))
    kindred("run", "--until", "influencers", "-w", "w", codes=(0,))
    for who in (NAME, MARKERS["phone"], MARKERS["arabic"]):
        kindred("explain", who, "-w", "w", codes=(0,))
    for format in ("parquet", "csv", "jsonl", "arrow"):
        kindred("export", "all", "--to", f"out/{format}", "--format", format, "-w", "w", codes=(0,))
        kindred("export", "rejects", "--to", f"out/rejects-{format}", "--format", format, "-w", "w", codes=(0,))
    kindred("status", "-w", "w", "-o", "json", codes=(0,))
    assert leaks(Path("w"), Path("home"), Path("out")) == {}
    kindred("erase", MARKERS["iban"], MARKERS["handle"], "-w", "w", codes=(0,))
    kindred("audit", "verify", "-w", "w", codes=(0,))
    assert leaks(Path("w"), Path("home")) == {}


def test_columns_of_names_and_streets_are_left_out_and_said(home):
    kindred("init", "w", codes=(0,))
    rows = [
        {"customer_id": f"c{n}", "age": 30, "ugyfel": f"Planted János {chr(97 + n)}", "home": f"Planted út {n}",
         "name": "x", "plan": "ab"[n % 2], "joined": f"2020-01-{n + 1:02d}", "score": n / 7}
        for n in range(20)
    ]  # fmt: skip
    pl.DataFrame(rows).write_csv("customers.csv")
    said = kindred("import", "customers", "customers.csv", "-w", "w", codes=(0,))
    assert "left out: ugyfel (20), home (20)" in said and "kept as they came: " in said and "--keep COLUMN" in said
    with workspace.open_(Path("w")).warehouse(read_only=True) as store:
        assert set(store.columns("customers")) >= {"plan", "joined", "score"}
        assert not {"ugyfel", "home"} & set(store.columns("customers"))
        assert store.read("customers")["score"].dtype == pl.Float64
    assert found(Path("w/kindred.duckdb").read_bytes()) == []
    done = CliRunner().invoke(app, ["import", "customers", "customers.csv", "-w", "w", "--keep", "nobody"])
    assert done.exit_code in (0, 1)
    pl.DataFrame(rows).with_columns(age=31).write_csv("customers.csv")
    CliRunner().invoke(app, ["import", "customers", "customers.csv", "-w", "w", "--keep", "home"])
    with workspace.open_(Path("w")).warehouse(read_only=True) as store:
        assert "home" in store.columns("customers") and "ugyfel" not in store.columns("customers")


def test_nothing_lies_in_clear_after_a_kill_and_the_next_command_sweeps(home):
    kindred("init", "w", codes=(0,))
    n = 400_000
    ids = pl.select(a=pl.format("+3620765{}", pl.int_range(n).cast(pl.String).str.zfill(7))).to_series()
    frame = pl.DataFrame({"caller": ids, "callee": ids.reverse(), "started_at": "2026-01-01 10:00:00", "duration_s": 9})
    frame.write_csv("calls.csv")
    words = [sys.executable, "-m", "cli.main", "import", "logs", "calls.csv", "-w", "w", "--memory", "40MB", "--quiet"]
    root = str(Path(workspace.__file__).parents[1])
    running = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": root}, stderr=subprocess.DEVNULL)
    scratch, until, held = Path("w/.tmp"), time.time() + 120, 0
    while running.poll() is None and time.time() < until and held < 4_000_000:
        held = sum(p.stat().st_size for p in scratch.glob("duckdb_temp_*") if p.exists())
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    if held:
        left = b"".join(p.read_bytes() for p in scratch.rglob("*") if p.is_file())
        assert len(left) > 1_000_000 and not re.search(rb"3620765\d{7}", left)
    kindred("status", "-w", "w", codes=(0,))
    assert [p for p in scratch.rglob("*") if p.is_file()] == []
    for path in Path("w").rglob("*"):
        assert not (path.is_file() and re.search(rb"3620765\d{7}", path.read_bytes())), path
