"""Who can take part: only customers to whom every arm could be shown, and by which condition others are excluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl

FACES = ("own_face", "influencer_face", "random_face")
NO_AD = "no_ad"
WITHOUT_FACE = ("no_face", NO_AD)


class Eligible(NamedTuple):
    """The population of an experiment, fixed before anybody is assigned.

    Args:
        customers: ids, sorted.
        funnel: one row per gate: gate, left (customers still in), lost, reasons (count per reason).
        because: what the eligible have in common, in words.
    """

    customers: pl.Series
    funnel: list[dict[str, object]]
    because: str


def eligible(people: pl.DataFrame, arms: Sequence[str], only: Mapping[str, Sequence[str]] | None = None) -> Eligible:
    """Send every customer through the gates, one after another.

    Args:
        people: customer_id, adult, offered, elsewhere (in another experiment), offers_consent, own_consent,
            subject_consent (whether they hold today), own_face, influencer_face, random_face (status of the match,
            null = none was looked for).
        arms: the plan's; those without a face need no match.
        only: values wanted per column of customers; `people` has it as text under the name `only:COLUMN`.
    """
    import polars as pl

    def needs(passes: pl.Expr, reason: str) -> tuple[pl.Expr, pl.Expr]:
        return passes, pl.lit(reason)

    gates = {
        "is an adult": needs(pl.col("adult"), "minor"),
        "has an offer": needs(pl.col("offered"), "no_offer"),
        "takes offers": needs(pl.col("offers_consent"), "no_consent"),
        "in no other experiment": needs(~pl.col("elsewhere"), "in_another_experiment"),
    }
    for column, values in (only or {}).items():
        wanted = pl.col(f"only:{column}").is_in(list(values)).fill_null(False)
        gates[f"{column} is {' or '.join(values)}"] = needs(wanted, "planned_out")
    consents = {"own_face": "own_consent", "influencer_face": "subject_consent"}
    for arm in FACES:
        if arm not in arms:
            continue
        gates[f"{arm} matched"] = (
            (pl.col(arm) == "matched").fill_null(False),
            pl.col(arm).fill_null("not_looked_for"),
        )
        if arm in consents:
            gates[f"{arm} consented"] = needs(pl.col(consents[arm]), "no_consent")
    left = people.sort("customer_id")
    funnel: list[dict[str, object]] = [{"gate": "customers", "left": left.height, "lost": 0, "reasons": {}}]
    for gate, (passes, reason) in gates.items():
        out = left.filter(~passes).with_columns(reason=reason)
        left = left.filter(passes)
        reasons = dict(out["reason"].value_counts().sort("reason").iter_rows())
        funnel.append({"gate": gate, "left": left.height, "lost": out.height, "reasons": reasons})
    return Eligible(left["customer_id"], funnel, "; ".join(gates))
