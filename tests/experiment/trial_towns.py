"""Small towns for judging an experiment with faces: people, ties, whose likeness each would see, and what they do.

What an arm changes is planted: directly for whoever sees its ad, and along the ties by the share of contacts who see
it. Communities differ in how much they buy anyway, so that customers of one cluster are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.synth.people import befriend, populate

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

BASE, SPREAD = 0.15, 0.03  # of buying without any effect: on average, and between communities
SHOWN = 0.9  # of the customers with an ad see it


@dataclass(frozen=True)
class TrialTown:
    """One town.

    Args:
        customers: customer_id, age, residence, prior (what they spent before).
        ties: a, b (customer ids), weight: unordered pairs of customers in touch.
        subjects: customer_id, subject_id: the influencer, where that is a customer.
        rate: of buying without any effect [customers].
    """

    customers: pl.DataFrame
    ties: pl.DataFrame
    subjects: pl.DataFrame
    rate: np.ndarray


def town(seed: int, *, people: int = 1000) -> TrialTown:
    """Draw one town.

    Args:
        seed: of everything in it.
        people: customers.
    """
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    lives = populate(rng, people)
    found = befriend(rng, lives)
    inside = found.b < lives.n
    ids = pl.Series("id", [f"c{i:06d}" for i in range(lives.n)])
    rate = np.clip(BASE + rng.normal(0, SPREAD, lives.community.max() + 1)[lives.community[: lives.n]], 0.05, 0.4)
    led = np.flatnonzero((found.influencer >= 0) & (found.influencer < lives.n))
    return TrialTown(
        customers=pl.DataFrame({
            "customer_id": ids, "age": lives.age, "residence": lives.residence.astype(str).tolist(),
            "prior": rng.normal(100 * rate, 3),
        }),
        ties=pl.DataFrame({
            "a": ids.gather(found.a[inside]), "b": ids.gather(found.b[inside]),
            "weight": (found.rate_ab + found.rate_ba)[inside],
        }),
        subjects=pl.DataFrame({"customer_id": ids.gather(led), "subject_id": ids.gather(found.influencer[led])}),
        rate=rate,
    )  # fmt: skip


def respond(
    place: TrialTown, assigned: pl.DataFrame, *, direct: Mapping[str, float], spillover: Mapping[str, float],
    lending: float = 0.0, seed: int = 0,
) -> tuple[pl.DataFrame, pl.DataFrame]:  # fmt: skip
    """Who saw an ad and who bought, under planted effects on the probability of buying.

    Args:
        place: the town.
        assigned: customer_id, arm, assigned_at; only these see ads, and only these count as contacts.
        direct: per arm, added for whoever is in it.
        spillover: per arm, times the share of contacts who are in it.
        lending: added times the share of influencer_face among the people whose ads could use one's likeness.
        seed: of everything random.

    Returns:
        Exposures (customer_id, at, arm) and outcomes (customer_id, at, value = 1), in the 20 days after.
    """
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    people = assigned.sort("customer_id").join(
        place.customers.select("customer_id").with_columns(rate=pl.Series(place.rate)), on="customer_id",
        maintain_order="left",
    )  # fmt: skip
    arms = people["arm"].to_numpy()
    number = pl.DataFrame({"id": people["customer_id"]}).with_row_index("i")
    near = place.ties.join(number.rename({"id": "a", "i": "x"}), on="a").join(
        number.rename({"id": "b", "i": "y"}), on="b"
    )  # fmt: skip
    source, target = (np.r_[near[p].to_numpy(), near[q].to_numpy()].astype(int) for p, q in (("x", "y"), ("y", "x")))
    contacts = np.maximum(np.bincount(source, minlength=len(arms)), 1)
    chance = people["rate"].to_numpy().copy()
    for arm in sorted(set(arms.tolist())):
        chance += direct[arm] * (arms == arm)
        share = np.bincount(source, weights=arms[target] == arm, minlength=len(arms)) / contacts
        chance += spillover[arm] * share
    lent = place.subjects.join(people.select("customer_id", "arm"), on="customer_id").group_by("subject_id").agg(
        (pl.col("arm") == "influencer_face").mean().alias("lent")
    )  # fmt: skip
    chance += lending * people.join(
        lent, left_on="customer_id", right_on="subject_id", how="left", maintain_order="left"
    )["lent"].fill_null(0.0).to_numpy()  # fmt: skip
    later = pl.Series(rng.integers(2 * 86_400, 20 * 86_400, people.height))
    outcomes = people.select("customer_id", at=pl.col("assigned_at") + pl.duration(seconds=later), value=pl.lit(1.0))
    seen = pl.Series(rng.random(people.height) < SHOWN) & (people["arm"] != "no_ad")
    exposures = people.select("customer_id", at=pl.col("assigned_at") + pl.duration(hours=9), arm="arm").filter(seen)
    return exposures, outcomes.filter(pl.Series(rng.random(people.height) < chance))
