"""The page about the data itself: what came in, what it covers, how the tables match, and what looks wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.charts.data import data
from engine.report.book import plain
from engine.report.page import render
from engine.sources import health
from engine.sources.health import Check, Facts

_CONTENTS = (
    ("checks", "What looks wrong"),
    ("coverage", "What the records cover"),
    ("matches", "How the tables match"),
    ("campaigns", "Offers and past campaigns"),
    ("imports", "What came in"),
)


def figures(facts: Facts, checks: Sequence[Check], *, workspace: str) -> dict[str, Any]:
    """Everything the page and its JSON hold, as plain data.

    Args:
        facts: of all tables.
        checks: those to show, the worst first.
        workspace: its name.
    """
    people = facts.people
    among = (
        ("customers", people["customers"], people["customers_seen"]),
        ("photos", people["with_photo"], people["with_photo"] - people["photos_of_nobody"]),
        ("consents", people["with_consent"], people["with_consent"] - people["consents_of_nobody"]),
        ("treatments", people["treated"], people["treated"] - people["treated_unknown"]),
    )
    matches = [
        {"table": "customers with call records" if table == "customers" else table, "people": n, "customers": part,
         "share": part / n}
        for table, n, part in among if n
    ]  # fmt: skip
    found = {
        "report": "data",
        "mode": "internal",
        "workspace": workspace,
        "as_of": facts.records["last_day"],
        "warnings": [],
        "checks": [{name: value for name, value in vars(check).items() if name != "tables"} for check in checks],
        "checked": len(checks),
        "warned": sum(check.level == health.WARN for check in checks),
        "records": {**facts.records, "gaps": len(health.missing_days(facts.days))},
        "days": facts.days.to_dicts(),
        "matches": matches,
        "ages": facts.ages.to_dicts(),
        "offers": facts.offers.to_dicts(),
        "campaigns": facts.campaigns.to_dicts(),
        "sources": facts.sources.to_dicts(),
        "rejects": facts.rejects.to_dicts(),
    }
    return plain(found)


def page(found: dict[str, Any]) -> str:
    """The page of some figures."""
    return render("page.html", found, **parts(found), internal_why="counts are exact, also small ones")


def parts(found: dict[str, Any]) -> dict[str, Any]:
    """What the page of some figures is made of, see `engine.report.pages.parts`."""
    return {
        "title": "Is the data right?",
        "lead": "What was imported, what it covers, and what an analyst should look at before the first campaign.",
        "charts": data(found),
        "bodies": ["data.html"],
        "contents": _CONTENTS,
        "headings": dict(_CONTENTS),
    }
