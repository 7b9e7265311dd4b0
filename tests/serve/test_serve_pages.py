"""What pages show in internal mode: the figures of the reports, cut as a filter of the tables says; names stay text."""

from __future__ import annotations

import csv
import io
import json
import re
from urllib.parse import urlencode

import polars as pl
import pytest

import engine
from engine.usecases import judging, reporting
from tests.serve.conftest import COLUMN, PAGES, decided, written_by_looking

ODD = 'c<img src=x onerror="alert(1)">'


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_figures_are_those_of_the_report(internal, town):
    facts = reporting.facts(town, "all", internal=True)
    given = rows(internal.page("table.csv?page=offers&table=offers.given").text)
    assert [(row["offer_id"], int(row["n"])) for row in given] == [
        (row["offer_id"], row["n"]) for row in facts["offers"]["given"]
    ]
    shown = dict(re.findall(r'<data value="([^"]*)" data-fact="([^"]*)"', internal.page("influence").text))
    for value, path in shown.items():
        assert value == _told(facts, path), path


def _told(facts, path):
    from html import escape

    from engine.figures import look_up

    return escape(json.dumps(look_up(facts, path)))


@pytest.mark.parametrize(
    ("column", "word"), [("own.residence", "Győr"), ("own.gender", "woman"), ("age_band", "25-34")]
)
def test_a_segment_counts_as_a_filter_of_the_tables_does(internal, town, column, word):
    with town.warehouse(read_only=True) as store:
        people, choices = store.read("customers"), store.read("choices")
        named = store.read("influencers").filter(
            (pl.col("definition") == town.config.graph.definition) & (pl.col("rank") == 1)
        )
    chosen = people.filter(
        pl.col("age").is_between(25, 34) if column == "age_band" else pl.col(column.removeprefix("own.")) == word
    )
    mine = choices.join(chosen, on="customer_id", how="semi")
    expected = dict(mine.with_columns(pl.col("offer_id").fill_null("no offer")).group_by("offer_id").len().iter_rows())
    told = rows(internal.page("table.csv?" + urlencode({"page": "offers", "table": "offers.given", column: word})).text)
    assert {row["offer_id"]: int(row["n"]) for row in told} == expected
    page = internal.page("influence?" + urlencode({column: word})).text
    with_contact = named.join(chosen, on="customer_id", how="semi").height
    assert f'<data value="{with_contact}" data-fact="influence.with_contact">' in page
    assert f'data-fact="coverage.customers">{chosen.height}</data>' in page
    assert 'data-fact="certainty' not in page  # what is told of everybody only
    assert f"{chosen.height} customers" in internal.page("customers?" + urlencode({column: word})).text


def test_an_experiments_arm_cuts_every_page(internal, town):
    with town.warehouse(read_only=True) as store:
        drawn = store.read("assignments").group_by("experiment_id", "arm").len().sort("experiment_id", "arm")
        gets = store.read("choices").join(store.read("assignments"), on="customer_id")
    trial, arm, n = drawn.row(0)
    asked = urlencode({f"in.{trial}": arm})
    assert (
        f"<strong>Segment:</strong> arm in {trial} is {arm.replace('_', ' ')}" in internal.page(f"offers?{asked}").text
    )
    assert f"{n} customers" in internal.page(f"customers?{asked}").text
    listed = rows(internal.page(f"customers.csv?{asked}").text)
    assert {row[f"in.{trial}"] for row in listed} == {arm}
    for path in ("", "influence", "faces", "experiments"):
        assert f"{path or './'}?{asked}".replace("&", "&amp;") in internal.page(f"offers?{asked}").text, path
    told = rows(internal.page(f"table.csv?page=offers&table=offers.given&{asked}").text)
    mine = gets.filter((pl.col("experiment_id") == trial) & (pl.col("arm") == arm))
    assert sum(int(row["n"]) for row in told) == mine.height
    assert internal.ask("offers?in.nothing=own_face").status == 400
    assert internal.ask(f"offers?in.{trial}=nobody").status == 400


