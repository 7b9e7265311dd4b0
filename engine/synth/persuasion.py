"""A randomised campaign without call records: customers, what each was offered, and what every offer truly changes.

For judging uplift learners and policies at sizes where a whole town would take minutes; with `spread=0` every customer
has the same effect, and a learner that finds differences finds noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.synth import campaigns
from engine.synth.handsets import MAKERS
from engine.synth.people import PLANS, RESIDENCE_SHARES, RESIDENCES

if TYPE_CHECKING:
    import polars as pl

_SAME_MAKER = 0.45  # how often friends carry the same make beyond chance


@dataclass(frozen=True)
class Campaign:
    """One randomised campaign over one town's customers.

    Args:
        customers: customer_id, age, residence, gender, tenure_months, plan, manufacturer, influencer_manufacturer.
        treatments: customer_id, campaign_id, offer_id (null = control), propensity, accepted.
        offers: the offers' import columns.
        truth: customer_id, offer_id, uplift.
    """

    customers: pl.DataFrame
    treatments: pl.DataFrame
    offers: pl.DataFrame
    truth: pl.DataFrame


def campaign(customers: int, *, seed: int, spread: float = 1.0) -> Campaign:
    """Draw a campaign.

    Args:
        customers: how many.
        seed: of everything in it.
        spread: 1 = the planted differences between customers, 0 = one effect for all.
    """
    import numpy as np
    import polars as pl

    rng, n = np.random.default_rng(seed), customers
    names, shares = np.array(list(MAKERS)), [share for share, _ in MAKERS.values()]
    age = np.clip(rng.normal(43, 16, n), 18, 92).astype(int)
    place = rng.choice(len(RESIDENCES), n, p=RESIDENCE_SHARES)
    owned = rng.choice(names, n, p=shares)
    lead = np.where(rng.random(n) < _SAME_MAKER, owned, rng.choice(names, n, p=shares))
    uplift = campaigns.true_uplift(age, place, owned, lead, spread=spread)
    given, propensity, accepted = campaigns.treat(rng, uplift)
    ids = [f"c{i:07d}" for i in range(n)]
    offers = [offer[0] for offer in campaigns.OFFERS]
    people = pl.DataFrame({
        "customer_id": ids,
        "age": age,
        "residence": np.array(RESIDENCES)[place].tolist(),
        "gender": rng.choice(["woman", "man"], n).tolist(),
        "tenure_months": rng.gamma(2, 22, n).astype(int),
        "plan": rng.choice(PLANS, n).tolist(),
        "manufacturer": owned.tolist(),
        "influencer_manufacturer": lead.tolist(),
    })  # fmt: skip
    treatments = pl.DataFrame({
        "customer_id": ids,
        "campaign_id": "past",
        "offer_id": pl.Series([*offers, None]).gather(np.where(given < 0, len(offers), given)),
        "propensity": propensity,
        "accepted": accepted,
    })  # fmt: skip
    truth = pl.DataFrame({
        "customer_id": np.repeat(ids, len(offers)).tolist(), "offer_id": offers * n, "uplift": uplift.ravel(),
    })  # fmt: skip
    return Campaign(people, treatments, campaigns.offer_table(), truth)
