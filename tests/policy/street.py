"""A workspace whose customers are those of an invented town, and what they do when they are shown a face."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import engine
from engine.pipeline import face_choices, prepared
from tests.policy.persuaded import ARMS, Town

DAY = datetime(2025, 3, 1)
HORIZON = 30
FACES_MODEL = "mtcnn/crop32/casia-webface-1/inventory-00000000"
PURPOSES = ("own_face", "likeness_for_contacts", "offers")
OFFERED = 3  # past offers a customer


def make(folder: Path, of: Town, **settings: object):
    """A workspace in which every arm can be shown to every customer of a town."""
    space = engine.create(folder, run__today=f"{DAY:%Y-%m-%d}", ids__pseudonymise="none", run__threads=1,
                          graph__definition="strongest", **settings)  # fmt: skip
    (space.ads / "one.jpg").write_bytes(b"a creative")
    known = of.features
    ids = known["customer_id"]
    contact = pl.concat([ids[1:], ids[:1]])
    frame = known.with_columns(contact_id=contact)
    subject = {"own_face": ids, "influencer_face": contact, "random_face": pl.lit(None, pl.String)}
    alike = {"own_face": "own_similarity", "influencer_face": "influencer_similarity"}
    matches = [
        frame.select("customer_id", arm=pl.lit(arm), subject_id=who, photo_id=pl.lit("m"), status=pl.lit("matched"),
                     similarity=pl.col(alike[arm]) if arm in alike else pl.lit(None, pl.Float64),
                     rank=pl.col("rank") if arm == "influencer_face" else pl.lit(None, pl.Int64))
        for arm, who in subject.items()
    ]  # fmt: skip
    accepted = np.random.default_rng(5).random((len(ids), OFFERED)) < known["accepted_before"].to_numpy()[:, None]
    past = [
        frame.select("customer_id", campaign_id=pl.lit(f"c{n}"), offer_id=pl.lit("o"),
                     accepted=pl.Series(accepted[:, n]), sent_at=pl.lit(DAY - timedelta(days=90)))
        for n in range(OFFERED)
    ]  # fmt: skip
    ads = [
        frame.select("customer_id", arm=pl.lit(arm), ad_id=pl.col("customer_id") + f"-{arm}", offer_id=pl.lit("o"),
                     photo_id=pl.lit("m"), files=pl.lit(["one.jpg"]), alt_text=pl.lit(""),
                     subject_id=subject.get(arm, pl.lit(None, pl.String)))
        for arm in ARMS
    ]  # fmt: skip
    consents = [ids.to_frame().with_columns(purpose=pl.lit(p), granted_at=pl.lit(DAY - timedelta(days=9)))
                for p in PURPOSES]  # fmt: skip
    offer = {"offer_id": "o", "headline": "h", "body": "b", "call_to_action": "c", "value": 9.0, "cost": 1.0}
    with space.writing("test") as store:
        for table, rows in {
            "customers": frame.select("customer_id", "age"),
            "parties": frame.select(party_id="customer_id", is_customer=True, opted_out=False).with_row_index("node"),
            "choices": frame.select("customer_id", offer_id=pl.lit("o"), expected_value=1.0, reason=pl.lit("")),
            "matches": pl.concat(matches),
            "influencers": frame.select(
                "customer_id",
                "contact_id",
                "rank",
                "tie_share",
                definition=pl.lit("strongest"),
                score=1.0,
                centrality_pct="centrality",
                margin=0.5,
            ),
            "handsets": frame.select(
                "customer_id",
                "manufacturer",
                spell=1,
                tac=pl.lit("0"),
                model=pl.lit(""),
                first_at=DAY.date(),
                last_at=DAY.date(),
                n_events=1,
            ),
            "treatments": pl.concat(past),
            "offers": pl.DataFrame([offer]),
            "consents": pl.concat(consents),
            "faces": pl.DataFrame([{"sha256": "0", "face": 0, "model_id": FACES_MODEL, "status": "ok"}]),
            "inventory": pl.DataFrame([{"photo_id": "m", "sha256": "0", "path": "m.jpg"}]),
        }.items():
            store.write(table, rows)
        store.temp("_offers_said", "ads/offers_said")
        version = store.query_text("SELECT offer_version FROM _offers_said").item()
        store.write("ads", pl.concat(ads).with_columns(offer_version=pl.lit(version)))
    return space


def decided(space) -> pl.DataFrame:
    """Run the stage `face_choices` alone; returns its table."""
    with space.writing("test") as store:
        with store.transaction():
            face_choices.run(prepared(space, store))
        return store.read("face_choices")


def answers(of: Town, shown: pl.DataFrame, folder: Path, *, after: datetime, seed: int) -> dict[str, Path]:
    """Files of what came back: everybody saw the ad a day later, some bought two days later.

    Args:
        of: the town.
        shown: customer_id, arm.
        folder: where the files go.
        after: the day of sending.
        seed: of the luck.
    """
    row = of.features.select("customer_id").with_row_index("row")
    mine = shown.join(row, on="customer_id").sort("row")
    arm = mine["arm"].replace_strict({a: i for i, a in enumerate(ARMS)}, return_dtype=pl.Int64).to_numpy()
    bought = np.random.default_rng(seed).random(mine.height) < of.chance[mine["row"].to_numpy(), arm]
    seen = mine.select("customer_id", "arm", at=pl.lit(after + timedelta(days=1)))
    sold = mine.filter(pl.Series(bought)).select("customer_id", at=pl.lit(after + timedelta(days=2)), value=1)
    # Who has not bought by then is in nobody's file: the last line says that the days are over.
    last = mine[:1].select("customer_id", at=pl.lit(after + timedelta(days=HORIZON - 1)), value=0)
    paths = {"exposures": folder / f"seen-{seed}.csv", "outcomes": folder / f"sold-{seed}.csv"}
    for path, frame in zip(paths.values(), (seen, pl.concat([sold, last])), strict=True):
        frame.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
    return paths
