"""Stage `matches` in a real workspace: consent, minors, reasons, what is embedded, what a second run reads."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from engine import workspace
from engine.errors import WorkspaceError
from engine.pipeline import matches, prepared
from engine.synth import looks, portraits
from engine.usecases import lookalikes

TODAY = datetime(2026, 3, 1).date()
LONG_AGO = datetime(2025, 1, 1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Ten drawn persons, three photos each: (folder, person -> [sha256])."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(5)
    people = {}
    latent = looks.people(rng, np.full(10, 30), np.arange(10) % 2 == 0)
    for person, z in enumerate(latent):
        for photo in range(3):
            file = folder / f"{person}-{photo}.png"
            Image.fromarray(portraits.draw(z, size=240, seed=100 * person + photo, studio=photo == 2)).save(file)
            sha = hashlib.sha256(file.read_bytes()).hexdigest()
            file.rename(folder / f"{sha}.png")
            people.setdefault(person, []).append(sha)
    return folder, people


@pytest.fixture
def space(tmp_path, pictures):
    """A workspace: persons 0-4 are customers c0..c4 (two photos each), person i's third photo is model m<i>."""
    folder, people = pictures
    made = workspace.create(tmp_path / "w", preset={"people__unknown_age_is_adult": True})
    shutil.copytree(folder, made.faces, dirs_exist_ok=True)
    customers = [f"c{i}" for i in range(7)]
    with made.warehouse() as store:
        store.write("customers", pl.DataFrame({"customer_id": customers, "age": [30, 31, 17, 40, None, 50, 60]}))
        store.write(
            "choices",
            pl.DataFrame(
                {
                    "customer_id": customers,
                    "offer_id": ["o", "o", "o", "o", None, "o", "o"],
                    "expected_value": [1.0] * 7,
                    "reason": [""] * 7,
                }
            ),
        )
        contact = {"c0": "c1", "c1": "c4", "c3": "c2", "c5": "c0"}
        store.write(
            "influencers",
            pl.DataFrame(
                [
                    {"customer_id": c, "definition": "auto", "rank": r, "contact_id": k, "score": 1.0,
                     "tie_share": 1.0, "centrality_pct": 1.0, "margin": 1.0}
                    for c, first in contact.items() for r, k in ((1, first), (2, "c3"))
                ]
            ),
        )  # fmt: skip
        store.write(
            "photos",
            pl.DataFrame(
                [
                    {"customer_id": f"c{i}", "sha256": sha, "path": f"{sha}.png"}
                    for i in range(5) for sha in people[i][:2]
                ]
            ),
        )  # fmt: skip
        store.write(
            "inventory",
            pl.DataFrame(
                [{"photo_id": f"m{i}", "sha256": people[i][2], "path": f"{people[i][2]}.png"} for i in range(10)]
            ),
        )
        given = [("c0", "own_face"), ("c1", "likeness_for_contacts"), ("c2", "own_face"), ("c4", "own_face"),
                 ("c2", "likeness_for_contacts"), ("c5", "own_face")]  # fmt: skip
        store.write(
            "consents",
            pl.DataFrame([{"customer_id": c, "purpose": p, "granted_at": LONG_AGO} for c, p in given]),
        )
    return made


def step(space, store):
    context = prepared(space, store)
    matches.prepare(context)
    with store.transaction():
        matches.run(context)
    return {(r["customer_id"], r["arm"]): r for r in store.read("matches").iter_rows(named=True)}


def test_who_is_matched_and_who_is_not_and_why(space, pictures):
    _, people = pictures
    with space.warehouse() as store:
        rows = step(space, store)
        status = {key: row["status"] for key, row in rows.items()}
        embedded = set(store.read("faces").filter(pl.col("embedding").is_not_null())["sha256"])
    assert {c for c, _ in rows} == {f"c{i}" for i in range(7)}  # c4 has no offer, but gave a photo
    assert status["c0", "own_face"] == "matched" and rows["c0", "own_face"]["photo_id"] == "m0"
    assert status["c0", "influencer_face"] == "matched"  # by which photo is drawn: test_faces_contacts
    assert status["c1", "own_face"] == "no_consent"
    assert status["c1", "influencer_face"] == "no_consent"  # c4 agreed to the own face only
    assert {status["c2", arm] for arm in ("own_face", "influencer_face", "random_face")} == {"minor"}
    assert status["c3", "own_face"] == "no_consent"
    assert status["c3", "influencer_face"] == "minor"
    assert status["c5", "own_face"] == "no_photo"
    assert status["c6", "influencer_face"] == "no_influencer"
    assert all(status[c, "random_face"] == "matched" for c in ("c0", "c1", "c3", "c5", "c6"))
    # Only consented adults and the inventory were embedded: c0's, c1's and c4's photos, not c2's and c3's.
    agreed = {sha for i in (0, 1, 4) for sha in people[i][:2]}
    assert embedded & {sha for i in range(5) for sha in people[i][:2]} <= agreed
    assert embedded & set(people[0][:2])
    likeness = rows["c0", "own_face"]
    assert 0.5 < likeness["similarity"] <= 1 and likeness["percentile"] > 0.9


def test_a_second_run_reads_no_photo_and_withdrawn_consent_removes_the_face(space, pictures):
    _, people = pictures
    with space.warehouse() as store:
        first = step(space, store)
        before = store.read("faces")
        for photo in space.faces.iterdir():
            photo.unlink()
        assert step(space, store) == first
        assert store.read("faces").equals(before)
        store.write("consents", store.read("consents").with_columns(withdrawn_at=pl.lit(LONG_AGO)))
        after = step(space, store)
        assert after["c0", "own_face"]["status"] == "no_consent"
        assert set(store.read("faces")["sha256"]) == {people[i][2] for i in range(10)}


def test_no_consents_means_nobody_consented(space):
    with space.warehouse() as store:
        store.write("consents", store.read("consents").clear())
        rows = step(space, store)
    assert {r["status"] for k, r in rows.items() if k[1] != "random_face"} <= {
        "no_consent", "no_photo", "minor", "no_influencer",
    }  # fmt: skip


def test_a_contact_sheet_and_the_cost_of_caps(space, tmp_path):
    with space.warehouse() as store:
        context = prepared(space, store)
        with pytest.raises(WorkspaceError, match="no matches"):
            lookalikes.sheet_of(context, tmp_path / "sheet")
        step(space, store)
        few = lookalikes.sheet_of(context, tmp_path / "few", limit=2)[1].read_text()
        assert "c0 own_face" in few and "c4 own_face" in few and "c1 own_face" not in few  # c1 has nothing to show
        files = lookalikes.sheet_of(context, tmp_path / "sheet", limit=4)
        assert lookalikes.caps_of(context)["gap"] == 0
        free, *wished = lookalikes.wishes_of(context)
        assert free["lost"] == 0 and {row["age_weight"] for row in wished} == {*lookalikes.AGE_WEIGHTS}
        assert all(row["matched"] == free["matched"] for row in wished) and free["other_sex"] is None
        store.write("inventory", store.read("inventory").with_columns(max_uses=pl.lit(1, pl.Int32)))
        rows = step(space, store)
        used = [r["photo_id"] for r in rows.values() if r["photo_id"]]
        assert len(used) == len(set(used))
        cost = lookalikes.caps_of(context)
    text = files[1].read_text()
    assert text.count('class="shown"') == text.count("shown</small>") == few.count('class="shown"') == 3
    assert "c0 own_face" in text and "no_consent" in text and text.count("<img") >= 6
    assert [f.stat().st_mode & 0o777 for f in files] == [0o600, 0o600]
    assert cost["gap"] >= 0
