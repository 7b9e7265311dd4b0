"""Whose face a customer is shown: the rule beside one written customer by customer."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import FACE_ARMS
from engine.faces.decide import NOTHING, decide
from engine.tables import check

PEOPLE = [f"c{n}" for n in range(6)]
WHY_NOT = (None, None, "minor", "no_consent", "no_offer")
arms = st.sampled_from(FACE_ARMS)


def frame(rows: list[dict], **types: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=types)


def asked(shown: dict[str, set[str]], why: dict[str, str | None], drawn: dict[str, str], policy: dict[str, str] | None):
    """The frames that `decide` takes."""
    candidates = frame(
        [
            {"customer_id": c, "arm": a, "subject_id": f"{c}'s {a}", "rank": 2 if a == "influencer_face" else None,
             "photo_id": None if a == "no_face" else f"{a} photo"}
            for c, mine in shown.items() for a in sorted(mine)
        ],
        customer_id=pl.String, arm=pl.String, subject_id=pl.String, rank=pl.Int32, photo_id=pl.String,
    )  # fmt: skip
    assigned = frame(
        [{"customer_id": c, "arm": a, "experiment_id": "e", "propensity": 0.3} for c, a in drawn.items()],
        customer_id=pl.String, arm=pl.String, experiment_id=pl.String, propensity=pl.Float64,
    )  # fmt: skip
    scores = None
    if policy is not None:
        scores = frame(
            [{"customer_id": c, "arm": a, "propensity": 0.1, "reason": "explored", "policy_id": "p"}
             for c, a in policy.items()],
            customer_id=pl.String, arm=pl.String, propensity=pl.Float64, reason=pl.String, policy_id=pl.String,
        )  # fmt: skip
    people = frame([{"customer_id": c, "reason": r} for c, r in why.items()], customer_id=pl.String, reason=pl.String)
    return people, candidates, assigned, scores


def expected(customer, shown, why, drawn, policy, order, best):
    """Arm, reason, propensity, experiment and policy of one customer."""
    within, mine = ("e" if customer in drawn else None), shown.get(customer, set())
    if why[customer]:
        return NOTHING, why[customer], None, within, None
    if customer in drawn:
        arm = drawn[customer]
        if arm == NOTHING or arm in mine:
            return arm, "assigned", 0.3, "e", None
        return NOTHING, "not_showable", None, "e", None
    if policy and policy.get(customer) in mine:
        return policy[customer], "explored", 0.1, None, "p"
    for place, arm in enumerate([best, *order]):
        if arm in mine:
            return arm, "best_arm" if place == 0 else "preferred" if place == 1 else "fallback", None, None, None
    return NOTHING, "nothing_to_show", None, None, None


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(PEOPLE), st.sets(arms)),
    st.lists(st.sampled_from(WHY_NOT), min_size=6, max_size=6),
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from([*FACE_ARMS, NOTHING])),
    st.none() | st.dictionaries(st.sampled_from(PEOPLE), arms),
    st.lists(arms, unique=True),
    st.sampled_from(["", *FACE_ARMS]),
)
def test_each_customer_is_shown_what_the_rule_says(shown, reasons, drawn, policy, order, best):
    why = dict(zip(PEOPLE, reasons, strict=True))
    shown = {c: mine for c, mine in shown.items() if why[c] is None}
    people, candidates, assigned, scores = asked(shown, why, drawn, policy)
    found = check(decide(people, candidates, assigned, scores, order=order, best_arm=best), "face_choices")
    assert found["customer_id"].to_list() == PEOPLE
    for row in found.iter_rows(named=True):
        told = tuple(row[name] for name in ("arm", "reason", "propensity", "experiment_id", "policy_id"))
        assert told == expected(row["customer_id"], shown, why, drawn, policy, order, best)
        face = row["arm"] if row["arm"] != NOTHING else None
        assert row["subject_id"] == (face and f"{row['customer_id']}'s {face}")
        assert row["rank"] == (2 if face == "influencer_face" else None)
        assert row["photo_id"] == (f"{face} photo" if face and face != "no_face" else None)
    again = decide(*(f if f is None else f.sample(fraction=1.0, shuffle=True, seed=3) for f in
                     (people, candidates, assigned, scores)), order=order, best_arm=best)  # fmt: skip
    assert again.equals(decide(people, candidates, assigned, scores, order=order, best_arm=best))