def test_the_list_holds_what_the_tables_say(internal, town):
    with town.warehouse(read_only=True) as store:
        tables = {name: store.read(name) for name in ("parties", "nodes", "handsets", "influencers", "choices")}
        residence = store.read("customers").select("customer_id", "residence")
    last = tables["handsets"].sort("spell").group_by("customer_id").agg(pl.col("manufacturer").last())
    first = tables["influencers"].filter(
        (pl.col("definition") == town.config.graph.definition) & (pl.col("rank") == 1)
    ).select("customer_id", "contact_id")  # fmt: skip
    expected = tables["parties"].filter("is_customer").select(pl.col("party_id").alias("customer_id"), "node")
    expected = expected.join(tables["nodes"].select("node", "community"), on="node", how="left").drop("node")
    for more in (last, first, tables["choices"].select("customer_id", "offer_id"), residence):
        expected = expected.join(more, on="customer_id", how="left")
    told = pl.DataFrame(rows(internal.page("customers.csv").text)).rename({"own.residence": "residence"})
    told = told.select(expected.columns).with_columns(pl.col(pl.String).replace("", None))
    assert told.equals(expected.sort("customer_id").with_columns(pl.col("community").cast(pl.String)))


def test_a_customer_is_found_and_explained(internal):
    found = internal.ask("customers?q=c0013")
    assert (found.status, found.headers["location"]) == (303, "customer?id=c0013")
    text = internal.page("customer?id=c0013").text
    assert "Contacts in the window" in text
    assert internal.ask("customer?id=nobody").status == 400
    assert "c0013" in internal.page("customers?q=c001").text
    assert "c0203" not in internal.page("customers?q=c001").text


def test_faces_asked_about_are_those_of_who_may_be_shown(internal, town):
    text = internal.page("judge").text
    asked = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    with town.warehouse(read_only=True) as store:
        photos, models = (set(store.read(t)[c]) for t, c in (("photos", "sha256"), ("inventory", "photo_id")))
        allowed = set(judging.questions(town, store, count=5).faces)
    assert {name[1:] for line in asked["questions"] for name in line[:1]} <= photos
    assert {name[1:] for line in asked["questions"] for name in line[1:]} <= models
    picture = internal.page(asked["faces"][asked["questions"][0][0]])
    assert (picture.headers["content-type"], picture.body[:2]) == ("image/jpeg", b"\xff\xd8")
    barred = next(sha for sha in sorted(photos) if "s" + sha not in allowed)
    for name in ("s" + barred, "s../kindred.toml", "mnobody", ""):
        assert internal.ask("face?" + urlencode({"name": name})).status == 400, name


def test_the_list_sorts_and_turns_pages(internal):
    def ids(path: str) -> list[str]:
        return re.findall(r'customer\?id=(c\d+)">', internal.page(path).text)[::1]

    first = rows(internal.page("customers.csv").text)
    assert len(first) == 400
    by_value = rows(internal.page("customers.csv?sort=expected_value&down=1").text)
    values = [float(row["expected_value"]) for row in by_value if row["expected_value"]]
    assert values == sorted(values, reverse=True)
    assert len(values) > 100
    assert ids("customers?page=2")[0] not in ids("customers?page=1")
    assert internal.ask("customers?page=0").status == 400


def test_a_workbook_holds_the_same_rows(internal):
    told = internal.page("table.xlsx?page=offers&table=offers.given")
    assert told.headers["content-disposition"] == 'attachment; filename="internal-offers-given.xlsx"'
    book = pl.read_excel(io.BytesIO(told.body))
    plain = rows(internal.page("table.csv?page=offers&table=offers.given").text)
    assert book["n"].to_list() == [int(row["n"]) for row in plain]


def test_a_graph_has_known_looks_and_its_ties_are_a_file(internal):
    for path in ("community?id=1", "customer?id=c0013"):
        assert internal.page(path + "&colour=community&size=degree").status == 200
        assert internal.ask(path + "&colour=<script>".replace("<", "%3C")).status == 400
    told = rows(internal.page("table.csv?page=community&table=graph.ties&id=1").text)
    assert internal.page("community?id=1").text.count("<line ") == len(told) > 0


@pytest.fixture(scope="module")
def changed(town) -> dict[str, set[str]]:
    """Who has another offer or face, by the lines of the two runs."""
    with town.warehouse(read_only=True) as store:
        ids = store.read("customers")["customer_id"].to_list()
    lines: dict[str, list[dict]] = {}
    for row in decided(ids):
        lines.setdefault(row["customer_id"], []).append(row)
    two = {name: told for name, told in lines.items() if len(told) == 2}
    return {
        "offer": {name for name, (was, now) in two.items() if was["offer_id"] != now["offer_id"]},
        "face": {name for name, (was, now) in two.items() if was["arm"] != now["arm"]},
    }


