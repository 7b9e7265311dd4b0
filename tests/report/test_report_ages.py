"""An age told and a birth date that gives it on that day are the same thing to every figure."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
from tests_report_town import AS_OF, make, tables

from engine.handsets import loyalty_public, loyalty_report
from engine.offers import owning
from engine.pipeline import handsets
from engine.trust import ages, noise
from engine.usecases import experiment_analysis, experiment_design, reporting

TODAY = date(2025, 3, 2)
BIRTHDAYS = ((1, 1), (2, 28), (3, 1))  # before or on the day of everything that is looked at


def born(rows: list[dict]) -> list[dict]:
    """The same customers, whose birth dates tell their ages."""
    found = []
    for i, row in enumerate(rows):
        birthday = None if row["age"] is None else date(AS_OF.year - row["age"], *BIRTHDAYS[i % len(BIRTHDAYS)])
        found.append(row | {"age": None, "birth_date": birthday})
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The town with ages told, and with birth dates."""
    base, rows = tmp_path_factory.getbasetemp() / "keys", tables()
    told = {"run__today": TODAY.isoformat(), "report__resamples": 20}
    spaces = []
    for name, customers in (("told", rows["customers"]), ("born", born(rows["customers"]))):
        folder = tmp_path_factory.mktemp(name) / "town"
        spaces.append(make(folder, base, rows | {"customers": customers}, **told))
    return spaces


def test_reports_read_the_same_ages(both):
    one, other = (reporting.facts(space, "all", internal=True) for space in both)
    assert one == other
    bands = {row["segment"] for row in one["offers"]["by_age_band"]}
    assert {"18-24", "25-34", "65+", "not known"} <= bands
    assert {row["group"] for row in one["faces"]["groups"] if row["group_by"] == "age"} >= {"under 25", "25-44"}


def test_loyalty_reads_the_same_ages(both):
    found = []
    for space in both:
        with space.warehouse(read_only=True) as store:
            customers, spells = handsets.described(store, space.config), store.read("handsets")
            table = store.read("loyalty")
        assert "birth_date" not in customers.columns
        told = loyalty_report.report(spells, customers, by=["age_band"], effects=owning.effects)
        public = loyalty_public.public(told, spells, customers, noise.Noise(b"s" * 32, b"c", 5))
        found.append([table, told.rows, told.effects, public.rows])
    for a, b in zip(*found, strict=True):
        assert a.equals(b)
    assert found[0][0].filter(pl.col("segment_by") == "age_band")["segment"].n_unique() > 3


def test_experiments_read_the_same_ages(both):
    found = []
    for space in both:
        lines = experiment_analysis.analyse(space, "spring", by=["age_band"], covariate="age")
        with space.warehouse(read_only=True) as store:
            whom = store.query("experiment/assigned", experiment_id="spring")
            strata = experiment_design.strata(space, store, whom, ["age_band"], AS_OF)
        found.append((lines, strata["age_band"].to_list()))
    assert found[0] == found[1]
    assert set(found[0][1]) >= {"under 30", "30 to 44", "60 and over"}


def test_ages_of_an_experiment_are_of_its_first_day(both):
    _, space = both
    with space.warehouse(read_only=True) as store:
        whom = store.query("experiment/assigned", experiment_id="spring")
        assert whom["assigned_at"].min() == datetime(2025, 3, 1)
        later = experiment_design.strata(space, store, whom, ["age_band"], date(2065, 3, 1))
    assert set(later["age_band"].drop_nulls()) <= {"45 to 59", "60 and over", "unknown"}


def test_of_both_the_younger_age_counts_on_the_day(both):
    _, space = both
    with space.warehouse(read_only=True) as store:
        on, before = (ages.aged(store, day).sort("customer_id") for day in (AS_OF, date(2025, 2, 27)))
        assert on["age"].null_count() == before["age"].null_count() > 0
        assert set((on["age"] - before["age"]).drop_nulls()) == {0, 1}
