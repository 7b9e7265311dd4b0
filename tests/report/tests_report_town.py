"""A small workspace made by hand: every table a report reads, with rare groups, odd names and no engine in between."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from engine import workspace
from engine.experiment import plan
from engine.tables import TABLES, polars_type

AS_OF = date(2025, 3, 1)
MAKERS = ["Apple", "Samsung", "Xiaomi", "Motorola", "<b>Nokia</b>"]
TOWNS = ["Győr", "São Paulo", "O'Brien & Sons", "<script>alert(1)</script>"]


def frame(table: str, rows: list[dict]) -> pl.DataFrame:
    schema = {c.name: polars_type(c.type) for c in TABLES[table].columns}
    return pl.DataFrame(rows, schema=schema) if rows else pl.DataFrame(schema=schema)


def tables(seed: int = 5, customers: int = 400, others: int = 60) -> dict[str, list[dict]]:
    """Rows per table of an invented but consistent little world."""
    rng = random.Random(seed)
    n = customers + others
    ids = [f"c{i:04d}" for i in range(n)]
    ids[3] = 'c<img src=x onerror="alert(1)">'
    parties = [
        {"node": i, "party_id": ids[i], "is_customer": i < customers, "opted_out": i in (5, 6)} for i in range(n)
    ]
    people = [
        {
            "customer_id": ids[i],
            "age": rng.choice([None, 18, 23, 31, 42, 58, 70]),
            "residence": rng.choices(TOWNS, [50, 30, 19, 1])[0],
            "gender": rng.choice(["man", "woman"]),
        }
        for i in range(customers)
    ]
    contacts: dict[int, set[int]] = {i: set() for i in range(n)}
    stars = list(range(0, 40, 4))
    for i in range(customers):
        for _ in range(rng.randint(0 if i % 50 == 0 else 2, 6)):
            j = rng.choice(stars) if rng.random() < 0.4 else rng.randrange(n)
            if i != j:
                contacts[i].add(j)
                contacts[j].add(i)
    pairs = sorted((a, b) for a in contacts for b in contacts[a] if a < b)
    ties, events, days = [], [], []
    weight: dict[tuple[int, int], float] = {}
    for a, b in pairs:
        gated = rng.choices([None, "one_way", "few_days"], [85, 10, 5])[0]
        w = weight[a, b] = round(rng.uniform(0.2, 9), 3)
        overlap = None if gated else rng.random() * 0.4
        ties.append(
            {
                "a": a,
                "b": b,
                "weight": w,
                "reciprocity": 0.0 if gated == "one_way" else rng.random(),
                "overlap": overlap,
                "active_days": 5,
                "gated_because": gated,
            }
        )
        for src, dst in ((a, b), (b, a)):
            if gated == "one_way" and src == b:
                continue
            for ago in rng.sample(range(1, 80), 3):
                day = AS_OF - timedelta(days=ago)
                talk = rng.randint(0, 900)
                days.append({"src": src, "dst": dst, "day": day, "n_calls": 1, "talk_s": talk, "n_texts": 0})
                events.append(
                    {
                        "kind": "call",
                        "caller": src,
                        "callee": dst,
                        "started_at": datetime(day.year, day.month, day.day, 12),
                        "duration_s": talk,
                        "answered": talk > 0,
                        "source_id": "s1",
                    }
                )
    last_day = datetime(2025, 2, 28, 23)
    events.append(
        {
            "kind": "data",
            "caller": 0,
            "started_at": last_day,
            "duration_s": 0,
            "answered": True,
            "volume_mb": 3.0,
            "source_id": "s1",
        }
    )
    open_ = {(t["a"], t["b"]) for t in ties if t["gated_because"] is None}
    rank = {i: r for r, i in enumerate(sorted(range(n), key=lambda i: (len(contacts[i]), i)))}
    nodes = [
        {
            "node": i,
            "party_id": ids[i],
            "degree": sum((min(i, j), max(i, j)) in open_ for j in contacts[i]),
            "in_strength": 1.0 + len(contacts[i]),
            "out_strength": 1.0 * len(contacts[i]),
            "pagerank": (rank[i] + 1) / n**2,
            "centrality_pct": (rank[i] + 1) / n,
            "coreness": 1,
            "collective_influence": 0.0,
            "community": i % 9,
            "is_hub": i == n - 1,
        }
        for i in range(n)
    ]
    influencers = []
    for i in range(customers):
        mine = [(weight[min(i, j), max(i, j)], j) for j in sorted(contacts[i]) if (min(i, j), max(i, j)) in open_]
        total = sum(w for w, _ in mine)
        for definition, gamma in (("auto", 0.25), ("strongest", 0.0)):
            scored = sorted(((w / total * ((rank[j] + 1) / n) ** gamma, w / total, j) for w, j in mine), reverse=True)
            margin = 1.0 if len(scored) == 1 else (scored[0][0] - scored[1][0]) / scored[0][0] if scored else None
            for r, (score, share, j) in enumerate(scored[:3], start=1):
                influencers.append(
                    {
                        "customer_id": ids[i],
                        "definition": definition,
                        "rank": r,
                        "contact_id": ids[j],
                        "score": score,
                        "tie_share": share,
                        "centrality_pct": (rank[j] + 1) / n,
                        "margin": margin,
                    }
                )
    handsets = []
    for i in range(customers):
        maker, at = rng.choices(MAKERS, [40, 30, 20, 9, 1])[0], date(2024, 6, 1)
        for spell in range(1, rng.choice([1, 2, 2, 3]) + 1):
            until = at + timedelta(days=rng.randint(20, 120))
            handsets.append(
                {
                    "customer_id": ids[i],
                    "spell": spell,
                    "tac": "35000000",
                    "manufacturer": maker,
                    "model": f"M{spell}",
                    "first_at": at,
                    "last_at": until,
                    "n_events": 9,
                }
            )
            at = until + timedelta(days=1)
            maker = maker if rng.random() < 0.6 else rng.choice(MAKERS[:4])
    offers = [
        {
            "offer_id": o,
            "manufacturer": m,
            "model": None,
            "headline": h,
            "body": "",
            "call_to_action": "Go",
            "value": 50.0,
            "cost": 2.0,
        }
        for o, m, h in (("apple", "Apple", "<i>New</i> & bright"), ("samsung", "Samsung", "Fold it"))
    ]
    treatments, uplift, choices = [], [], []
    for i in range(customers):
        given = rng.choice([None, "apple", "samsung"])
        lift = {o: round(rng.uniform(-0.1, 0.3), 4) for o in ("apple", "samsung")}
        accepted = rng.random() < 0.15 + (lift[given] if given else 0)
        treatments.append(
            {
                "customer_id": ids[i],
                "campaign_id": "wave",
                "offer_id": given,
                "sent_at": datetime(2024, 12, 1),
                "propensity": 1 / 3,
                "accepted": None if i % 40 == 0 else accepted,
            }
        )
        uplift += [{"customer_id": ids[i], "offer_id": o, "uplift": u, "model_id": "m"} for o, u in lift.items()]
        best = max(lift, key=lambda o: (lift[o], o))
        value = 50 * lift[best] - 2
        barred = i % 7 == 0
        none = barred or value <= 0
        choices.append(
            {
                "customer_id": ids[i],
                "offer_id": None if none else best,
                "expected_value": 0.0 if none else value,
                "kind": "no_consent" if barred else "not_worth" if none else "offered",
                "reason": "no consent to offers" if barred else "not worth it" if none else "raises the chance",
            }
        )
    arms = ("own_face", "influencer_face")
    matches, ads = [], []
    for i in range(customers):
        for arm in arms:
            good = i % 3 == 0 and i % 5 != 0
            status = "matched" if good else "no_consent" if i % 90 == 0 else "no_photo"
            matches.append(
                {
                    "customer_id": ids[i],
                    "arm": arm,
                    "subject_id": ids[i],
                    "photo_id": f"p{i % 11}" if good else None,
                    "similarity": 0.5 if good else None,
                    "percentile": (i % 20) / 20 if good else None,
                    "flag": "same_person_likely" if good and i % 9 == 0 else None,
                    "status": status,
                }
            )
            if good and choices[i]["offer_id"]:
                ads.append(
                    {
                        "ad_id": f"{i}-{arm}",
                        "customer_id": ids[i],
                        "arm": arm,
                        "offer_id": choices[i]["offer_id"],
                        "photo_id": f"p{i % 11}",
                        "files": [],
                        "alt_text": "",
                        "subject_id": ids[i],
                        "offer_version": "",
                    }
                )
    consents = [
        {"customer_id": ids[i], "purpose": purpose, "granted_at": datetime(2020, 1, 1)}
        for i in range(customers) for purpose in ("own_face", "likeness_for_contacts")
    ]  # fmt: skip
    photos = [{"customer_id": ids[i], "sha256": f"a{i:063d}", "path": f"{i}.jpg"} for i in range(0, customers, 3)]
    inventory = [{"photo_id": f"p{k}", "sha256": f"b{k:063d}", "path": f"p{k}.jpg"} for k in range(12)]
    faces = [
        {"sha256": p["sha256"], "face": 0, "model_id": "m", "status": "no_face" if k % 30 == 0 else "ok"}
        for k, p in enumerate([*photos, *inventory])
    ]
    sources = [
        {
            "source_id": "s1",
            "target": "logs",
            "path": "calls.csv",
            "sha256": "e" * 64,
            "format": "generic",
            "rows_in": len(events) + 12,
            "rows_kept": len(events),
            "rows_duplicate": 5,
            "rows_rejected": 7,
            "details": "{}",
            "imported_at": datetime(2025, 3, 1),
        }
    ]
    rejects = [{"source_id": "s1", "row_number": k, "reason": "self_call", "raw": ""} for k in range(7)]
    hubs = [{"node": n - 1, "contacts": 700, "mutual_share": 0.01, "reason": "many_contacts"}]
    metrics = [
        {
            "offer_id": "apple",
            "learner": "t",
            "base": "logistic",
            "kind": "qini",
            "parameter": "",
            "metric": "qini (scikit-uplift, normalised), held out",
            "value": 0.05,
            "low": -0.01,
            "high": 0.11,
            "chosen": True,
        },
        {
            "offer_id": "samsung",
            "learner": "t",
            "base": "logistic",
            "kind": "qini",
            "parameter": "",
            "metric": "qini (scikit-uplift, normalised), held out",
            "value": 0.09,
            "low": 0.02,
            "high": 0.15,
            "chosen": True,
        },
    ]
    for policy, offer, kind, value in (
        ("personalised", "", "policy_value", 3.0),
        ("nobody", "", "policy_value", 0.0),
        ("everybody", "apple", "policy_value", 2.5),
        ("everybody", "apple", "policy_gain", 0.5),
        ("everybody", "apple", "policy_no_gain", None),
    ):
        metrics.append(
            {
                "offer_id": "(policy)",
                "learner": policy,
                "base": "",
                "kind": kind,
                "parameter": offer,
                "metric": f"{kind} in words",
                "value": value,
                "low": None if value is None else value - 1,
                "high": None if value is None else value + 1,
                "chosen": False,
            }
        )
    for k, feature in enumerate("abcdefghi"):
        metrics.append(
            {
                "offer_id": "apple",
                "learner": "t",
                "base": "logistic",
                "kind": "qini_lost",
                "parameter": feature,
                "metric": f"qini lost when {feature} is shuffled",
                "value": k / 100,
                "low": None,
                "high": None,
                "chosen": True,
            }
        )
    return {
        "sources": sources,
        "rejects": rejects,
        "parties": parties,
        "events": events,
        "pair_days": days,
        "customers": people,
        "offers": offers,
        "treatments": treatments,
        "photos": photos,
        "inventory": inventory,
        "ties": ties,
        "nodes": nodes,
        "hubs": hubs,
        "influencers": influencers,
        "handsets": handsets,
        "uplift": uplift,
        "offer_metrics": metrics,
        "choices": choices,
        "faces": faces,
        "matches": matches,
        "ads": ads,
        "consents": consents,
        **experiments([person["customer_id"] for person in people]),
    }


# Share of an arm that acts, as planted; "rare" has arms in which fewer than 15 do.
PLANTED = {
    "spring": {"own_face": 0.25, "influencer_face": 0.55},
    "rare": {"own_face": 0.1, "influencer_face": 0.5, "no_face": 0.3},
}


def experiments(customers: list[str], seed: int = 11) -> dict[str, list[dict]]:
    """One experiment of each kind: answered, answered with few who act, assigned by clusters, planned only."""
    rng = random.Random(seed)
    arms = {"own_face": 0.5, "influencer_face": 0.5}
    three = {"own_face": 0.4, "influencer_face": 0.4, "no_face": 0.2}
    first = plan.design("spring", arms=arms, metric="sale", horizon_days=14, guardrails=("complaint:lower",))
    made = [
        first,
        plan.design("spring", first, horizon_days=28),
        plan.design("rare", arms=three, metric="spend", kind="sum"),
        plan.design("later", arms=arms, unit="cluster"),
        plan.design("<i>planned</i> Győr", arms=arms),
    ]
    plans = [{"experiment_id": p.experiment_id, "version": p.version, "plan": p.text(), "hash": p.hash()} for p in made]
    at = datetime(2025, 3, 1)
    assignments, exposures, outcomes = [], [], []
    for p, people in ((made[1], customers), (made[2], customers[:150]), (made[3], customers[100:220])):
        for i, customer in enumerate(people):
            arm = rng.choices(list(p.arms), list(p.arms.values()))[0]
            own = {"experiment_id": p.experiment_id, "customer_id": customer}
            cluster = f"c{i // 4}" if p.unit == "cluster" else None
            if cluster and i % 4:
                arm = assignments[-1]["arm"]
            drawn = {"version": p.version, "cluster_id": cluster, "arm": arm}
            assignments.append(own | drawn | {"assigned_at": at, "eligible_because": ""})
            if p.experiment_id == "later":
                continue
            if rng.random() < 0.85:
                exposures.append(own | {"at": at + timedelta(days=1), "arm": arm})
            if rng.random() < PLANTED[p.experiment_id][arm]:
                day = at + timedelta(days=rng.randint(1, 29), hours=5)
                outcomes.append(own | {"metric": p.metric, "at": day, "value": round(rng.uniform(1, 9), 2)})
            if rng.random() < 0.2 and p.guardrails:
                outcomes.append(own | {"metric": "complaint", "at": at + timedelta(days=2), "value": 1.0})
    return {"plans": plans, "assignments": assignments, "exposures": exposures, "outcomes": outcomes}


def make(path: Path, keys: Path, rows: dict[str, list[dict]], **preset) -> workspace.Workspace:
    """A workspace holding these rows (and the loyalty table made of them)."""
    from engine.handsets import loyalty
    from engine.pipeline import handsets

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(keys))
        asks_nobody = {"people__offers_need_consent": "no", "people__unknown_age_is_adult": True}
        space = workspace.create(path, preset={**asks_nobody, **preset})
    with space.warehouse() as store:
        for name, lines in rows.items():
            store.write(name, frame(name, lines))
        if "ads" in rows:  # as the stage would have made them: they say of their offer what it says
            store.temp("_offers_said", "ads/offers_said")
            said = store.query_text("SELECT offer_id, offer_version FROM _offers_said")
            store.write("ads", store.read("ads").drop("offer_version").join(said, on="offer_id"))
        if "handsets" in rows:
            store.write("loyalty", loyalty.table(store.read("handsets"), handsets.described(store, space.config)))
    return space
