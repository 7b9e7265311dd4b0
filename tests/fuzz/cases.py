"""Hostile files: tables that are almost right, and what must hold whatever they are (see options.py for commands)."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

from hypothesis import strategies as st

from engine import workspace
from engine.errors import EngineError
from engine.intake.importer import import_table
from engine.logs.importer import import_logs
from engine.tables import TABLES
from tests.fuzz import reader
from tests.fuzz.options import no_hidden_traceback

COLUMNS = {
    "logs": [
        "caller",
        "callee",
        "started_at",
        "duration_s",
        "kind",
        "volume_mb",
        "caller_tac",
        "caller_imei",
        "call_id",
    ],
    **{
        target: TABLES[target].names
        for target in ("customers", "devices", "offers", "treatments", "acts", "consents", "optouts")
    },
    "photos": ["customer_id", "path"],
    "inventory": ["photo_id", "path", "max_uses", "hair"],
}
VALUES = st.one_of(
    st.sampled_from(
        [
            "", " ", "+36201234567", "0036201234567", "anna", "x@y.hu", "2026-01-01", "2026-01-01T10:00:00",
            "10", "-1", "0", "1e309", "nan", "inf", "9" * 30, "0.5", "true", "maybe", "call", "text",
            "35332811", "offers", "own_face", "photo.jpg", "../photo.jpg", "/etc/passwd", "link.jpg", "=1+1",
            "'; DROP TABLE events; --", '"', "\\", "\0", "é" * 40, "\u202e", "\ufeff", "NULL", "N/A",
            "*", "^.*$", "99999999999999999999", "0001-01-01", "2026-02-30", "1.2.3",
        ]
    ),
    st.text(max_size=12),
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn, target: str) -> bytes:
    """The bytes of a table that is almost what `target` wants: columns missing, doubled or strange, rows ragged."""
    columns = draw(st.permutations(COLUMNS[target])) if draw(st.booleans()) else list(COLUMNS[target])
    columns = columns[: draw(st.integers(max(1, len(columns) - 2), len(columns)))] + draw(st.lists(VALUES, max_size=2))
    delimiter = draw(st.sampled_from([",", ",", ",", ";", "\t", "|"]))
    quote = draw(st.booleans())
    lines = [delimiter.join(columns)]
    for _ in range(draw(st.integers(0, 5))):
        width = len(columns) + draw(st.sampled_from([0, 0, 0, 0, -1, 1]))
        row = draw(st.lists(VALUES, min_size=max(width, 0), max_size=max(width, 0)))
        lines.append(delimiter.join('"' + v.replace('"', '""') + '"' if quote else v for v in row))
    data = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])).join(lines).encode("utf-8", "surrogatepass")
    return draw(spoilt(data))


@st.composite
def spoilt(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes themselves, or cut, flipped, packed, encoded otherwise, or none of it."""
    kind = draw(
        st.sampled_from(["as is", "as is", "as is", "cut", "flip", "gzip", "cut gzip", "utf-16", "noise", "empty"])
    )
    if kind == "cut":
        return data[: draw(st.integers(0, len(data)))]
    if kind == "flip" and data:
        place = draw(st.integers(0, len(data) - 1))
        return data[:place] + draw(st.binary(min_size=1, max_size=4)) + data[place + 1 :]
    if kind == "gzip":
        return gzip.compress(data)
    if kind == "cut gzip":
        packed = gzip.compress(data)
        return packed[: draw(st.integers(0, len(packed)))]
    if kind == "utf-16":
        return data.decode("utf-8", "replace").encode("utf-16")
    if kind == "noise":
        return draw(st.binary(max_size=200))
    return b"" if kind == "empty" else data


class Bench:
    """One workspace into which case after case is imported."""

    def __init__(self, folder: Path) -> None:
        self.space = workspace.create(folder / "w", preset={"ids__region": "HU"})
        self.key, self.inputs = self.space.key(), folder / "in"
        self.inputs.mkdir()
        (self.inputs / "photo.jpg").write_bytes(_jpeg())
        os.symlink("/etc/hostname", self.inputs / "link.jpg")
        self.open = self.space.writing("fuzz")
        self.store = self.open.__enter__()
        self.counts = self.store.counts()

    def close(self) -> None:
        """Let go of the workspace."""
        self.open.__exit__(None, None, None)

    def import_(self, target: str, data: bytes, *, ending: str = ".csv") -> None:
        """Import one file; raises AssertionError unless it is taken with every row accounted for, or refused whole."""
        path = self.inputs / f"case{ending}"
        path.write_bytes(data)
        before = self.counts
        shared = {"config": self.space.config, "key": self.key}
        try:
            with no_hidden_traceback():
                if target == "logs":
                    [done] = import_logs(self.store, [path], **shared)
                else:
                    done = import_table(self.store, target, path, faces_folder=self.space.faces, **shared)
        except EngineError as error:
            assert self.store.counts() == before, f"refused, but something was stored: {error}"
            assert "\n" not in str(error).strip(), f"more than one line: {error}"
            return
        assert done.rows_in == done.rows_kept + done.rows_duplicate + done.rows_rejected
        rows = reader.count(data) if data[:4] != b"PAR1" else None  # of noise between two marks, each has its opinion
        assert rows in (None, done.rows_in), f"{rows} rows are in the file, {done.rows_in} were counted"
        after = self.counts = self.store.counts()
        lost = {t: (n, after[t]) for t, n in before.items() if after[t] < n and t != "pair_days"}
        assert not lost, f"rows are lost: {lost}"
        new = 0 if "file_seen_before" in done.details else 1
        assert after["sources"] == before["sources"] + new
        assert after["rejects"] == before["rejects"] + new * done.rows_rejected


def _jpeg() -> bytes:
    from PIL import Image

    with io.BytesIO() as file:
        Image.new("RGB", (60, 60), (200, 150, 120)).save(file, "JPEG")
        return file.getvalue()
