"""The whole job on real input: Copenhagen's calls and texts, real handset codes, real faces.

What comes out is checked against computations written here with pandas and networkx only.
"""

from __future__ import annotations

import json
import math
import shutil
from datetime import date

import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pytest

import engine

pytestmark = [pytest.mark.real, pytest.mark.slow]

EPOCH = "2014-02-24"
SEED = 11


def legs_merged(calls: pd.DataFrame) -> pd.DataFrame:
    """METHODS section 1 in plain Python: a call of the same two parties, as long (within 1 s) and begun at most 30 s
    after one that is kept, and before that one ended, is the other leg of it."""
    kept, last = [], {}
    for row in calls.sort_values(["timestamp", "caller", "callee"]).itertuples():
        pair = frozenset((row.caller, row.callee))
        twin = any(
            row.timestamp - other.timestamp <= 30 and abs(row.duration - other.duration) <= 1
            for other in last.get(pair, [])
            if row.duration > 0 and other.duration > 0 and row.timestamp < other.timestamp + other.duration
        )
        if not twin:
            kept.append(row.Index)
            last.setdefault(pair, []).append(row)
    return calls.loc[kept]


def logs(folder) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls without second legs and texts without repeated rows, each with the day of the study."""
    calls = legs_merged(pd.read_csv(folder / "calls.csv"))
    texts = pd.read_csv(folder / "sms.csv").drop_duplicates()
    calls["day"], texts["day"] = calls.timestamp // 86400, texts.timestamp // 86400
    return calls.astype({"caller": str, "callee": str}), texts.astype({"sender": str, "recipient": str})


def directed_days(calls: pd.DataFrame, texts: pd.DataFrame) -> dict:
    """(src, dst) -> day -> [calls, seconds, texts]."""
    found: dict = {}
    for row in calls.itertuples():
        cell = found.setdefault((row.caller, row.callee), {}).setdefault(row.day, [0, 0, 0])
        cell[0] += 1
        cell[1] += max(row.duration, 0)
    for row in texts.itertuples():
        found.setdefault((row.sender, row.recipient), {}).setdefault(row.day, [0, 0, 0])[2] += 1
    return found


def strength(days: dict, end: int) -> float:
    """METHODS section 2."""
    return sum(
        2.0 ** (-(end - day) / 30) * ((calls > 0) + 0.25 * math.log(1 + min(talk, 3600) / 60) + 0.5 * (texts > 0))
        for day, (calls, talk, texts) in days.items()
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """A workspace run to ads on real input, and the people who were given photos."""
    from tests.conftest import REAL

    if not REAL.is_dir():
        pytest.skip("real data is absent: ../shared/data")
    patch = pytest.MonkeyPatch()
    base = tmp_path_factory.mktemp("real")
    patch.setenv("KINDRED_KEYS", str(base / "keys"))
    space = engine.create(base / "w", run__today="2014-04-01", ads__campaign="real")
    rng = np.random.default_rng(SEED)
    folder = REAL / "copenhagen"
    done = engine.import_logs(
        space,
        [folder / "calls.csv", folder / "sms.csv"],
        format="copenhagen",
        options={"epoch": date.fromisoformat(EPOCH)},
    )
    calls, texts = logs(folder)
    people = sorted(set(calls.caller) | set(calls.callee) | set(texts.sender) | set(texts.recipient))

    engine.import_table(space, "devices", REAL / "tac" / "tacdb.csv", format="osmocom")
    with space.warehouse(read_only=True) as store:
        types = store.read("devices")
    brands = ["Apple", "Samsung", "Nokia", "HTC"]
    pools = {b: types.filter(pl.col("manufacturer") == b)["tac"].to_list() for b in brands}
    assert all(len(pool) > 5 for pool in pools.values())
    sessions, first, then = [], {}, {}
    for person in people:
        first[person], then[person] = rng.choice(brands, p=[0.4, 0.35, 0.15, 0.1]), None
        spells = [(0, 28, rng.choice(pools[first[person]]))]
        if rng.random() < 0.3:
            then[person] = first[person] if rng.random() < 0.6 else rng.choice(brands)
            spells = [(0, 14, spells[0][2]), (14, 28, rng.choice(pools[then[person]]))]
        for start, stop, tac in spells:
            for day in range(start, stop, 2):
                when = pd.Timestamp(EPOCH) + pd.Timedelta(days=day, hours=12)
                sessions.append(("data", person, when.isoformat(), 0, tac, round(float(rng.gamma(2, 20)), 2)))
    columns = ["kind", "caller", "started_at", "duration_s", "caller_tac", "volume_mb"]
    pd.DataFrame(sessions, columns=columns).to_csv(base / "data.csv", index=False)
    done += engine.import_logs(space, [base / "data.csv"])

    ages = rng.integers(18, 60, len(people))
    pd.DataFrame(
        {"customer_id": people, "age": ages, "residence": rng.choice(["Lyngby", "Valby"], len(people))}
    ).to_csv(base / "customers.csv", index=False)
    offers = [
        ("apple", "Apple", "A better camera", "Trade in today.", "See it", 100, 0),
        ("samsung", "Samsung", "More screen", "Two years of care.", "See it", 80, 0),
    ]
    pd.DataFrame(
        offers, columns=["offer_id", "manufacturer", "headline", "body", "call_to_action", "value", "cost"]
    ).to_csv(base / "offers.csv", index=False)
    given = rng.choice(["", "apple", "samsung"], len(people))
    lift = np.where(given == "", 0, np.where((given == "samsung") == (ages > 40), 0.35, 0.05))
    pd.DataFrame(
        {
            "customer_id": people,
            "campaign_id": "spring",
            "offer_id": given,
            "sent_at": "2014-03-20T08:00:00",
            "propensity": 1 / 3,
            "accepted": (rng.random(len(people)) < 0.1 + lift).astype(int),
        }
    ).to_csv(base / "treatments.csv", index=False)
    purposes = ["own_face", "likeness_for_contacts", "traffic_data_marketing", "offers"]
    consents = [(p, purpose, "2014-01-01T00:00:00") for p in people for purpose in purposes]
    pd.DataFrame(consents, columns=["customer_id", "purpose", "granted_at"]).to_csv(base / "consents.csv", index=False)

    contacts = nx.Graph(list(zip(calls.caller, calls.callee, strict=True)))
    stars = sorted(contacts.degree, key=lambda pair: (-pair[1], pair[0]))[:10]
    persons = sorted(p.name for p in (REAL / "faces10x10").iterdir() if p.is_dir())
    faces = dict(zip((node for node, _ in stars), persons, strict=True))
    # Photos are read below the folder of their table only, hence the copies.
    shutil.copytree(REAL / "faces10x10", base / "faces", copy_function=shutil.copyfile)
    pictures = {name: sorted((base / "faces" / name).glob("*.jpg")) for name in persons}
    mine = [(node, str(pictures[name][0].relative_to(base))) for node, name in faces.items()]
    pd.DataFrame(mine, columns=["customer_id", "path"]).to_csv(base / "photos.csv", index=False)
    rest = [(p.stem, str(p.relative_to(base))) for name in persons for p in pictures[name][1:]]
    pd.DataFrame(rest, columns=["photo_id", "path"]).to_csv(base / "inventory.csv", index=False)
    for target in ("customers", "offers", "treatments", "consents", "photos", "inventory"):
        done.append(engine.import_table(space, target, base / f"{target}.csv"))
    stages = engine.run(space)
    yield {"space": space, "faces": faces, "imports": done, "stages": stages, "base": base}
    patch.undo()


def read(town, table: str) -> pl.DataFrame:
    with town["space"].warehouse(read_only=True) as store:
        return store.read(table)


def by_party(town, frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Replace node numbers by party ids."""
    names = read(town, "parties").select("node", "party_id")
    for column in columns:
        frame = frame.join(names.rename({"node": column, "party_id": f"{column}_id"}), on=column, how="left")
    return frame


