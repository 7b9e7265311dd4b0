"""The screen that report `all` opens with: which figures of the chapters stand on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.report.offers_figures import NONE
from engine.report.summary import HEADINGS, verdict

OFFERS = 4  # that are listed; the page is one screen
SENTENCES = 3  # of a part


def opening(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the templates ask for: paths of figures, nothing computed anew.

    Args:
        facts: of report `all`.

    Returns:
        worth: path of the row that says what personalised offers are worth, None where it was not measured;
        worth_verdict: of it against no offers; verdict: against the best single policy; given: paths of the largest
        offers and of those who get none; further: how many offers are not listed; shown: paths of the faces; headings;
        sentences: at most so many.
    """
    offers = facts["offers"]
    policies = [row["policy"] for row in offers.get("measured") or ()]
    own = offers["measured"][policies.index("personalised")] if "personalised" in policies else None
    given = list(enumerate(offers.get("given") or ()))
    made = sorted((e for e in given if e[1]["offer_id"] != NONE), key=lambda e: (-(e[1]["n"] or 0), e[1]["offer_id"]))
    none = [entry for entry in given if entry[1]["offer_id"] == NONE]
    return {
        "worth": f"offers.measured.{policies.index('personalised')}" if own else None,
        "worth_verdict": verdict(own) if own else None,
        "verdict": verdict(offers["beats"]) if offers.get("beats") else None,
        "given": [f"offers.given.{i}" for i, _ in (*made[:OFFERS], *none)],
        "further": max(0, len(made) - OFFERS),
        "shown": [f"faces.arms.{i}" for i in range(len(facts["faces"].get("arms") or ()))],
        "headings": HEADINGS,
        "sentences": SENTENCES,
    }
