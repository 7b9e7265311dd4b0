"""A campaign in one screen: what it is worth, whom it reaches, what experiments say, how the data are, what to do next.

Sentences made of the figures of the other reports, so nothing stands here that is withheld there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.figures import MINUS, difference

HEADINGS = {
    "money": "What it is worth", "reach": "Whom it reaches", "experiments": "What experiments say",
    "data": "How the data are", "next": "What to do next",
}  # fmt: skip
_MODES = {
    "internal": "Internal: exact figures. Do not pass on.",
    "public": "May be passed on: counts are rounded, so that sums need not add up, and small ones are withheld.",
}
_STEPS = 3  # of what to do next
_WITHHELD = "withheld"


def summary(facts: Mapping[str, Any], *, warnings: Sequence[str], steps: Sequence[str]) -> dict[str, list[str]]:
    """The sentences of each part of `HEADINGS`.

    Args:
        facts: finished facts of report `all`.
        warnings: what looks wrong in the data, with its remedy (`engine.sources.health`).
        steps: what to do next.
    """
    return {
        "money": list(_money(facts["offers"])) or [_lacking(facts)],
        "reach": list(_reach(facts)),
        "experiments": [line for trial in facts["experiments"] for line in _trial(trial)]
        or ["There is none yet: `kindred experiment design NAME` plans one."],
        "data": list(_data(facts, warnings)),
        "next": list(steps[:_STEPS]),
    }


def markdown(found: Mapping[str, Sequence[str]], *, workspace: str, as_of: str | None, mode: str) -> str:
    """The summary as a page of Markdown, for mail and chat.

    Args:
        found: of `summary`.
        workspace: its name.
        as_of: the first day that does not count, ISO; None = nothing was computed.
        mode: public or internal.
    """
    lines = [f"# {workspace}{f', {as_of}' if as_of else ''}", ""]
    lines += [_MODES[mode], ""]
    for name, heading in HEADINGS.items():
        lines += [f"## {heading}", "", *(f"- {text}" for text in found[name] or ["Nothing."]), ""]
    return "\n".join(lines)


def _money(offers: Mapping[str, Any]) -> Iterator[str]:
    measured = {row["policy"]: row for row in offers.get("measured") or ()}
    if own := measured.get("personalised"):
        yield (
            f"Measured in past campaigns, personalised offers are worth {_span(own)} a customer above offering nothing."
        )
    if beats := offers.get("beats"):
        yield f"Against the best single policy ({beats['best']}): {_span(beats)} a customer, {verdict(beats)}."
    yield from (f"{text[:1].upper()}{text[1:]}." for text in offers.get("policy_said") or ())
    chosen, single = offers.get("chosen_value"), offers.get("best_single_value")
    if chosen is not None and single is not None:
        yield (
            f"By the models' own expectation this campaign's offers are worth {chosen:,.0f} in all, the best single "
            f"offer {single:,.0f}. That is no measurement."
        )


def _lacking(facts: Mapping[str, Any]) -> str:
    """Why nothing is said of money, and the command that mends it."""
    if not facts["offers"].get("list"):
        return "Not known: there are no offers. `kindred import offers FILE` brings them."
    if not facts["offers"].get("campaigns"):
        return "Not known: there are no past campaigns to learn from. `kindred import treatments FILE` brings them."
    if any("choices" in warning["text"] for warning in facts["warnings"]):
        return "Not computed yet, or out of date: `kindred run --until choices`."
    withheld = "Withheld, or these" if facts["mode"] == "public" else "These"
    return f"{withheld} past campaigns allow no measurement: `kindred report offers` says more."


def _reach(facts: Mapping[str, Any]) -> Iterator[str]:
    offers, faces = facts["offers"], facts["faces"]
    given = {row["offer_id"]: row["n"] for row in offers.get("given") or ()}
    without = given.pop("no offer", 0)
    if given:
        most = sorted(given.items(), key=lambda item: (-(item[1] or 0), item[0]))
        named = ", ".join(f"{name} {_count(n)}" for name, n in most)
        yield f"Customers by offer: {named}; none {_count(without)}; of {_count(offers.get('customers'))} customers."
    for arm in faces.get("arms") or ():
        name = arm["arm"].replace("_", " ")
        shown, everybody = _count(arm["matched"]), _count(arm["customers"])
        yield f"Customers with an offer who can be shown {name}: {shown} of {everybody}."
    if not given and not faces.get("arms"):
        yield "Nobody yet: no offers are chosen and no faces matched. `kindred run` does both."


def _trial(trial: Mapping[str, Any]) -> Iterator[str]:
    """One experiment, by the decisions that its report shows."""
    name = trial["name"]
    if not trial["effects"]:
        yield f"{name}: {trial['status']}, no outcome yet."
    for effect in trial["effects"] or ():
        pair = f"{name}: {effect['arm'].replace('_', ' ')} against {effect['versus'].replace('_', ' ')}"
        if effect["verdict"] == "broken":
            yield f"{pair}: do not use these results."
            continue
        span = [effect[end] for end in ("difference", "decided_low", "decided_high")]
        figures = "" if None in span else f", {difference(*span, percent=trial['plan']['kind'] == 'any')}"
        yield f"{pair}: {effect['verdict']}{figures}."


def _data(facts: Mapping[str, Any], warnings: Sequence[str]) -> Iterator[str]:
    seen = facts["coverage"]
    if seen.get("first_day"):
        contacts = f"{_count(seen['calls'])} calls and {_count(seen['texts'])} texts"
        yield f"{contacts} from {seen['first_day']} to {seen['last_day']}, {_count(seen['customers'])} customers."
    stale = [warning["text"] for warning in facts["warnings"]]
    yield from stale
    yield from warnings
    if not stale and not warnings:
        yield "No check found anything wrong."


def verdict(line: Mapping[str, Any]) -> str:
    """What an interval (`low`, `high`) says of a difference."""
    low, high = line["low"], line["high"]
    if low is None or high is None:
        return _WITHHELD
    return "better" if low > 0 else "worse" if high < 0 else "not shown to differ"


def _span(line: Mapping[str, Any]) -> str:
    if None in (line["value"], line["low"], line["high"]):
        return _WITHHELD
    return f"{line['value']:+,.2f} ({line['low']:+,.2f} to {line['high']:+,.2f})".replace("-", MINUS)


def _count(number: int | None) -> str:
    return _WITHHELD if number is None else f"{number:,}"
