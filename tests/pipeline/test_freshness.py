"""Whatever a stage depends on makes it stale when it is edited, with the stages after it, and no other stage."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from engine import config, config_file, runner, warehouse
from engine.runner import code
from engine.runner.freshness import Freshness
from engine.stages import STAGES
from engine.warehouse.duckdb import DuckDBWarehouse

ROOT = Path(__file__).resolve().parents[2]
DEFAULTS = config.Config()
GRAPH = ("learned", "influencers")
ALL = tuple(stage.name for stage in STAGES)
SINCE_MATCHES = ("face_choices", "ads")
SINCE_CHOICES = ("choices", "matches", *SINCE_MATCHES)

# What is edited, which stages depend on it themselves, and which read what these write.
EDITS = [
    ("engine/trust/consent.py", (*GRAPH, "choices", "matches"), SINCE_MATCHES),
    ("engine/tables/computed.py", ALL, ()),
    ("engine/compiled.py", ("edges", *GRAPH, "choices", "matches", "face_choices"), ("ads",)),  # a policy's trees
    ("engine/handsets/loyalty.py", ("handsets",), SINCE_CHOICES),
    ("engine/offers/policy_value.py", ("choices",), ("matches", *SINCE_MATCHES)),
    ("engine/faces/align.py", ("matches",), SINCE_MATCHES),
    ("engine/faces/decide.py", ("face_choices",), ("ads",)),
    ("engine/ads/words.py", ("ads",), ()),  # below engine/ads/texts.py
    ("engine/ads/brand/brand.toml", ("ads",), ()),  # the built-in brand
    ("sql/offers/spells.sql", (*GRAPH, "handsets", "choices"), SINCE_CHOICES[1:]),  # of another folder
    ("sql/ads/offers_said.sql", SINCE_CHOICES, ()),  # run by the rules about people
    ("sql/graph/hubs.sql", ("edges", *GRAPH, "choices"), ("matches", *SINCE_MATCHES)),
    ("sql/faces/estimated.sql", ("matches",), SINCE_MATCHES),
    ("engine/workspace/__init__.py", (), ()),  # imported for its types only
    ("engine/trust/enforce.py", (), ()),
    ("engine/report/book.py", (), ()),
    ("sql/report/hubs.sql", (), ()),
]
SETTINGS = [
    ({"graph.window_days": 30}, "graph.window_days", ("edges", *GRAPH, "choices"), ("matches", *SINCE_MATCHES)),
    (
        {"offers.change_days": 5},
        "offers.change_days",
        (*GRAPH, "handsets", "choices"),
        ("matches", *SINCE_MATCHES),
    ),
    ({"offers.budget": 9.0}, "offers.budget", ("choices",), ("matches", *SINCE_MATCHES)),
    ({"faces.margin": 14}, "faces.margin", ("matches",), SINCE_MATCHES),
    ({"faces.order": "no_face"}, "faces.order", ("matches", "face_choices"), ("ads",)),
    ({"ads.render": "all"}, "ads.render", ("ads",), ()),
    ({"ads.format": "png"}, "ads.format", ("ads",), ()),
    ({"run.threads": 1}, "", (), ()),
    ({"report.min_cell": 20}, "", (), ()),
]
IMPORTS = [
    ("photos", SINCE_CHOICES[:2], SINCE_MATCHES),
    ("acts", (*GRAPH, "choices"), ("matches", *SINCE_MATCHES)),
    ("devices", (*GRAPH, "handsets", "choices"), ("matches", *SINCE_MATCHES)),
    ("treatments", ("choices", "face_choices"), ("matches", "ads")),
    ("inventory", ("matches", "ads"), ("face_choices",)),
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The engine and its statements in a folder where they may be edited."""
    home = tmp_path_factory.mktemp("copied")
    for folder in ("engine", "sql"):
        shutil.copytree(ROOT / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return home


@pytest.fixture
def tree(copied, monkeypatch):
    monkeypatch.setattr(code, "ENGINE", copied / "engine")
    monkeypatch.setattr(warehouse, "sql_folder", lambda: copied / "sql")
    return copied


@pytest.fixture(scope="module")
def store():
    """A database without rows, in memory."""
    with closing(DuckDBWarehouse(None)) as made:
        yield made


def noted(store, settings: config.Config = DEFAULTS) -> None:
    """Note a run of every stage as of now."""
    state = Freshness(store, settings)
    for stage in STAGES:
        runner._record(store, stage, state.fingerprint(stage), {}, datetime.now(UTC).replace(tzinfo=None))


def stale(store, settings: config.Config = DEFAULTS) -> dict[str, str]:
    """Every stage that a run would run, and why."""
    state = Freshness(store, settings)
    return {stage.name: state.why(stage) for stage in STAGES if not state.is_fresh(stage)}


def check(told: dict[str, str], what: str, name: str, direct: tuple[str, ...], after: tuple[str, ...]) -> None:
    assert set(told) == {*direct, *after}
    for stage, why in told.items():
        assert (f"{what} changed: {name}" in why) == (stage in direct), (stage, why)
        assert stage in direct or why.endswith("will be new"), (stage, why)


@pytest.mark.parametrize(("file", "direct", "after"), EDITS, ids=[file for file, _, _ in EDITS])
def test_an_edited_file_makes_stale_whatever_depends_on_it(tree, store, file, direct, after):
    noted(store)
    assert stale(store) == {}
    path = tree / file
    before = path.read_bytes()
    path.write_bytes(before + b"\n-- edited" if file.startswith("sql") else before + b"\n# edited\n")
    check(stale(store), "code", file, direct, after)
    noted(store)
    assert stale(store) == {}
    path.write_bytes(before)
    assert set(stale(store)) == {*direct, *after}  # what is undone is another change


@pytest.mark.parametrize(("given", "name", "direct", "after"), SETTINGS, ids=[str(given) for given, *_ in SETTINGS])
def test_a_changed_setting_makes_stale_who_reads_it(store, given, name, direct, after):
    noted(store)
    check(stale(store, config_file.load(flags=given)), "settings", name, direct, after)


@pytest.mark.parametrize(("target", "direct", "after"), IMPORTS, ids=[target for target, _, _ in IMPORTS])
def test_an_import_makes_stale_who_reads_its_table(store, target, direct, after):
    noted(store)
    line = {"source_id": f"new {target}", "target": target, "path": "f", "sha256": "0", "format": "csv", "rows_in": 1}
    line |= {
        "rows_kept": 1,
        "rows_duplicate": 0,
        "rows_rejected": 0,
        "details": "{}",
        "imported_at": datetime(2026, 1, 1),
    }
    store.append("sources", pl.DataFrame([line]))
    check(stale(store), "inputs", target, direct, after)


def test_an_assignment_makes_stale_whose_face_is_shown(store):
    """Also one more in a count that stays: what stands in the table counts."""
    one = {
        "experiment_id": "e",
        "customer_id": "c",
        "version": 1,
        "arm": "own_face",
        "assigned_at": datetime(2026, 1, 1),
    }
    for drawn in (one, {**one, "customer_id": "d"}, {**one, "customer_id": "d", "arm": "no_ad"}):
        noted(store)
        store.write("assignments", pl.DataFrame([drawn]).with_columns(eligible_because=pl.lit("")))
        check(stale(store), "inputs", "assignments", ("face_choices",), ("ads",))
    store.write("assignments", store.read("assignments").clear())


def test_a_policy_makes_stale_whose_face_is_shown_and_nothing_before_it(store):
    """Also the same one again, when it was not the newest: the number counts."""
    one = {"policy_id": "p", "number": 1, "model": "", "report": "{}"}
    for rows in ([one], [one, {**one, "policy_id": "q", "number": 2}], [{**one, "number": 3}]):
        noted(store)
        store.write("policies", pl.DataFrame(rows))
        check(stale(store), "inputs", "policies", ("face_choices",), ("ads",))
    store.write("policies", store.read("policies").clear())


@pytest.mark.parametrize(
    ("setting", "file", "direct", "after"),
    [("ads.brand", "logo.png", ("ads",), ()), ("faces.weights", "own.npz", ("matches",), SINCE_MATCHES)],
)
def test_a_file_that_a_setting_names_makes_stale_who_reads_it(store, tmp_path, setting, file, direct, after):
    place = tmp_path / "brand" / file
    place.parent.mkdir()
    place.write_bytes(b"as it was")
    value = place.parent if setting == "ads.brand" else place
    own = config_file.load(flags={setting: str(value)})
    noted(store, own)
    assert stale(store, own) == {}
    place.write_bytes(b"as it is.")
    check(stale(store, own), "files", f"{setting} {file}", direct, after)
    noted(store, own)
    place.touch()
    assert stale(store, own) == {}  # the same content


def test_a_file_that_is_as_it_was_is_not_read_again(store, tmp_path, monkeypatch):
    weights = tmp_path / "own.npz"
    weights.write_bytes(b"large")
    own = config_file.load(flags={"faces.weights": str(weights)})
    noted(store, own)
    read, hashed = [], code.hashed
    monkeypatch.setattr(code, "hashed", lambda path: read.append(path) or hashed(path))
    assert stale(store, own) == {} and read and weights not in read


def test_a_run_of_an_older_kindred_is_stale_and_says_so(store):
    noted(store)
    store.execute_text("UPDATE runs SET depends_on = NULL, config_hash = 'old'")
    assert set(stale(store)) == set(ALL)
    assert "an older Kindred ran it" in stale(store)["edges"]


def test_without_sources_the_version_counts(tree, store, tmp_path, monkeypatch):
    from engine.runner import freshness

    monkeypatch.setattr(code, "ENGINE", tmp_path / "compiled only")
    noted(store)
    assert stale(store) == {}
    assert set(stale(store, config_file.load(flags={"ads.format": "png"}))) == set(ALL)  # nobody knows who reads it
    monkeypatch.setattr(freshness, "VERSION", "9.9")
    assert stale(store)["edges"] == "code changed: Kindred's version"
    assert set(stale(store)) == set(ALL)
