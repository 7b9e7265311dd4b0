"""Stage `choices` on a small town: planted effects, nothing from after the campaign, and every way to have no data."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from engine import config
from engine.pipeline import choices, handsets, learned
from engine.tables import empty

QUICK = dataclasses.replace(config.Config(), offers=config.Offers(bases="logistic", bootstrap=20, to_owners=True))


def run(store, context, settings=QUICK, **more):
    handsets.run(context(store, settings, **more))
    choices.run(context(store, settings, **more))
    return store


def test_the_offer_that_persuades_is_chosen(town, context):
    store = run(town(), context)
    ages = store.read("customers").select("customer_id", "age")
    chosen = store.read("choices").join(ages, on="customer_id")
    adults = chosen.filter((pl.col("age") >= 18) & (pl.col("customer_id") != "c00003"))
    fits = pl.when(pl.col("age") < 45).then(pl.lit("apple")).otherwise(pl.lit("sam"))
    assert adults.filter(pl.col("offer_id") == fits).height > 0.75 * adults.height
    minors = chosen.filter(pl.col("age") < 18)
    assert minors.height and minors["offer_id"].null_count() == minors.height
    assert set(minors["reason"]) == {"under 18"}
    assert "c00003" not in chosen["customer_id"].to_list()
    assert store.count("uplift") == 2 * (store.count("customers") - 1)
    assert "c00003" not in store.read("features")["customer_id"].to_list()
    assert store.read("offer_metrics")["chosen"].sum() >= 2


def test_nothing_from_the_campaign_day_on_is_known(town, context):
    """The same town with and without a later that differs in everything: features of that day are the same."""
    day = date(2024, 2, 10)
    frames = []
    for extra in (0, 30):
        store = run(town(300, days=40, extra_days=extra), context)
        frames.append(store.read("features").filter(pl.col("as_of") == day))
        later = store.read("features").filter(pl.col("as_of") > day)
        assert (later.height > 0) is (extra > 0)
    assert frames[0].height == 299
    assert_frame_equal(*frames)


def test_a_planted_leak_is_caught(town, context, monkeypatch):
    """The check above sees features that look beyond the campaign's day: usage is made to look ten days ahead."""
    day = date(2024, 2, 10)
    real = choices.features.assemble

    def leaky(people, as_of, **parts):
        store = stores[-1]
        later = as_of + timedelta(days=10)
        ahead = store.query("offers/usage", since=date(2024, 1, 1), until=later, as_of=later)
        return real(people, as_of, **{**parts, "usage": ahead})

    monkeypatch.setattr(choices.features, "assemble", leaky)
    frames, stores = [], []
    for extra in (0, 30):
        stores.append(town(300, days=40, extra_days=extra))
        frames.append(run(stores[-1], context).read("features").filter(pl.col("as_of") == day))
    with pytest.raises(AssertionError):
        assert_frame_equal(*frames)


def test_what_is_stored_of_the_graph_stays(town, context):
    from engine.pipeline import edges

    store = town(120)
    edges.run(context(store, QUICK))
    before = {t: store.read(t) for t in ("edges", "hubs", "ties")}
    run(store, context)
    for table, frame in before.items():
        assert_frame_equal(frame, store.read(table))


def test_what_people_did_is_read_once_for_all_days(town, context):
    store = town(120, extra_days=30)
    mine = context(store, QUICK)
    did = choices.acts(mine)
    assert did.height > 100  # everybody changed handset after the campaign
    for day in (date(2024, 2, 10), date(2024, 3, 10)):
        then = dataclasses.replace(QUICK, graph=dataclasses.replace(QUICK.graph, as_of=day.isoformat()))
        assert_frame_equal(learned.before(did, then), learned.acts(store, then))
    asked = []
    store.temp = lambda name, *words, **more: asked.append(name) or type(store).temp(store, name, *words, **more)
    choices.run(mine)
    assert asked.count("handset_days") == asked.count("spells") == 1
    other = dataclasses.replace(QUICK, graph=dataclasses.replace(QUICK.graph, definition="strongest"))
    assert choices.acts(context(store, other)) is None


def test_the_same_input_gives_the_same_tables(town, context):
    first, again = (run(town(200), context, config.Config()) for _ in range(2))
    for table in ("features", "uplift", "offer_metrics", "choices", "handsets", "loyalty"):
        assert_frame_equal(first.read(table), again.read(table))


def test_consent_is_asked_where_consents_were_imported(town, context):
    store = town(120)
    store.write(
        "consents",
        pl.DataFrame({"customer_id": ["c00001"], "purpose": ["offers"], "granted_at": [datetime(2024, 1, 1)]}),
    )
    reasons = run(store, context).read("choices")
    assert (reasons["reason"] == "no consent to offers").sum() > 90
    assert reasons.filter(pl.col("customer_id") == "c00001")["reason"].item() != "no consent to offers"


@pytest.mark.parametrize(
    ("cleared", "words"),
    [
        (("treatments",), "there are no past campaigns"),
        (("offers",), "there are no offers"),
        (("events", "pair_days"), "points"),
        (("customers", "devices"), "age not known"),
    ],
)
def test_missing_tables_are_said_never_a_crash(town, context, cleared, words):
    store = town(400)
    for table in cleared:
        store.write(table, empty(table))
    chosen = run(store, context).read("choices")
    assert chosen.height == 399
    assert chosen["reason"].str.contains(words).sum() > 200


def test_an_empty_workspace(town, context):
    store = town(5)
    for table in ("treatments", "offers", "events", "pair_days", "customers", "parties", "devices"):
        store.write(table, empty(table))
    assert run(store, context).count("choices") == 0