def test_counts_are_those_of_diff_and_of_a_loop(internal, town, changed):
    text = internal.page("runs?before=1&after=2").text
    told = dict(re.findall(r'Another (\w+)</dt><dd><data value="(\d+)"', text))
    assert told == {
        "influencer": "0",
        "offer": str(len(changed["offer"])),
        "face": str(len(changed["face"])),
        "ad": "0",
    }
    counts = engine.diff(town, 1, 2).counts
    assert told == {kind: str(n) for kind, n in counts.select("kind", "changed").iter_rows()}
    assert internal.page("runs").text.count(" selected") == 2  # the last two, where none is named
    assert "Computed anew between them: choices." in text


def test_who_changed_is_a_table_and_a_file(internal, changed):
    told = rows(internal.page("table.csv?page=runs&table=compared.offer&before=1&after=2").text)
    assert {row["customer_id"] for row in told} == changed["offer"]
    assert {(row["before"], row["after"]) for row in told} == {("apple", "samsung")}


@pytest.mark.parametrize("asked", ["before=1&after=1", "before=9", "before=x", "after=-1", "before=%3Cscript%3E"])
def test_runs_that_are_not_kept_are_refused(internal, asked):
    answer = internal.page(f"runs?{asked}")
    assert answer.status == 400
    assert "<script>" not in answer.text


def test_each_page_opens(internal):
    for path in PAGES:
        page = internal.page(path)
        assert page.status == 200, path
        assert 'aria-current="page"' in page.text, path


def test_pictures_come_by_themselves(internal):
    page = internal.page("offers").text
    address = re.search(r'data-chart="([^"]+)"', page)[1].replace("&amp;", "&")
    assert internal.page(address).text.startswith("<svg")
    assert internal.ask("chart?page=offers&name=nothing").status == 400


@pytest.mark.parametrize(
    "path",
    [
        "static/../../kindred.toml", "static/%2e%2e/%2e%2e/kindred.toml", "static/..%2fapp.py", "../kindred.toml",
        "static//etc/passwd", "static/%00", "ad?id=../../kindred.toml&arm=own_face", "static/desk.js/../../x",
        "table.py?page=offers&table=offers.given", "customers.%2e%2e", "chart?page=../data&name=x",
    ],
)  # fmt: skip
def test_no_path_leads_out(internal, path):
    answer = internal.ask(path)
    assert answer.status in (400, 404), path
    assert b"[ids]" not in answer.body
    assert b"root:" not in answer.body


def test_pages_have_no_script_but_ours_and_names_stay_text(internal):
    for path in (*PAGES, "customer?id=c%3Cimg", "community?id=1"):
        text = internal.page(path).text
        assert "<img src=x" not in text, path
        assert "<script>" not in text, path
        assert 'onfocus="alert' not in text, path
        scripts = re.findall(r"<script([^>]*)>", text)
        assert all(re.fullmatch(r' src="static/[a-z.]+\.js" defer', told) for told in scripts), path  # ours, by address
        assert len(scripts) == (4 if path in ("customer?id=c%3Cimg", "community?id=1") else 2), path
    assert "&lt;img src=x" in internal.page("customers?down=1").text
    assert "x&#34; onfocus=&#34;alert(1)&#34;" in internal.page("customers").text


def test_a_hostile_column_cuts_and_names_nothing_else(internal):
    page = internal.page("customers?" + urlencode({"own." + COLUMN: "<b>bold</b>"}))
    assert page.status == 200
    assert "200 customers" in page.text
    assert "<b>bold" not in page.text
    for column in ('own.x"; DROP TABLE customers; --', "own.nothing", "own."):
        assert internal.ask("customers?" + urlencode({column: "1"})).status == 400
        assert internal.ask("customers?" + urlencode({"sort": column})).status == 400


def test_a_file_for_a_spreadsheet_runs_nothing(internal):
    text = internal.page("customers.csv").text
    assert "'=1+1" in text
    assert ",=1+1" not in text
    assert ODD.replace('"', '""') in text


def test_looking_writes_the_audit_log_alone(internal, town):
    assert written_by_looking(internal, town) == {"audit.jsonl", "audit.head"}


def test_the_audit_log_names_pages_and_nobody(internal, town):
    internal.page("customer?id=c0013")
    lines = (town.path / "audit.jsonl").read_text().splitlines()
    assert '"report": "customer"' in lines[-1] or '"report":"customer"' in lines[-1]
    assert "c0013" not in lines[-1]
