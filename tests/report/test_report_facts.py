"""Page, JSON and database say the same; every figure is recomputed here from the tables in plain Python."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import polars as pl
import pytest

from engine import workspace
from engine.errors import InputError
from engine.intake.importer import import_table
from engine.offers import policy
from engine.report import offers_figures
from engine.report.book import Book, look_up, plain
from engine.report.page import spell
from engine.report.pages import CHARTS
from engine.tables import TABLES
from engine.trust.noise import Noise
from engine.usecases import erase, reporting


class Figures(HTMLParser):
    """Every marked figure of a page: path -> value; tables: path -> rows of exact cell values."""

    def __init__(self) -> None:
        super().__init__()
        self.single: dict[str, object] = {}
        self.tables: dict[str, list[list]] = {}
        self.columns: dict[str, list[str]] = {}
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self._table: str | None = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "data":
            self.single[given["data-fact"]] = json.loads(given["value"])
        elif tag == "span" and "data-fact" in given:
            self.single[given["data-fact"]] = None
        elif tag == "table":
            self._table = given.get("data-fact")
            if self._table:
                self.tables[self._table], self.columns[self._table] = [], []
        elif self._table and tag == "th":
            self.columns[self._table].append(given["data-column"])
        elif self._table and tag == "tr":
            self.tables[self._table].append([])
        elif self._table and tag == "td":
            self.tables[self._table][-1].append(given.get("data-sort"))

    def handle_endtag(self, tag):
        if tag == "table":
            self._table = None


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    reporting.report(small, "all", folder / "all.html", json_to=folder / "all.json")
    html = (folder / "all.html").read_text(encoding="utf-8")
    figures = Figures()
    figures.feed(html)
    return html, json.loads((folder / "all.json").read_text(encoding="utf-8")), figures


@pytest.fixture(scope="module")
def exact(small):
    """The internal report: every figure as it is."""
    return reporting.facts(small, "all", internal=True)


@pytest.fixture(scope="module")
def rows(small):
    with small.warehouse(read_only=True) as store:
        return {
            name: store.read(name)
            for name in (
                "parties",
                "influencers",
                "ties",
                "nodes",
                "events",
                "handsets",
                "choices",
                "uplift",
                "matches",
                "treatments",
                "loyalty",
                "customers",
            )
        }


def test_every_number_on_the_page_is_the_json_s(written):
    _, facts, figures = written
    assert len(figures.single) > 25
    for path, value in figures.single.items():
        assert look_up(facts, path) == value, path
    assert len(figures.tables) > 12
    compared = 0
    for path, table in figures.tables.items():
        listed = look_up(facts, path)
        shown = [row for row in table if row]
        assert 0 < len(shown) <= len(listed)
        kept = iter(listed)
        for row in shown:
            # Rows that are withheld as a whole are left out; the others come in the JSON's order.
            for candidate in kept:
                expected = [look_up(candidate, column) for column in figures.columns[path]]
                exact = [(cell, value) for cell, value in zip(row, expected, strict=True) if cell not in (None, "")]
                if all(_same(cell, value) for cell, value in exact):
                    compared += len(exact)
                    break
            else:
                pytest.fail(f"{path}: {row} is not in the JSON")
    assert compared > 200


def _same(cell, value) -> bool:
    return cell == value if isinstance(value, str) else json.loads(cell) == value


def test_every_chart_has_a_place_and_a_name_of_its_own(written):
    html, facts, _ = written
    drawn = [name for make in CHARTS.values() for name in make(facts)]
    assert [name for name, times in Counter(drawn).items() if times > 1] == [], "two reports draw charts of one name"
    nowhere = [name for name in drawn if f'id="chart-{name}"' not in html]
    assert nowhere == [], "each needs its chart(name) in a template of engine/report/templates/"


def test_coverage_is_what_the_tables_hold(exact, rows):
    facts = exact
    events, parties = rows["events"], rows["parties"]
    customers = set(parties.filter(pl.col("is_customer"))["node"])
    calls = events.filter(pl.col("kind") == "call")
    assert facts["coverage"]["calls"] == calls.height
    assert facts["coverage"]["sessions"] == 1
    both = sum(a in customers and b in customers for a, b in calls.select("caller", "callee").iter_rows())
    assert facts["coverage"]["on_net_share"] == pytest.approx(both / calls.height, rel=1e-5)
    assert facts["coverage"]["customers"] == 400
    assert facts["coverage"]["opted_out"] == 2
    assert facts["coverage"]["rows_in"] == facts["coverage"]["rows_kept"] + 5 + 7
    per_day = Counter(at.date().isoformat() for at in calls["started_at"])
    assert {day["day"]: day["calls"] for day in facts["coverage"]["calendar"] if day["calls"]} == dict(per_day)


def test_influence_figures_are_recomputed(exact, rows):
    facts = exact
    first = rows["influencers"].filter((pl.col("definition") == "auto") & (pl.col("rank") == 1))
    chosen = Counter(first["contact_id"])
    assert facts["influence"]["contacts"] == len(chosen)
    assert sum(piece["n"] for piece in facts["certainty"]["margin"]) == 400
    assert sum(piece["n"] for piece in facts["health"]["degree"]) == 400
    assert sum(piece["n"] for piece in facts["health"]["strength"]) == 400
    concentration = facts["top"]["concentration"]
    assert sum(piece["n"] for piece in concentration) == len(chosen)
    for piece in concentration:
        assert piece["n"] == sum(piece["low"] <= n < piece["high"] for n in chosen.values())
    for row in facts["top"]["rows"]:
        assert row["customers"] == chosen[row["contact_id"]]
    shown = [row["customers"] for row in facts["top"]["rows"]]
    assert shown == sorted(shown, reverse=True) and len(shown) == 50
    other = dict(
        rows["influencers"]
        .filter((pl.col("definition") == "strongest") & (pl.col("rank") == 1))
        .select("customer_id", "contact_id")
        .iter_rows()
    )
    same = sum(other[c] == j for c, j in first.select("customer_id", "contact_id").iter_rows())
    agreement = facts["certainty"]["agreement"][0]
    assert agreement["same"] == same
    gates = Counter(reason for reason in rows["ties"]["gated_because"] if reason)
    assert {g["reason"]: g["pairs"] for g in facts["health"]["gates"]} == dict(gates)


def test_loyalty_figures_are_the_table_s(exact, rows):
    facts = exact
    overall = {r["manufacturer"]: r for r in rows["loyalty"].filter(pl.col("segment_by") == "").iter_rows(named=True)}
    shown = 0
    for row in facts["loyalty"]["rows"]:
        for name in ("n", "retained", "retention", "lift", "low", "high"):
            if row[name] is not None:
                assert row[name] == pytest.approx(overall[row["manufacturer"]][name], rel=1e-5)
                shown += 1
        if row["lift"] is not None:
            ends = (row["low"] / row["share"], row["high"] / row["share"])
            assert (row["lift_low"], row["lift_high"]) == pytest.approx(ends, rel=1e-4)
            assert row["lift_low"] < row["lift"] < row["lift_high"]
    assert shown > 12
    assert facts["loyalty"]["changes"] == sum(r["n"] for r in overall.values())
    spells = rows["handsets"].sort("customer_id", "spell").to_dicts()
    moves = Counter(
        (a["manufacturer"], b["manufacturer"]) for a, b in pairwise(spells) if a["customer_id"] == b["customer_id"]
    )
    names = facts["loyalty"]["manufacturers"]
    for row in facts["loyalty"]["flows"]:
        for to, n in zip(names, row["to"], strict=True):
            assert n == moves[row["manufacturer"], to]


def test_offer_figures_are_recomputed(exact, rows):
    facts = exact
    given = Counter(offer or "no offer" for offer in rows["choices"]["offer_id"])
    assert {row["offer_id"]: row["n"] for row in facts["offers"]["given"]} == dict(given)
    value = rows["choices"].filter(pl.col("offer_id").is_not_null())["expected_value"].sum()
    assert facts["offers"]["chosen_value"] == pytest.approx(value, rel=1e-5)
    assert facts["offers"]["budget"][-1]["value"] == pytest.approx(value, rel=1e-5)
    who = (
        rows["choices"]
        .filter(pl.col("offer_id").is_not_null())
        .select("customer_id")
        .join(rows["uplift"], on="customer_id")
    )
    single = {
        o: 50 * u - 2 * n for o, u, n in who.group_by("offer_id").agg(pl.col("uplift").sum(), pl.len()).iter_rows()
    }
    assert facts["offers"]["best_single_value"] == pytest.approx(max(single.values()), rel=1e-5)
    assert [row["policy"] for row in facts["offers"]["measured"]] == ["personalised", "everybody gets apple", "nobody"]
    assert facts["offers"]["beats"]["value"] == 0.5 and facts["offers"]["policy_said"] == ["policy_no_gain in words"]
    assert [row["feature"] for row in facts["offers"]["drivers"]] == list("ihgfed")
    assert facts["offers"]["beats_chance"] == ["samsung"]
    assert facts["offers"]["like_chance"] == ["apple"]
    campaign = {row["offer_id"]: row for row in facts["offers"]["campaigns"]}
    for offer in ("apple", "samsung", None):
        known = rows["treatments"].filter(pl.col("offer_id").eq_missing(offer) & pl.col("accepted").is_not_null())
        assert campaign[offer or "no offer"]["rate"] == pytest.approx(known["accepted"].mean(), rel=1e-5)


def test_face_figures_are_recomputed(exact, rows):
    facts = exact
    counts = Counter(rows["matches"].select("arm", "status").iter_rows())
    for row in facts["faces"]["matches"]:
        assert row["n"] == counts[row["arm"], row["status"]]
    assert facts["faces"]["unused"] == 1
    for row in facts["faces"]["groups"]:
        if row["customers"] is not None:
            assert row["customers"] >= 15


def test_an_internal_report_withholds_nothing_and_says_so_everywhere(small, exact, tmp_path):
    done = reporting.report(small, "all", tmp_path / "i.html", internal=True, json_to=tmp_path / "i.json")
    html, facts = (tmp_path / "i.html").read_text("utf-8"), json.loads((tmp_path / "i.json").read_text("utf-8"))
    assert done.mode == facts["mode"] == "internal" and facts == exact
    assert facts["suppression"]["withheld"] == 0 and '"withheld"' not in html and ">withheld<" not in html
    assert html.count("Internal: names single people. Do not pass on.") == 1  # at the end of the page
    assert '<p class="mark" role="note"><strong>Internal:</strong> names single people. Do not pass on.</p>' in html
    assert "<title>Internal: " in html and set(re.findall(r'download="(\w+)-', html)) == {"internal"}
    assert len(facts["egos"]) == 12 and facts["top"]["rows"] and facts["health"]["hubs"]
    lines = (small.path / "audit.jsonl").read_text("utf-8").splitlines()
    last = json.loads(lines[-1])
    assert (last["command"], last["event"]) == ("report", "read")
    assert last["details"] == {"report": "all", "mode": "internal"}


def test_a_public_report_has_no_row_about_one_person(written, exact, rows):
    html, facts, figures = written
    assert facts["mode"] == "public" and "egos" not in facts and "rows" not in facts["top"]
    assert "hubs" not in facts["health"] and "examples" not in figures.ids
    ids = {*rows["parties"]["party_id"], *rows["customers"]["customer_id"]}
    text = json.dumps(facts, ensure_ascii=False)
    assert not [name for name in ids if f'"{name}"' in text or f">{name}<" in html]
    assert "Public:" in html and "Internal" not in html
    assert all(row["leader"] is None for row in facts["communities"]["rows"])
    assert facts["quadrants"]["bands"][0]["low"] is None and facts["quadrants"]["bands"][-1]["high"] is None
    assert facts["method"]["inputs"] == [] and exact["method"]["inputs"]
    # The names of small groups would say that somebody is in them.
    assert "<script>alert(1)</script>" not in {row["segment"] for row in facts["offers"]["by_residence"]}
    assert "<b>Nokia</b>" not in facts["loyalty"]["manufacturers"]


def test_a_sum_that_stands_twice_is_the_same_figure_twice(written):
    coverage = written[1]["coverage"]
    logs = next(row for row in coverage["sources"] if row["target"] == "logs")
    assert all(coverage[name] == logs[name] for name in ("rows_in", "rows_kept", "rows_duplicate", "rows_rejected"))


def test_small_reports_withhold_what_the_whole_one_does(small, written):
    _, whole, _ = written
    for kind in ("influence", "experiment"):
        part = reporting.facts(small, kind)
        for name in reporting.PARTS[kind]:
            assert part.get(name) == whole.get(name), name
        assert not set(part) & {n for k, names in reporting.PARTS.items() if k != kind for n in names}


def test_nothing_in_a_name_becomes_markup(small, written, tmp_path):
    html, _, _ = written
    assert "Győr" in html and "São Paulo" in html
    reporting.report(small, "all", tmp_path / "named.html", internal=True)
    html = (tmp_path / "named.html").read_text(encoding="utf-8")
    figures = Figures()
    figures.feed(html)
    assert "<script>alert" not in html and "<img" not in html and "<b>Nokia" not in html and "<i>New" not in html
    assert [tag for tag, _ in figures.tags].count("script") == 1
    assert "Győr" in html and "São Paulo" in html and "O&#39;Brien &amp; Sons" in html
    assert not [given for _, given in figures.tags for name in given if name.startswith("on")]


def test_the_page_needs_no_network_and_repeats_no_id(written):
    html, _, figures = written
    assert len(html.encode()) < 3_000_000
    assert not re.findall(r'(?:src|href)="(?!#|data:)', html)
    assert "@import" not in html and "url(" not in html.replace("url(#", "")
    twice = [name for name, n in Counter(figures.ids).items() if n > 1]
    assert twice == []


def test_the_same_workspace_gives_the_same_bytes(small, written, tmp_path):
    html, facts, _ = written
    reporting.report(small, "all", tmp_path / "again.html", json_to=tmp_path / "again.json")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == html
    assert json.loads((tmp_path / "again.json").read_text(encoding="utf-8")) == facts


def test_an_empty_workspace_gives_a_page_that_says_so(empty_space, tmp_path):
    done = reporting.report(empty_space, "all", tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "this workspace holds no customers" in html and "kindred import logs FILE" in html
    assert "Not computed yet: edges, influencers, handsets, choices, matches, ads" in done.warnings[0]
    assert "<svg" not in html


def test_stale_and_missing_stages_are_named_with_their_command(tmp_path, tmp_path_factory):
    import dataclasses

    from tests_report_town import make, tables

    from engine import runner

    rows = {
        name: lines
        for name, lines in tables(customers=60, others=5).items()
        if name in ("events", "pair_days", "parties")
    }
    space = make(tmp_path / "half", tmp_path_factory.getbasetemp() / "keys", rows)
    runner.run(space, until="edges")
    warnings = reporting.facts(space, "influence")["warnings"]
    assert warnings == [
        {
            "text": "Not computed yet: influencers, handsets, choices. Figures that need it are missing here.",
            "command": "kindred run --until choices",
        }
    ]
    graph = dataclasses.replace(space.config.graph, window_days=30)
    other = dataclasses.replace(space, config=dataclasses.replace(space.config, graph=graph))
    stale = reporting.facts(other, "influence")["warnings"][1]
    assert "last run of: edges" in stale["text"] and stale["command"] == "kindred run --until edges"
    states = {row["stage"]: row["state"] for row in reporting.facts(other, "influence")["method"]["stages"]}
    assert states["edges"] == "stale" and states["choices"] == "never"


def test_one_row_per_table_is_no_crash_and_no_disclosure(tmp_path, tmp_path_factory):
    from tests_report_town import make, tables

    few = {name: lines[:1] for name, lines in tables().items()}
    few["assignments"][0]["version"] = few["plans"][0]["version"]
    space = make(tmp_path / "one", tmp_path_factory.getbasetemp() / "keys", few)
    facts = reporting.facts(space, "all")
    assert facts["coverage"]["customers"] is None
    assert all(row["n"] is None for row in facts["faces"]["matches"])
    reporting.report(space, "all", tmp_path / "one.html")


def test_unknown_report_and_unwritable_file(small, tmp_path):
    with pytest.raises(InputError, match="no report 'sales'"):
        reporting.facts(small, "sales")
    with pytest.raises(InputError, match="cannot be written"):
        reporting.report(small, "experiment", tmp_path / "no" / "such" / "folder.html")
    assert list(tmp_path.iterdir()) == []


def test_book_keeps_paths_and_plain_values():
    book = Book(3)
    book.rows("a.rows", [{"name": "x", "n": 5}, {"name": "y", "n": 9}], ["n"])
    book.put("a.rows.1.name", "z")
    book.put("when", __import__("datetime").date(2025, 1, 2))
    book.order("a.rows", "n", "name")
    facts = book.finish()
    assert [row["name"] for row in facts["a"]["rows"]] == ["z", "x"]
    assert facts["when"] == "2025-01-02"
    assert plain(float("nan")) is None and plain(float("inf")) is None and plain(1 / 3) == 0.333333
    assert look_up(facts, "a.rows.7.name") is None and look_up(facts, "a.b.c") is None


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1234567, "count", "1,234,567"),
        (0.1234, "share", "12.3 %"),
        (-0.0123, "points", "−1.23 pp"),
        (1.7, "ratio", "×1.70"),
        (-1234.5, "money", "−1,234.50"),
        (0.00123, "number", "0.00123"),
        (0.5, "maybe_money", "0.50"),
        ("x", "text", "x"),
    ],
)
def test_numbers_are_spelled(value, form, text):
    assert spell(value, form) == text


def test_shares_that_were_moved_stay_shares_and_intervals_intervals():
    """Among few people the noise is wide: 120 % of calls and an interval from 80 % to 60 % were published."""
    seen = set()
    for i in range(60):
        book = Book(15, Noise(b"secret", str(i).encode(), 15))
        for name, value in {"low": 0.4, "mean": 0.6, "high": 0.8}.items():
            book.figure(f"a.{name}", value, 1 / 20)
        book.within("a.low", "a.mean", "a.high")
        moved = book.finish()["a"]
        assert 0 <= moved["low"] <= moved["mean"] <= moved["high"] <= 1
        seen.add(tuple(moved.values()))
    assert len(seen) > 10


def test_why_some_get_no_offer_is_counted_by_kind_and_said_in_words():
    """Every kind has words of its own, and they are those of the stage where it has no figures in them."""
    assert set(offers_figures.REASONS) == set(TABLES["choices"].column("kind").words) - {policy.OFFERED}
    assert len(set(offers_figures.REASONS.values())) == len(offers_figures.REASONS)
    book = Book(15)
    by = pl.DataFrame({"segment_by": ["", "residence", "age_band"], "segment": ["", "x", "18-24"]})
    choices = by.join(pl.DataFrame({"offer_id": ["", "a"], "n": [130, 20]}), how="cross")
    reasons = pl.DataFrame({"kind": ["no_model", "minor", None], "n": [70, 40, 20]})
    offers_figures.given(book, choices, reasons)
    assert book.get("offers.reasons") == [
        {"reason": "no offer has a model", "n": 70}, {"reason": "under 18", "n": 40}, {"reason": "not known", "n": 20},
    ]  # fmt: skip


def test_what_an_erasure_took_is_no_public_figure(tmp_path):
    space = workspace.create(tmp_path / "w")
    (tmp_path / "people.csv").write_text("customer_id,age\n" + "".join(f"c{i:03d},40\n" for i in range(80)))
    with space.writing("import") as store:
        import_table(
            store,
            "customers",
            tmp_path / "people.csv",
            faces_folder=space.faces,
            config=space.config,
            key=space.key(),
        )
    erase.erase(space, ["c001", "c002"])
    targets = {
        internal: [
            row["target"] for row in reporting.facts(space, "influence", internal=internal)["coverage"]["sources"]
        ]
        for internal in (False, True)
    }
    assert targets == {False: ["customers"], True: ["customers", "erasure"]}
