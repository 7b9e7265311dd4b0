"""Past campaigns with a randomised control and known effects: what each offer truly changes for each customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

OFFERS = (
    ("apple-upgrade", "Apple", "iPhone 16", "The iPhone everyone passes around",
     "Move up to iPhone 16 today: bring any phone in any state and take 30 % off, "
     "with your number and photos carried over in the shop.",
     "Trade up now", 95.0, 12.0),
    ("samsung-flip", "Samsung", "Galaxy Z Flip6", "Fold it. Pocket it. Love it.",
     "Galaxy Z Flip6 with two years of screen care included. Try it for 30 days; "
     "if it is not yours, simply bring it back.",
     "See it fold", 85.0, 11.0),
    ("xiaomi-value", "Xiaomi", "14", "Leica in your pocket, not in your bill",
     "Xiaomi 14 from 14 a month with double data for the whole first year. No deposit, no small print.",
     "Get double data", 60.0, 8.0),
    ("google-pixel", "Google", "Pixel 9", "Seven years of fresh",
     "Pixel 9 stays new: seven years of updates, the clearest night photos, and free earbuds this month only.",
     "Meet Pixel 9", 75.0, 9.5),
    ("motorola-family", "Motorola", "Edge 50 Pro", "One for you, one for someone you call every day",
     "Two Edge 50 Pro for the price of one and a half. Charge in eighteen minutes, talk all day.",
     "Take two", 65.0, 8.5),
)  # fmt: skip
BASE = 0.08  # acceptance without any offer
CONTROL = 0.3
AGE_SLOPE = {"Apple": -0.07, "Samsung": -0.05, "Xiaomi": 0.03, "Google": -0.04, "Motorola": 0.09}
FAVOURED = {"Apple": (1, 3), "Samsung": (4,), "Xiaomi": (5, 2), "Google": (0,), "Motorola": (2, 4)}
LOYAL = 0.16  # the offer is of the make the customer owns
FOLLOWS = 0.22  # ... of the make the influencer owns
PLACE = 0.1  # the customer lives where the offer appeals
START = 0.02


# The invented company; drawn as the built-in brand is.
BRAND = '[brand]\nname = "Kindred Mobile"\nlegal = "Offer subject to terms and availability."\n'


def offer_table() -> pl.DataFrame:
    """The offers' import file: offer_id, manufacturer, model, headline, body, call_to_action, value, cost, to_owners.

    Owners of the make are wanted: the planted effect is largest for them (trading up).
    """
    import polars as pl

    columns = ["offer_id", "manufacturer", "model", "headline", "body", "call_to_action", "value", "cost"]
    return pl.DataFrame(OFFERS, schema=columns, orient="row").with_columns(to_owners=pl.lit(True))


def true_uplift(
    age: np.ndarray, residence: np.ndarray, maker: np.ndarray, leader_maker: np.ndarray, *, spread: float = 1.0
) -> np.ndarray:
    """Change in the probability of accepting by each offer.

    Args:
        age: years [n].
        residence: index of the place [n].
        maker: make owned, text [n].
        leader_maker: make the influencer owns, text [n], empty for none.
        spread: 1 = as planted, 0 = every customer has the offer's mean effect (no heterogeneity).

    Returns:
        float64 [n, offers] in the order of `OFFERS`.
    """
    import numpy as np

    columns = []
    for _, make, *_ in OFFERS:
        place = np.isin(residence, FAVOURED[make])
        years = (np.clip(age, 15, 75) - 45) / 30
        varied = AGE_SLOPE[make] * years + PLACE * place + LOYAL * (maker == make) + FOLLOWS * (leader_maker == make)
        columns.append(START + varied.mean() + spread * (varied - varied.mean()))
    return np.stack(columns, axis=1)


def treat(
    rng: np.random.Generator, uplift: np.ndarray, *, control: float = CONTROL
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One campaign: who got what at random, and who accepted.

    Args:
        rng: source of randomness.
        uplift: true effects [n, offers].
        control: share without any offer.

    Returns:
        given [n] (column of `uplift`, -1 = control), propensity [n] of what was given, accepted [n].
    """
    import numpy as np

    n, offers = uplift.shape
    given = np.where(rng.random(n) < control, -1, rng.integers(offers, size=n))
    effect = np.where(given >= 0, uplift[np.arange(n), given], 0.0)
    accepted = rng.random(n) < np.clip(BASE + effect, 0.0, 1.0)
    return given, np.where(given >= 0, (1 - control) / offers, control), accepted
