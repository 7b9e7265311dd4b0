"""Figures in words: looked up by their path in nested facts, and spelled as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MINUS = "−"
WITHHELD = "withheld"
# Codes whose words say more than the code does.
NAMES = {
    "tie_reach": "tie and reach",
    "strongest": "strongest tie",
    "auto": "auto (learned or strongest)",
    "learned": "learned from acts",
    "outgoing": "whom one calls",
    "embedded": "tie with common contacts",
    "exposure": "all contacts by tie share",
    "ppr": "personalised PageRank",
    "lead": "handset lead",
    "random": "a random contact",
    # Why a tie does not count.
    "hub": "one end is a hub",
    "one_way": "contact one way only",
    "few_days": "too few days with contact",
    "same_handset": "both used the same handset",
    "same_person": "both are one person's numbers",
    # What a policy of faces knows of a photo.
    "own_same_person": "the own face's photo may show the customer",
    "contact_same_person": "the influencer's face's photo may show the influencer",
    "logs": "call records",
    "optouts": "opt-outs",
    "inventory": "photos of models",
}


def look_up(facts: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of nested dicts and lists, None where any step is missing."""
    place: Any = facts
    for step in path.split("."):
        if isinstance(place, list):
            place = place[int(step)] if step.isdigit() and int(step) < len(place) else None
        elif isinstance(place, Mapping):
            place = place.get(step)
        else:
            return None
    return place


def word(code: Any) -> str:
    """A code as people read it: "own_face" -> "own face"."""
    return NAMES.get(str(code)) or str(code).replace("_", " ")


def spell(value: Any, form: str) -> str:
    """A figure as people read it.

    Args:
        value: the figure.
        form: count (1,234), share (12.3 %), share0 (12 %), points (+1.20 pp), pp (+1.20), ratio (×1.70), money,
            number (three significant digits), signed, p, or text; what begins with maybe_ may be missing without
            being withheld.
    """
    if not isinstance(value, (int, float)):
        return str(value)
    return _FORMS.get(form.removeprefix("maybe_"), "{:,}".format)(value).replace("-", MINUS)


_FORMS: dict[str, Callable[[float], str]] = {
    "share": lambda value: f"{100 * value:.1f} %",
    "share0": lambda value: f"{100 * value:.0f} %",
    "points": lambda value: f"{100 * value:+.2f} pp",
    "pp": lambda value: f"{100 * value:+.2f}",
    "ratio": "×{:.2f}".format,
    "money": "{:,.2f}".format,
    "number": lambda value: f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}",
    "p": lambda value: "< 0.001" if value < 0.001 else f"{value:.2g}",
    "signed": "{:+.3g}".format,
}


def difference(value: float, low: float, high: float, *, percent: bool) -> str:
    """A difference with its interval, as plain text: "+28.95 pp (-22.59 to +80.49)".

    Args:
        value: the difference.
        low: lower end of its interval.
        high: upper end.
        percent: of shares, said in percentage points.
    """
    first, *ends = (f"{100 * number:+.2f}" if percent else f"{number:+.4g}" for number in (value, low, high))
    return f"{first}{' pp' if percent else ''} ({ends[0]} to {ends[1]})"