def test_no_row_is_lost(town):
    for source in town["imports"]:
        assert source.rows_in == source.rows_kept + source.rows_duplicate + source.rows_rejected
        assert source.rows_rejected == 0 or source.target == "devices"


def test_edges_count_what_pandas_counts(town, real_data):
    expected = {
        pair: tuple(np.sum(list(days.values()), axis=0))
        for pair, days in directed_days(*logs(real_data / "copenhagen")).items()
    }
    edges = by_party(town, read(town, "edges"), "src", "dst")
    found = {(r["src_id"], r["dst_id"]): (r["n_calls"], r["talk_s"], r["n_texts"]) for r in edges.to_dicts()}
    assert found == expected


def test_strength_strongest_tie_and_pagerank(town, real_data):
    days = directed_days(*logs(real_data / "copenhagen"))
    end = 28
    s = {pair: strength(cells, end) for pair, cells in days.items()}
    edges = by_party(town, read(town, "edges"), "src", "dst")
    for row in edges.to_dicts():
        assert row["strength"] == pytest.approx(s[row["src_id"], row["dst_id"]], rel=1e-9)

    weights: dict = {}
    for (a, b), out in s.items():
        both = set(days[a, b]) | set(days.get((b, a), {}))
        if (b, a) in s and len(both) >= 2:
            r = 2 * min(out, s[b, a]) / (out + s[b, a])
            weights.setdefault(a, {})[b] = (out + s[b, a]) * (0.5 + 0.5 * r)
    best = {a: min(ws, key=lambda b: (-round(ws[b], 9), b)) for a, ws in weights.items()}
    strongest = read(town, "influencers").filter((pl.col("definition") == "strongest") & (pl.col("rank") == 1))
    assert dict(strongest.select("customer_id", "contact_id").iter_rows()) == best

    graph = nx.DiGraph()
    graph.add_weighted_edges_from((a, b, w) for (a, b), w in s.items())
    rank = nx.pagerank(graph, alpha=0.85, tol=1e-13, max_iter=1000)
    nodes = read(town, "nodes").filter(pl.col("pagerank").is_not_null())
    assert set(nodes["party_id"]) >= set(rank)
    for party, value in nodes.select("party_id", "pagerank").iter_rows():
        assert value == pytest.approx(rank[party], abs=1e-6)


