"""Real servers on loopback over a small workspace with hostile names."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import polars as pl
import pytest
from PIL import Image

from engine import workspace
from engine.faces import model_id
from engine.warehouse import Warehouse
from tests.report.tests_report_town import make, tables

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("", "customers", "influence", "offers", "faces", "experiments", "data", "runs")
HISTORY = [
    {"number": n, "finished_at": datetime(2025, 3, n, 12), "definition": "auto", "imports": 0,
     "stages": json.dumps({"choices": f"run {n}", "ads": "the same"})}
    for n in (1, 2)
]  # fmt: skip
COLUMN = 'x" onfocus="alert(1)" <script>'


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Desk:
    """A running `kindred serve`."""

    def __init__(self, space: Path, *flags: str) -> None:
        command = [sys.executable, "-m", "cli.main", "serve", "-w", str(space), "-o", "json", *flags]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        told, text = "", self.process.stdout
        while not told.endswith("]\n"):
            line = text.readline()
            assert line, self.process.stderr.read()
            told += line
        self.url = json.loads(told)[0]["address"]
        parts = urlsplit(self.url)
        self.port, self.root = parts.port, parts.path

    def ask(self, path: str = "", method: str = "GET", *, whole: str = "", **headers: str) -> Answer:
        """One request; whole: a path in place of one below the token; headers: `sec_fetch_site="none"`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, whole or self.root + path, headers=given)
        answer = connection.getresponse()
        found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return found

    def page(self, path: str = "") -> Answer:
        """A page once its figures are there."""
        for _ in range(240):
            answer = self.ask(path)
            if answer.status != 503 and b'http-equiv="refresh"' not in answer.body:
                return answer
            time.sleep(0.25)
        raise AssertionError(f"{path} never came: {answer.text[:500]}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> workspace.Workspace:
    """The reports' town, with a column whose name is an attack. Tests only read it."""
    base = tmp_path_factory.getbasetemp()
    quick = {"report__resamples": 20, "report__sample": 50, "report__validate_up_to": 0}
    space = make(tmp_path_factory.mktemp("serve") / "Ünïcode <town>", base / "keys", tables(), **quick)
    with space.writing("test") as store:
        known = store.read("customers")
        odd = pl.Series(COLUMN, ["=1+1" if i % 2 else "<b>bold</b>" for i in range(known.height)])
        store.write("customers", known.with_columns(odd))
        store.write("faces", _found(space, store))
        store.write("history", _frame(HISTORY))
        store.write("decisions", _frame(decided(known["customer_id"].to_list())))
    return space


def _found(space: workspace.Workspace, store: Warehouse) -> pl.DataFrame:
    """Faces as if the networks had found them, in photos that are there."""
    drawn, faces = np.random.default_rng(3), store.read("faces")
    paths = {}
    for table in ("photos", "inventory"):
        paths |= dict.fromkeys(store.read(table)["sha256"], table)
        for name in store.read(table)["path"]:
            pixels = drawn.integers(0, 255, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((120, 120)).save(space.faces / name)
    rows = []
    for row in faces.to_dicts():
        vector = drawn.normal(size=512)
        by = model_id(space.config.faces, "customer" if paths.get(row["sha256"]) == "photos" else "inventory")
        ok = {"width": 120, "height": 120, "box": [30, 30, 90, 90], "probability": 1.0, "sharpness": 1.0, "yaw": 0.0,
              "landmarks": [45, 50, 75, 50, 60, 65, 48, 78, 72, 78],
              "embedding": vector / np.linalg.norm(vector)}  # fmt: skip
        rows.append({**row, "model_id": by, **(ok if row["status"] == "ok" else {})})
    return pl.DataFrame(rows, schema=faces.schema)


def decided(ids: list[str]) -> list[dict]:
    """Two runs: the second gives every tenth customer another offer, has no face for the third and knows the last."""
    same = {"contact_id": None, "offer_id": "apple", "arm": "no_face", "subject_id": None, "photo_id": None, "ad": None}
    rows = []
    for i, name in enumerate(ids):
        first, last = 2 if i == len(ids) - 1 else 1, 1 if i % 10 == 0 or i == 3 else None
        rows.append({"customer_id": name, "first_run": first, "last_run": last, **same})
        if last:
            other = {"offer_id": "samsung"} if i % 10 == 0 else {"arm": "no_ad"}
            rows.append({"customer_id": name, "first_run": 2, "last_run": None, **same, **other})
    return rows


def _frame(rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


@pytest.fixture(scope="module")
def internal(town) -> Iterator[Desk]:
    yield from _running(town, "--internal")


@pytest.fixture(scope="module")
def public(town) -> Iterator[Desk]:
    yield from _running(town)


def _running(space: workspace.Workspace, *flags: str) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(_keys(space)))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        desk = Desk(space.path, *flags)
        yield desk
        desk.stop()


def _keys(space: workspace.Workspace) -> Path:
    """Where `make` put the key."""
    return next(folder for folder in (p / "keys" for p in space.path.parents) if folder.is_dir())


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def written_by_looking(desk: Desk, town) -> set[str]:
    """Files of the workspace that are others after every page was looked at."""
    desk.page()
    before = contents(town.path)
    for path in (*PAGES, "offers?own.gender=man", "customers?q=c00", "customer?id=c0013", "customers.csv", "state"):
        desk.ask(path)
    desk.page("faces?own.gender=man")
    after = contents(town.path)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
