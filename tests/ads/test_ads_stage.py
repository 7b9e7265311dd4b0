"""The stage `ads`: who gets which creative, what it is called, and that nothing is rendered twice."""

from __future__ import annotations

import os
from datetime import datetime

import polars as pl
import pytest
from PIL import Image

import engine
from engine.errors import EngineError
from engine.tables import NOT_EXPORTED
from tests.ads import ads_data


@pytest.fixture
def space(tmp_path):
    return ads_data.make(tmp_path / "ws")


def change(space, table, frame):
    with space.writing("test") as store:
        store.write(table, frame(store.read(table)))


def test_every_matched_arm_has_an_ad_of_every_size(space):
    ads = ads_data.run(space)
    assert ads.height == 6 * 3
    for files in ads["files"]:
        sizes = [Image.open(space.ads / name).size for name in files]
        assert sizes == [(1080, 1080), (300, 250)]
        for name, size in zip(files, sizes, strict=True):
            campaign, variant, named, digest = name.removesuffix(".jpg").split("_")
            assert (campaign, named) == ("campaign", f"{size[0]}x{size[1]}")
            assert variant.split("-")[0] in ("galaxy", "pixel") and len(digest) == 12


def test_a_creative_is_made_once_per_offer_photo_and_size(space):
    ads = ads_data.run(space)
    pairs = ads.select("offer_id", "photo_id").n_unique()
    assert len(os.listdir(space.ads)) == 2 * pairs == ads["files"].explode().n_unique()


def test_a_second_run_renders_nothing_and_gives_the_same(space):
    first = ads_data.run(space)
    before = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in space.ads.iterdir()}
    assert ads_data.run(space).equals(first)
    assert {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in space.ads.iterdir()} == before


def test_a_killed_run_continues_with_the_same_bytes(space):
    ads_data.run(space)
    whole = {p.name: p.read_bytes() for p in space.ads.iterdir()}
    names = sorted(whole)
    (space.ads / names[0]).unlink()
    (space.ads / names[1]).write_bytes(whole[names[1]][:500])
    (space.ads / f".{names[2]}.77").write_bytes(b"half")
    kept = (space.ads / names[3]).stat().st_mtime_ns
    ads_data.run(space)
    assert {p.name: p.read_bytes() for p in space.ads.iterdir()} == whole
    assert (space.ads / names[3]).stat().st_mtime_ns == kept


def test_creatives_of_the_run_before_the_last_are_deleted(space):
    def headline(text):
        named = engine.open(space.path, ads__campaign=text)
        return {name for files in ads_data.run(named)["files"] for name in files}

    (space.ads / "notes.txt").write_text("mine")
    first, second = headline("One"), headline("Two")
    assert set(os.listdir(space.ads)) == first | second | {"notes.txt"}
    third = headline("Three")
    assert set(os.listdir(space.ads)) == second | third | {"notes.txt"}


@pytest.mark.parametrize(("format", "kind", "ending"), [("png", "PNG", ".png"), ("webp", "WEBP", ".webp")])
def test_other_formats_keep_the_budget_too(tmp_path, format, kind, ending):
    settings = {"ads__format": format, "ads__sizes": "300x250,728x90", "ads__banner_kb": 20}
    space = ads_data.make(tmp_path / "ws", customers=2, preset=settings)
    for name in {n for files in ads_data.run(space)["files"] for n in files}:
        assert name.endswith(ending) and (space.ads / name).stat().st_size <= 20_000
        with Image.open(space.ads / name) as picture:
            assert picture.format == kind and not set(picture.info) & {"exif", "icc_profile", "xmp", "dpi"}
    before = {p.name: p.stat().st_mtime_ns for p in space.ads.iterdir()}
    first = next(space.ads.iterdir())
    first.write_bytes(first.read_bytes()[:-3])
    ads_data.run(space)
    after = {p.name: p.stat().st_mtime_ns for p in space.ads.iterdir()}
    assert {n for n in before if before[n] != after[n]} == {first.name}


def test_an_impossible_budget_is_an_error_that_names_the_setting(tmp_path):
    space = ads_data.make(tmp_path / "ws", customers=2, preset={"ads__sizes": "300x250", "ads__banner_kb": 5})
    with pytest.raises(EngineError, match=r"offer galaxy, photo model\d: the 300x250 creative.*ads\.banner_kb"):
        ads_data.run(space)


def test_processes_give_the_same_bytes_as_one(tmp_path):
    sizes = {"ads__sizes": "300x250,160x600"}
    one = ads_data.make(tmp_path / "one", photos=14, customers=14, preset=sizes)
    same_key = {"ids__key_id": one.config.ids.key_id}  # which hides the contact in an ad's id
    two = ads_data.make(tmp_path / "two", photos=14, customers=14, preset={**sizes, **same_key, "run__threads": 2})
    assert ads_data.run(one).equals(ads_data.run(two))
    for path in one.ads.iterdir():
        assert path.read_bytes() == (two.ads / path.name).read_bytes()