def test_own_face_match_is_the_same_person(town):
    matches = read(town, "matches").filter(pl.col("arm") == "own_face")
    rows = {row["customer_id"]: row for row in matches.to_dicts() if row["customer_id"] in town["faces"]}
    assert set(rows) == set(town["faces"]) and len(rows) == 10
    same = [
        row["photo_id"].rsplit("_", 1)[0] == town["faces"][person]
        for person, row in rows.items()
        if row["status"] == "matched"
    ]
    assert sum(same) >= 8, {person: (row["status"], row["photo_id"]) for person, row in rows.items()}


def test_ads_are_real_pictures(town):
    from PIL import Image

    ads = read(town, "ads")
    assert set(ads["arm"]) >= {"own_face", "influencer_face"}
    for row in ads.head(40).to_dicts():
        sizes = set()
        for name in row["files"]:
            with Image.open(town["space"].ads / name) as picture:
                picture.load()
                sizes.add(picture.size)
            assert f"_{picture.width}x{picture.height}_" in name
        assert sizes == {(1080, 1080), (300, 250)}


def test_a_second_run_finds_everything_fresh(town):
    assert {result.status for result in engine.run(town["space"])} == {"fresh"}


def test_export_all_twice_gives_the_same_bytes(town):
    from engine.export import export

    first = export(town["space"], "all", town["base"] / "one", format="parquet")
    export(town["space"], "all", town["base"] / "two", format="parquet")
    names = sorted(p.relative_to(first.path) for p in first.path.rglob("*") if p.is_file())
    assert len(names) > 20
    for name in names:
        assert (town["base"] / "one" / name).read_bytes() == (town["base"] / "two" / name).read_bytes(), name
    manifest = json.loads((town["base"] / "one" / "manifest.json").read_text())
    assert manifest["files"]
