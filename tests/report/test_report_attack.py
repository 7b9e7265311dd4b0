"""An attacker with the published JSON: every sum that holds by meaning is written down here anew and solved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.report.book import look_up
from engine.usecases import reporting

K = 15


def equations(facts: dict) -> list[tuple[str, list[str]]]:
    """(total, parts) by path: what must add up, whoever wrote the report."""
    found = [("coverage.customers", ["influence.with_contact", "influence.without_contact"])]

    def every(path: str, column: str) -> list[str]:
        return [f"{path}.{i}.{column}" for i in range(len(look_up(facts, path) or []))]

    for path in ("health.degree", "health.strength", "certainty.margin"):
        if look_up(facts, path):
            found.append(("coverage.customers", every(path, "n")))
    found.append(("influence.contacts", every("top.concentration", "n")))
    found.append(("health.pairs", ["health.pairs_counted", *every("health.gates", "pairs")]))
    for i, row in enumerate(facts["communities"]["rows"]):
        base = f"communities.rows.{i}"
        found.append((f"{base}.customers", [f"{base}.mix.{j}" for j in range(len(row["mix"]))]))
        found.append((f"{base}.customers", [f"{base}.changed", f"{base}.unchanged"]))
    for i, row in enumerate(facts["certainty"]["agreement"]):
        base = f"certainty.agreement.{i}"
        found.append((f"{base}.customers", [f"{base}.same", f"{base}.different"]))
        assert row["customers"] is None or row["customers"] <= facts["coverage"]["customers"] - K
    for f, row in enumerate(facts["quadrants"]["rows"]):
        found.append(
            (f"quadrants.rows.{f}.customers", [f"quadrants.rows.{f}.cells.{j}" for j in range(len(row["cells"]))])
        )
    for j in range(len(facts["quadrants"]["bands"])):
        found.append((f"quadrants.bands.{j}.customers", [f"quadrants.rows.{f}.cells.{j}" for f in range(4)]))
    found.append(("quadrants.customers", every("quadrants.rows", "customers")))
    found.append(("quadrants.customers", every("quadrants.bands", "customers")))

    makers = facts["loyalty"]["manufacturers"]
    for i in range(len(makers)):
        found.append((f"loyalty.flows.{i}.n", [f"loyalty.flows.{i}.to.{j}" for j in range(len(makers))]))
        found.append((f"loyalty.arrivals.{i}.n", [f"loyalty.flows.{j}.to.{i}" for j in range(len(makers))]))
    found.append(("loyalty.changes", every("loyalty.flows", "n")))
    found.append(("loyalty.changes", every("loyalty.arrivals", "n")))
    for i, row in enumerate(facts["loyalty"]["rows"]):
        j = makers.index(row["manufacturer"])
        base = f"loyalty.rows.{i}"
        found += [
            (f"{base}.n", [f"loyalty.flows.{j}.n"]),
            (f"{base}.retained", [f"loyalty.flows.{j}.to.{j}"]),
            (f"{base}.n", [f"{base}.retained", f"{base}.left"]),
        ]
    for by, rows in facts["loyalty"]["segments"].items():
        for i in range(len(rows)):
            base = f"loyalty.segments.{by}.{i}"
            found.append((f"{base}.n", [f"{base}.retained", f"{base}.left"]))
        # Gender is known of everybody, so its segments add up to the whole.
        if by == "gender":
            for i, whole in enumerate(facts["loyalty"]["rows"]):
                mine = [j for j, row in enumerate(rows) if row["manufacturer"] == whole["manufacturer"]]
                for name in ("n", "retained", "left"):
                    found.append((f"loyalty.rows.{i}.{name}", [f"loyalty.segments.{by}.{j}.{name}" for j in mine]))

    found.append(("offers.customers", every("offers.given", "n")))
    last = f"offers.budget.{len(facts['offers']['budget']) - 1}.offers"
    found.append((last, every("offers.given", "n")[:-1]))
    found.append((f"offers.given.{len(facts['offers']['given']) - 1}.n", every("offers.reasons", "n")))
    for by in ("by_residence", "by_age_band"):
        rows = facts["offers"][by]
        for i, row in enumerate(rows):
            parts = [f"offers.{by}.{i}.cells.{j}" for j in range(len(row["cells"]))]
            found.append((f"offers.{by}.{i}.customers", parts))
        for j in range(len(facts["offers"]["given"])):
            found.append((f"offers.given.{j}.n", [f"offers.{by}.{i}.cells.{j}" for i in range(len(rows))]))
        found.append(("offers.customers", every(f"offers.{by}", "customers")))
    for i in range(len(facts["offers"]["campaigns"])):
        base = f"offers.campaigns.{i}"
        found.append((f"{base}.customers", [f"{base}.accepted", f"{base}.refused"]))

    found.append(("faces.photos_in", every("faces.photos", "photos")))
    for j, row in enumerate(facts["faces"]["arms"]):
        mine = [i for i, m in enumerate(facts["faces"]["matches"]) if m["arm"] == row["arm"]]
        found.append((f"faces.arms.{j}.customers", [f"faces.matches.{i}.n" for i in mine]))
        good = [f"faces.matches.{i}.n" for i in mine if facts["faces"]["matches"][i]["status"] == "matched"]
        found.append((f"faces.arms.{j}.matched", good))
        bins = [i for i, p in enumerate(facts["faces"]["percentiles"]) if p["arm"] == row["arm"]]
        found.append((f"faces.arms.{j}.matched", [f"faces.percentiles.{i}.n" for i in bins]))
        for by in ("gender", "age"):
            groups = [
                i for i, g in enumerate(facts["faces"]["groups"]) if (g["group_by"], g["arm"]) == (by, row["arm"])
            ]
            for name in ("customers", "matched"):
                found.append((f"faces.arms.{j}.{name}", [f"faces.groups.{i}.{name}" for i in groups]))
    for i, x in enumerate(facts["experiments"]):
        found.append(("coverage.customers", [f"experiments.{i}.funnel.0.left"]))
        found.append(
            (f"experiments.{i}.customers", [f"experiments.{i}.arms.{j}.customers" for j in range(len(x["arms"]))])
        )
    for i in range(len(facts["faces"]["groups"])):
        base = f"faces.groups.{i}"
        found.append((f"{base}.customers", [f"{base}.matched", f"{base}.unmatched"]))
    for i, row in enumerate(facts["experiment"]["arms"]):
        j = next(j for j, arm in enumerate(facts["faces"]["arms"]) if arm["arm"] == row["arm"])
        found.append((f"experiment.arms.{i}.matched", [f"faces.arms.{j}.matched"]))
    return [(total, parts) for total, parts in found if parts]


def narrowed(facts: dict) -> dict[str, tuple[float, float]]:
    """Withheld counts that the attacker gets to a range narrower than K: path -> range."""
    return narrowed_lines(equations(facts), lambda path: look_up(facts, path))


def narrowed_lines(
    lines: list[tuple[str, list[str]]], known: Callable[[str], float | None]
) -> dict[str, tuple[float, float]]:
    """The same for any sums; known(path): the count that is shown, None = withheld."""
    unknown = sorted({p for total, parts in lines for p in (total, *parts) if known(p) is None})
    column = {path: i for i, path in enumerate(unknown)}
    matrix, constant = np.zeros((len(lines), len(unknown))), np.zeros(len(lines))
    for i, (total, parts) in enumerate(lines):
        for path, sign in [(total, -1.0), *((p, 1.0) for p in parts)]:
            if path in column:
                matrix[i, column[path]] += sign
            else:
                constant[i] -= sign * known(path)
    used = np.abs(matrix).sum(axis=1) > 0
    assert np.allclose(constant[~used], 0), "published sums do not add up"
    caught = {}
    for path, i in column.items():
        goal = np.zeros(len(unknown))
        goal[i] = 1
        ends = [linprog(sign * goal, A_eq=matrix[used], b_eq=constant[used], bounds=(0, None)) for sign in (1, -1)]
        low = ends[0].fun
        high = np.inf if ends[1].status == 3 else -ends[1].fun
        if high - low < K - 1e-6 and low < K:  # many may be known
            caught[path] = (low, high)
    return caught


@pytest.fixture(scope="module")
def published(unmoved):
    return unmoved("all")


def test_no_published_count_is_small(published):
    for total, parts in equations(published):
        for path in (total, *parts):
            value = look_up(published, path)
            assert value is None or value >= K, path


def test_differencing_the_published_tables_gives_nothing_away(published):
    assert narrowed(published) == {}


def test_a_short_file_does_not_say_how_few_opted_out(small, tmp_path, tmp_path_factory):
    from tests_report_town import make, tables

    rows = {name: tables()[name] for name in ("sources", "parties")}
    file = {**rows["sources"][0], "source_id": "s2", "target": "optouts", "rows_in": 2, "rows_kept": 2}
    rows["sources"].append({**file, "rows_duplicate": 0, "rows_rejected": 0})
    space = make(tmp_path / "few", tmp_path_factory.getbasetemp() / "keys", rows)
    facts = reporting.facts(space, "influence")
    line = next(row for row in facts["coverage"]["sources"] if row["target"] == "optouts")
    assert [line[c] for c in ("rows_in", "rows_kept", "rows_duplicate", "rows_rejected")] == [None] * 4
    assert facts["coverage"]["opted_out"] is None
    assert all("rows_in" not in row for row in facts["method"]["inputs"])


def test_the_attack_succeeds_where_only_small_counts_are_withheld(small, unmoved):
    """The same attack on the same figures without complementary suppression: it must find people."""
    loose = dataclasses.replace(small.config, report=dataclasses.replace(small.config.report, min_cell=2))
    facts = unmoved("all", dataclasses.replace(small, config=loose))
    for total, parts in equations_safe(facts):
        for path in (total, *parts):
            value = look_up(facts, path)
            if value is not None and value < K:
                hide(facts, path)
    caught = narrowed_safe(facts)
    assert any(low == high for low, high in caught.values())
    assert len(caught) > 5


def equations_safe(facts: dict) -> list[tuple[str, list[str]]]:
    """Without the check of the agreement table, which complementary suppression guards."""
    agreement, facts["certainty"]["agreement"] = facts["certainty"]["agreement"], []
    try:
        return equations(facts)
    finally:
        facts["certainty"]["agreement"] = agreement


def narrowed_safe(facts: dict) -> dict[str, tuple[float, float]]:
    return narrowed({**facts, "certainty": {**facts["certainty"], "agreement": []}})


def hide(facts: dict, path: str) -> None:
    *folders, name = path.split(".")
    place = look_up(facts, ".".join(folders))
    place[int(name) if isinstance(place, list) else name] = None


def test_rates_go_with_the_counts_that_tell_them(published):
    rows = [*published["loyalty"]["rows"], *(r for s in published["loyalty"]["segments"].values() for r in s)]
    hidden = [row for row in rows if None in (row["n"], row["retained"], row["left"])]
    assert hidden
    for row in hidden:
        assert all(
            row[name] is None for name in ("retention", "low", "high", "lift", "lift_low", "lift_high", "log_odds")
        )
    for row in published["communities"]["rows"]:
        assert (row["changed_share"] is None) == (row["changed"] is None or row["customers"] is None)
