"""Every CSV that leaves Kindred: no cell and no header is a formula to a spreadsheet."""

from __future__ import annotations

import ast
import base64
import csv
import io
import re
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import output
from engine import formulas
from engine.export import rows
from engine.export.form import Form
from engine.report import page

UNSEEN = [
    " ",
    "\t",
    "\r",
    "\n",
    "\xa0",
    "\u200b",
    "\ufeff",
    "\u2060",
    "\xad",
    "\u3164",
    "\u2800",
    "\u202e",
    "\u3000",
    "\0",
]
FILLERS = set("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")


def runs(text):
    """The rule in plain words: what is left without what nobody sees begins with a sign, or a control does; and it is
    no plain number."""
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", text):
        return False
    if text[:1] in ("\t", "\r", "\n"):
        return True
    for letter in text:
        if (
            unicodedata.category(letter) in ("Zs", "Zl", "Zp", "Cc", "Cf")
            or letter in FILLERS
            or "\ufe00" <= letter <= "\ufe0f"
        ):
            continue
        return letter == "−" or (letter != "⁺" and letter in "=+-@＝＋－＠﹦﹢﹣﹫")
    return False


texts = st.text(
    st.sampled_from([*"=+-@＝＋－＠﹦﹢﹣﹫−'|,;\"a1.eE日", *UNSEEN])
    | st.characters(codec="utf-8", exclude_categories=["Cn"]),
    max_size=6,
).filter(lambda text: not any(unicodedata.category(c) == "Cf" and c not in UNSEEN for c in text))
frames = st.lists(texts, max_size=8)


@given(texts)
def test_the_guard_is_the_rule(text):
    assert formulas.defuse(text) == (f"'{text}" if runs(text) else text)
    assert not runs(formulas.defuse(text))


@given(frames)
def test_frames_and_words_have_one_guard(words):
    frame = pl.DataFrame({"a": words}, schema={"a": pl.String})
    assert frame.select(formulas.defused(pl.col("a")))["a"].to_list() == [formulas.defuse(word) for word in words]


HOSTILE = ["=1+1", "＝1", " =1", "\xa0=1", "\u200b@x", "\ufeff-x", "\t1", "−x", "+36a", "﹦x"]


@pytest.mark.parametrize("text", HOSTILE)
def test_cells_and_headers_of_every_writer(text, capsys):
    written = []
    file = io.BytesIO()
    rows.write(file, iter([pl.DataFrame({text: [text]}).to_arrow()]), Form("csv"))
    written.append(file.getvalue().decode())
    output.emit([{text: text}], output.Output.csv)
    written.append(capsys.readouterr().out)
    output.emit({text: text}, output.Output.csv)
    written.append(capsys.readouterr().out)
    written.append(base64.b64decode(page.csv_link([{text: text}]).partition("base64,")[2]).decode())
    for content in written:
        found = [cell for line in csv.reader(io.StringIO(content, newline="")) for cell in line]
        assert f"'{text}" in found
        assert not any(map(runs, found))


def test_numbers_stay_numbers():
    for number in ("-5", "+36201234567", "-1.5e-3", "0", "-2."):
        assert formulas.defuse(number) == number
    for other in ("-1+1", "+-5", "-5 ", "-inf", "+nan", "-٣", "- 5"):
        assert formulas.defuse(other) == f"'{other}"


def test_nobody_else_writes_csv():
    """Whoever writes CSV without the guard is found here; town and demo write what they invented, to import it."""
    root = Path(rows.__file__).parents[2]
    writers = set()
    for path in [*(root / "engine").rglob("*.py"), *(root / "cli").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", "")
            if name in ("write_csv", "sink_csv", "DictWriter", "to_csv") or (
                name == "writer" and getattr(called.value, "id", "") == "csv"
            ):
                writers.add(path.relative_to(root).as_posix())
    invented = {"engine/synth/calls.py", "engine/synth/town.py", "engine/usecases/demo.py"}
    guarded = {"engine/serve/files.py", "engine/usecases/settling.py"}
    assert writers - invented - guarded == {"engine/export/rows.py", "engine/report/page.py", "cli/output.py"}
