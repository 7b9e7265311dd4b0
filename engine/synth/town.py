"""A synthetic town: call records, customers, past campaigns, consents and drawn photos, with the truth beside them.

Everything is written as the import files a company would have; the truth (folder `truth/`) is for comparison only
and never imported. The same arguments give the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.progress import SILENT, Progress
from engine.synth import acts, calls, campaigns, handsets
from engine.synth.people import PLANS, RESIDENCES, People, Ties, befriend, populate

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

TODAY = calls.START + timedelta(days=calls.DAYS)
CAMPAIGN_DAYS = (50, 70, 90, 110, 130)
PURPOSES = ("own_face", "likeness_for_contacts", "traffic_data_marketing", "offers")
MAX_CUSTOMERS = 500_000


@dataclass(frozen=True)
class TownSummary:
    """What was written.

    Args:
        folder: where.
        customers: customers.
        parties: everybody who can be called, call centres included.
        log_rows: rows of logs/calls.csv, dirt included.
        events: distinct events among them.
        photos: customers' photos.
        models: photos in the inventory.
        treatments: rows of past campaigns.
        handset_changes: changes planted.
        today: the day after the last record, YYYY-MM-DD; consents and offers are to be judged on it.
    """

    folder: str
    customers: int
    parties: int
    log_rows: int
    events: int
    photos: int
    models: int
    treatments: int
    handset_changes: int
    today: str


def write(
    folder: Path, *, customers: int, seed: int, photos: int | None = None, progress: Progress = SILENT
) -> TownSummary:
    """Write a town's import files and its truth.

    Args:
        folder: a folder that does not exist or is empty.
        customers: how many, 20 to 500,000.
        seed: of everything random, 0 or more.
        photos: how many customers have a photo; None = a fifth of them, at most 300.
        progress: where bars are drawn.

    Returns:
        What was written, in numbers.

    Raises:
        InputError: an argument is out of range, or the folder holds something or cannot be written.
    """
    import numpy as np

    if not 20 <= customers <= MAX_CUSTOMERS:
        raise InputError(f"a town has 20 to {MAX_CUSTOMERS:,} customers, not {customers}.", fix="Change --customers.")
    if seed < 0:
        raise InputError(f"the seed is {seed}.", fix="Give 0 or more.")
    if photos is not None and not 0 <= photos <= customers:
        raise InputError(f"{photos} photos for {customers} customers.", fix="Give at most one photo per customer.")
    folder = Path(folder)
    try:
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder} is not empty.", fix="Choose a new folder.")
        for name in ("logs", "truth"):
            (folder / name).mkdir(parents=True)
        return _write(folder, customers, np.random.default_rng(seed), photos, progress)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.", fix="Choose another folder.") from error


def _write(
    folder: Path, customers: int, rng: np.random.Generator, photos: int | None, progress: Progress
) -> TownSummary:
    import numpy as np

    from engine.synth import pictures

    with progress.task("town: people and calls", 4) as task:
        people = populate(rng, customers)
        ties = befriend(rng, people)
        task.advance()
        leads = np.r_[ties.influencer, np.full(people.persons - people.n, -1)]
        phones = handsets.carry(rng, people.community, leads, calls.DAYS)
        devices = handsets.device_table()
        task.advance()
        events = calls.happen(rng, people, ties, phones)
        task.advance()
        dirt = calls.write_log(rng, folder / "logs" / "calls.csv", events, people, phones, devices["tac"].to_numpy())
        task.advance()
    devices.write_csv(folder / "devices.csv")
    campaigns.offer_table().write_csv(folder / "offers.csv")
    (folder / "brand").mkdir()
    (folder / "brand" / "brand.toml").write_text(campaigns.BRAND, encoding="utf-8")
    _customers(people).write_csv(folder / "customers.csv")
    out = _consents(rng, folder, people)
    _acts(rng, people, ties).write_csv(folder / "acts.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    maker = devices["manufacturer"].to_numpy()
    treatments, effects = _campaigns(rng, people, ties, phones, maker)
    treatments.write_csv(folder / "treatments.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    count = min(customers // 5, 300) if photos is None else photos
    who = pictures.subjects(people, ties.influencer, (people.age >= 18) & ~out, count)
    models = 0 if count == 0 else int(np.clip(0.4 * count, 16, 120))
    with progress.task("town: portraits", len(who) + models) as task:
        drawn = pictures.take(rng, folder, people, ties.influencer, who, models, task)
    drawn.photos.write_csv(folder / "photos.csv")
    drawn.inventory.write_csv(folder / "inventory.csv")
    changes = _truth(folder, people, ties, phones, maker, effects)
    drawn.lookalikes.write_csv(folder / "truth" / "lookalikes.csv")
    summary = TownSummary(
        folder=str(folder),
        customers=people.n,
        parties=len(people.ids),
        log_rows=dirt["rows"],
        events=dirt["events"],
        photos=len(who),
        models=models,
        treatments=treatments.height,
        handset_changes=changes,
        today=f"{TODAY:%Y-%m-%d}",
    )
    truth = {
        "summary": {k: v for k, v in asdict(summary).items() if k != "folder"},
        "log": dirt,
        "hubs": people.ids[people.hubs].tolist(),
        "photos_without_a_face": drawn.faceless,
        "effects": {
            "handset_hazard_per_day": handsets.HAZARD,
            "handset_pull_per_day": handsets.PULL,
            "handset_pull_days": handsets.RECENT_DAYS,
            "act_hazard_per_day": acts.HAZARD,
            "act_pull_per_day": acts.PULL,
            "act_pull_days": acts.RECENT_DAYS,
            "offer_base_rate": campaigns.BASE,
            "offer_same_maker": campaigns.LOYAL,
            "offer_influencers_maker": campaigns.FOLLOWS,
            "offer_place": campaigns.PLACE,
        },
    }
    (folder / "truth" / "truth.json").write_text(json.dumps(truth, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return summary


def _customers(people: People) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    return pl.DataFrame({
        "customer_id": people.ids[: people.n].tolist(),
        "age": people.age,
        "residence": np.array(RESIDENCES)[people.residence].tolist(),
        "gender": np.where(people.woman, "woman", "man").tolist(),
        "tenure_months": people.tenure_months,
        "plan": np.array(PLANS)[people.plan].tolist(),
    })  # fmt: skip


def _acts(rng: np.random.Generator, people: People, ties: Ties) -> pl.DataFrame:
    """What customers booked: customer_id, act, at."""
    import numpy as np
    import polars as pl

    day, who, service = acts.spread(rng, ties, calls.DAYS)
    second = rng.integers(7 * 3600, 22 * 3600, len(day))
    at = np.datetime64(calls.START, "us") + (day * 86_400 + second).astype("timedelta64[s]")
    names = np.array(acts.SERVICES)[service]
    return pl.DataFrame({"customer_id": people.ids[who].tolist(), "act": names.tolist(), "at": at})


def _consents(rng: np.random.Generator, folder: Path, people: People) -> np.ndarray:
    """Write consents and opt-outs; returns who opted out [n]."""
    import numpy as np
    import polars as pl

    ids = people.ids[: people.n]
    out = rng.random(people.n) < 0.012
    since = [TODAY - timedelta(days=int(d)) for d in rng.integers(5, 400, out.sum())]
    pl.DataFrame({"customer_id": ids[out].tolist(), "since": since}, schema_overrides={"since": pl.Datetime}).write_csv(
        folder / "optouts.csv", datetime_format="%Y-%m-%d %H:%M:%S"
    )
    blocks = []
    for purpose in PURPOSES:
        given = np.flatnonzero(rng.random(people.n) < 0.93)
        state = rng.random(len(given))
        days = rng.integers(30, 700, len(given))
        blocks.append(pl.DataFrame({
            "customer_id": ids[given].tolist(),
            "purpose": [purpose] * len(given),
            "granted_at": _days_before(days + 100),
            # 3 % have run out, half of the rest never run out.
            "expires_at": _days_before(np.where(state < 0.03, days // 10 + 1, -400), state < 0.5),
            "withdrawn_at": _days_before(days // 8 + 1, state > 0.96),
        }))  # fmt: skip
    pl.concat(blocks).write_csv(folder / "consents.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    return out


def _days_before(days: np.ndarray, where: np.ndarray | None = None) -> pl.Series:
    """Times so many days before today; null where `where` is false."""
    import numpy as np
    import polars as pl

    times = pl.Series(np.datetime64(TODAY, "us") - np.asarray(days).astype("timedelta64[D]"))
    return times if where is None else pl.select(pl.when(pl.Series(where)).then(times).otherwise(None)).to_series()


def _campaigns(
    rng: np.random.Generator, people: People, ties: Ties, phones: handsets.Handsets, maker: np.ndarray
) -> tuple[pl.DataFrame, np.ndarray]:
    """Past campaigns' rows, and each offer's true effect on each customer today [n, offers]."""
    import numpy as np
    import polars as pl

    def effects(day: int) -> np.ndarray:
        owned = maker[phones.on(day)]
        lead = np.where(ties.influencer >= 0, owned[np.maximum(ties.influencer, 0)], "")
        return campaigns.true_uplift(people.age, people.residence, owned[: people.n], lead)

    names = np.array([offer[0] for offer in campaigns.OFFERS])
    blocks = []
    for number, day in enumerate(CAMPAIGN_DAYS, 1):
        given, propensity, accepted = campaigns.treat(rng, effects(day))
        offer = pl.select(
            pl.when(pl.Series(given >= 0)).then(pl.Series(names[np.maximum(given, 0)].tolist())).otherwise(None)
        ).to_series()
        sent: datetime = calls.START + timedelta(days=day)
        blocks.append(pl.DataFrame({
            "customer_id": people.ids[: people.n].tolist(),
            "campaign_id": f"wave-{number}",
            "offer_id": offer,
            "sent_at": sent,
            "propensity": propensity,
            "accepted": accepted,
        }))  # fmt: skip
    return pl.concat(blocks), effects(calls.DAYS)


def _truth(
    folder: Path, people: People, ties: Ties, phones: handsets.Handsets, maker: np.ndarray, effects: np.ndarray
) -> int:
    """Write influencers, true uplifts and handset changes; returns how many customers' changes there are."""
    import numpy as np
    import polars as pl

    place, ids = folder / "truth", people.ids
    known = np.flatnonzero(ties.influencer >= 0)
    pl.DataFrame({
        "customer_id": ids[known].tolist(),
        "influencer_id": ids[ties.influencer[known]].tolist(),
    }).write_csv(place / "influencers.csv")  # fmt: skip
    offers = [offer[0] for offer in campaigns.OFFERS]
    pl.DataFrame({
        "customer_id": np.repeat(ids[: people.n], len(offers)).tolist(),
        "offer_id": offers * people.n,
        "uplift": effects.ravel(),
    }).write_csv(place / "uplift.csv", float_precision=6)  # fmt: skip
    who, number = np.nonzero(phones.change_day[: people.n] < calls.DAYS)
    days = phones.change_day[who, number]
    pl.DataFrame({
        "customer_id": ids[who].tolist(),
        "day": [calls.START + timedelta(days=int(d)) for d in days],
        "manufacturer": maker[phones.device[who, number + 1]].tolist(),
        "pulled_by_influencer": phones.pulled[who, number],
    }).write_csv(place / "handset_changes.csv", datetime_format="%Y-%m-%d")  # fmt: skip
    return len(who)