def test_neither_own_photo_nor_contact_is_named(space):
    for text in ads_data.run(space).drop("customer_id", *NOT_EXPORTED["ads"]).rows():
        assert not ads_data.named(repr(text))


def test_consent_is_asked_again(space):
    gone = {("c001", "own_face"), ("c002", "likeness_for_contacts"), ("c003", "offers")}
    withdrawn = pl.struct("customer_id", "purpose").map_elements(
        lambda r: datetime(2024, 5, 31) if tuple(r.values()) in gone else None, return_dtype=pl.Datetime("us")
    )  # fmt: skip
    change(space, "consents", lambda frame: frame.with_columns(withdrawn_at=withdrawn))
    ads = set(ads_data.run(space).select("customer_id", "arm").rows())
    every = {(f"c00{n}", arm) for n in range(6) for arm in ("own_face", "influencer_face", "random_face")}
    assert every - ads == {
        ("c001", "own_face"), ("c001", "influencer_face"),  # c001's contact is c002
        ("c003", "own_face"), ("c003", "influencer_face"), ("c003", "random_face"),
    }  # fmt: skip


def test_no_ad_for_or_through_whoever_opted_out(space):
    change(space, "optouts", lambda _: pl.DataFrame({"customer_id": ["c002"], "since": [datetime(2024, 1, 1)]}))
    ads = ads_data.run(space)
    assert "c002" not in ads["customer_id"]
    assert ads.filter(pl.col("customer_id") == "c001")["arm"].to_list() == ["own_face", "random_face"]


def test_placeholders_are_filled_per_offer_and_per_customer(space):
    from engine.export import export

    change(space, "offers", lambda f: f.with_columns(
        headline=pl.lit("For {first_name|you}: {model}"), body=pl.lit("{{{manufacturer}}}"),
        model=pl.col("offer_id").str.to_uppercase(), manufacturer=pl.lit("{model}"),
    ))  # fmt: skip
    change(space, "customers", lambda f: f.with_columns(
        first_name=pl.when(pl.col("customer_id") == "c002").then(pl.lit("Zoë <b>")))
    )  # fmt: skip
    ads = ads_data.run(space)
    said = dict(ads.filter(pl.col("arm") == "own_face").select("customer_id", "alt_text").rows())
    assert "For Zoë <b>: GALAXY. {{model}}." in said["c002"] and "For you: GALAXY. {{model}}." in said["c000"]
    same = ads.filter((pl.col("offer_id") == "galaxy") & (pl.col("photo_id") == "model1"))
    made = {row["customer_id"]: row["files"] for row in same.to_dicts()}
    assert set(made) == {"c000", "c002", "c004"}
    assert made["c000"] == made["c004"] != made["c002"]
    assert not any("Zo" in name for name in ads["files"].explode())
    export(space, "delivery", space.path.parent / "out", "jsonl")
    assert '"headline":"For Zoë <b>: GALAXY"' in (space.path.parent / "out/delivery.jsonl").read_text()


def test_a_placeholder_nobody_can_fill_is_named(space):
    change(space, "offers", lambda f: f.with_columns(body=pl.lit("Hello {nickname}")))
    with pytest.raises(EngineError, match=r"offer galaxy: there is nothing to put in place of \{nickname\}.*tariff"):
        ads_data.run(space)
    change(space, "offers", lambda f: f.with_columns(body=pl.lit("Hello {residence}")))
    with pytest.raises(EngineError, match=r"offer galaxy: \{residence\} is not known.*\{residence\|you\}"):
        ads_data.run(space)


def test_a_full_disk_is_named_and_a_later_run_continues(space):
    import subprocess

    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", space.ads], capture_output=True).returncode:
        pytest.skip("this user may not mount a small tmpfs")
    try:
        with pytest.raises(EngineError, match=r"cannot be written: No space left on device.*it continues"):
            ads_data.run(space)
        assert not [p for p in space.ads.iterdir() if p.name.startswith(".")]
    finally:
        subprocess.run(["umount", space.ads], check=True)
    assert ads_data.run(space).height == 18


def test_nothing_to_show_is_an_empty_table(space):
    change(space, "matches", lambda frame: frame.clear())
    assert ads_data.run(space).height == 0


def test_a_text_that_cannot_fit_is_refused_before_anything_is_rendered(space):
    change(space, "offers", lambda f: f.with_columns(body=pl.lit("Mississippi" * 40)))
    with pytest.raises(EngineError, match=r"offer galaxy: the body \(440 characters.*pixel box of"):
        ads_data.run(space)
    assert os.listdir(space.ads) == []


def test_a_photo_that_is_gone_is_named(space):
    (space.faces / "model1.jpg").unlink()
    with pytest.raises(EngineError, match=r"model1\.jpg.*Import the inventory again"):
        ads_data.run(space)
