"""docs/mapping.md: every example gives the rows that it says, and every key of the language has one."""

from __future__ import annotations

import io
import re
import shutil
import tomllib
from pathlib import Path

import polars as pl
import pytest

import engine
from engine.logs import mapping, rules

DOC = Path(__file__).parents[2] / "docs" / "mapping.md"
_EXAMPLE = re.compile(r"```toml\n(.*?)```\n```csv\n(.*?)```\n```gives\n(.*?)```", re.S)
EXAMPLES = _EXAMPLE.findall(DOC.read_text("utf-8"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with an empty workspace and its keys."""
    folder = tmp_path_factory.mktemp("doc")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(folder / "keys"))
        engine.create(folder / "empty", ids__pseudonymise="none")
    return folder


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example(number, home, tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(home / "keys"))
    said, rows, gives = EXAMPLES[number]
    (tmp_path / "m.toml").write_text(said, "utf-8")
    (tmp_path / "file.csv").write_text(rows, "utf-8")
    space = engine.open(shutil.copytree(home / "empty", tmp_path / "w"))
    table = tomllib.loads(said).get("for", "logs")
    if table == "logs":
        done = engine.import_logs(space, [tmp_path / "file.csv"], mapping=tmp_path / "m.toml")[0]
        found = _events(space)
    else:
        done = engine.import_table(space, table, tmp_path / "file.csv", mapping=tmp_path / "m.toml")
        with space.warehouse(read_only=True) as store:
            found = store.read(table)
    counts = dict(re.findall(r"^(rejected|left out): ([0-9]+)\n", gives, re.M))
    wanted = pl.read_csv(io.StringIO(re.sub(r"^(rejected|left out): .*\n", "", gives, flags=re.M)), infer_schema=False)
    assert _texts(found.select(wanted.columns)).sort(wanted.columns).equals(wanted.sort(wanted.columns))
    assert done.rows_rejected == int(counts.get("rejected", 0))
    assert done.rows_left_out == int(counts.get("left out", 0))
    assert done.rows_kept == wanted.height


def _events(space) -> pl.DataFrame:
    with space.warehouse(read_only=True) as store:
        events, names = store.read("events"), store.read("parties").select("node", "party_id")
    for end in ("caller", "callee"):
        events = events.join(names, left_on=end, right_on="node", how="left").drop(end).rename({"party_id": end})
    return events


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M:%S"), pl.col(pl.Boolean).cast(pl.String)
    ).cast(pl.String)


def test_every_key_has_an_example():
    used, inner = set(), set()
    for said, _, _ in EXAMPLES:
        document = tomllib.loads(said)
        for table in [document, *document.get("table", [])]:
            used |= set(table)
            inner |= {f"{name}.{key}" for name, said in table.items() if isinstance(said, dict) for key in said}
    # These need more than a file to be shown: the name of the file, a day that the user gives.
    without = mapping.KEYS - used - {"ego_from_file_name", "ego_form", "aggregated"}
    without |= {f"{name}.{key}" for name, keys in rules.KEYS.items() for key in keys} - inner
    assert without == set(), "each of these keys needs an example in docs/mapping.md: mapping, file and rows"
    text = DOC.read_text("utf-8")
    missing = [key for key in mapping.KEYS if f"`{key}" not in text and f"[{key}" not in text]
    assert missing == [], "each of these keys needs a sentence in docs/mapping.md"


def test_the_page_names_every_function():
    from engine.intake import functions

    text = DOC.read_text("utf-8")
    listed = re.search(r"\nFunctions: (.*?);", text, re.S).group(1).split()
    assert sorted(listed) == sorted(functions.NAMES)
