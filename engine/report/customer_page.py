"""One customer's whole chain, from events to ad, with the numbers that decided at each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.charts import network
from engine.charts.chart import Chart
from engine.figures import word
from engine.report.page import render, short_id

STEPS = (
    ("events", "Events"),
    ("ties", "Contacts"),
    ("influencers", "Most influential contacts"),
    ("handsets", "Handsets"),
    ("offers", "Offers"),
    ("consents", "Consents"),
    ("photos", "Photos"),
    ("matches", "Faces and ads"),
)


def sentence(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """The chain in words, one step a line; each says what is missing where it breaks.

    Args:
        facts: of `engine.usecases.explain.facts`, without `words`.
    """
    words = []
    if facts["customer"]["opted_out"]:
        words.append("Opted out: nothing is made for this person, nor with their likeness; only calls are kept.")
    counted = [row for row in facts["ties"] if row["gated_because"] is None]
    listed, ours = len(facts["ties"]), facts["customer"]["is_customer"]
    if not ours:
        words.append("No customer: known from call records alone, so nothing is offered to this person.")
    words.append(
        f"Contacts in the window: {facts['contacts']}; counted for influence: {facts['contacts_counted']}."
        if listed else "No contact in the window."
    )  # fmt: skip
    first = next((r for r in facts["influencers"] if r["definition"] == facts["definition"] and r["rank"] == 1), None)
    if first:
        words.append(
            f"Most influential by {word(first['definition'])}: {first['contact_id']}, who has "
            f"{100 * first['tie_share']:.1f} % of the tie strength and stands at percentile "
            f"{100 * first['centrality_pct']:.1f} of centrality; "
            f"margin over the second {100 * first['margin']:.0f} %."
        )
        if facts["definition_because"]:
            words.append(facts["definition_because"])
        if facts["learned"]:
            words.append(
                f"If that contact acts, this customer's odds to act are {first['score']:.2f} times as high, "
                "more than after any other contact's act."
            )
    elif counted and ours:
        words.append("No most influential contact has been computed.")
    if facts["exposure"]:
        acted = {row["contact_id"]: row["tie_share"] for row in facts["exposure"]}
        words.append(
            f"Contacts who acted in the last {facts['act_window_days']} days: {len(acted)}, "
            f"with {100 * sum(acted.values()):.0f} % of the tie strength."
        )
    if facts["handsets"]:
        last = facts["handsets"][-1]
        changes = len(facts["handsets"]) - 1
        words.append(
            f"Uses {last['manufacturer']} {last['model']} since {last['first_at']}, {changes} earlier ones seen."
        )
    else:
        words.append("No handset is known.")
    choice = facts["choice"]
    if choice is None and ours:
        words.append("No offer has been decided.")
    elif choice and choice["offer_id"] is None:
        words.append(f"No offer: {choice['reason']}.")
    elif choice:
        words.append(
            f"Offer {choice['offer_id']}, worth {choice['expected_value']:.2f} by expectation: {choice['reason']}."
        )
    for row in facts["matches"]:
        arm = word(row["arm"])
        if row["status"] != "matched":
            minor = f": {row['minor']}" if row.get("minor") else ""
            words.append(f"{arm}: no match ({word(row['status'])}{minor}).")
            continue
        rarity = (
            "" if row["percentile"] is None else f", more alike than {100 * row['percentile']:.1f} % of random pairs"
        )
        made = "ad made" if row["files"] else "no ad made"
        words.append(f"{arm}: photo {row['photo_id']}{rarity}; {made}.")
    if not facts["matches"] and ours:
        words.append("No faces have been compared.")
    for row in facts.get("experiments") or ():
        words.append(f"Experiment {row['experiment_id']}: assigned to {word(row['arm'])} on {row['assigned_at'][:10]}.")
    if face := facts.get("face"):
        shown = "Nothing is shown" if face["arm"] == "no_ad" else f"Shown: {word(face['arm'])}"
        by = f" by {face['experiment_id']}" if face["experiment_id"] else ""
        words.append(f"{shown} ({word(face['reason'])}{by}).")
    return [{"step": str(i), "what": text} for i, text in enumerate(words, start=1)]


def page(
    facts: Mapping[str, Any], pictures: Mapping[str, str], likeness: Mapping[str, Sequence[tuple[str, str]]]
) -> str:
    """The chain as one self-contained page.

    Args:
        facts: of `engine.usecases.explain.facts`.
        pictures: arm -> the ad as a `data:` address; where there is none, its words stand alone.
        likeness: arm -> whose photo, and that photo as a `data:` address.
    """
    return render("page.html", facts, **{**parts(facts), "likeness": likeness}, pictures=pictures)


def parts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the page is made of, see `engine.report.pages.parts`; its template asks for `pictures` too."""
    drawn: dict[str, Chart] = {}
    counted = [row for row in facts["ties"] if row["gated_because"] is None]
    if counted:
        nodes = [{"id": facts["customer"]["customer_id"]}]
        chosen = {
            r["contact_id"] for r in facts["influencers"] if r["definition"] == facts["definition"] and r["rank"] == 1
        }
        nodes += [
            {"id": r["contact_id"], "centrality_pct": r["centrality_pct"], "chosen": r["contact_id"] in chosen}
            for r in counted
        ]
        ties = [{"a": 0, "b": i, "weight": row["weight"]} for i, row in enumerate(counted, start=1)]
        title = f"{len(counted)} strongest contacts that count"
        drawn["ego"] = Chart(title, network.around(nodes, ties), counted)
    return {
        "title": f"Why {short_id(facts['customer']['customer_id'])}?",
        "lead": "From events to the ad: each step with the numbers that decided. About one person: not for forwarding.",
        "charts": drawn,
        "bodies": ["explain.html"],
        "likeness": {},
        "contents": [("chain", "In short"), *STEPS],
        "headings": {"chain": "In short", **dict(STEPS)},
    }
