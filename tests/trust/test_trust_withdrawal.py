"""A consent that ends is followed to what was already handed out: refused, taken out, listed for withdrawal."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from engine import workspace
from engine.export import export, schemas, views
from engine.trust import audit
from engine.usecases import erase

START = datetime(2026, 1, 1)
ADS = {
    "own": ("anna", "own_face", "anna"),
    "lent": ("bela", "influencer_face", "anna"),
    "any": ("cili", "random_face", None),
}


@pytest.fixture
def space(tmp_path) -> workspace.Workspace:
    """Three ads: Anna's own face, one chosen after Anna's face for Béla, a random one for Cili; all consented."""
    made = workspace.create(tmp_path / "w", preset={"run__today": "2026-02-01", "ids__pseudonymise": "none"})
    grants = [
        (p, purpose) for p in ("anna", "bela", "cili") for purpose in ("offers", "own_face", "likeness_for_contacts")
    ]
    with made.writing("import consents") as store:
        store.append("customers", pl.DataFrame({"customer_id": ["anna", "bela", "cili"], "age": 40}))
        store.append(
            "consents",
            pl.DataFrame(
                {"customer_id": [g[0] for g in grants], "purpose": [g[1] for g in grants], "granted_at": START}
            ),
        )
        store.append("offers", pl.DataFrame(
            {"offer_id": "o", "headline": "h", "body": "b", "call_to_action": "c", "value": [1.0], "cost": 0.0}
        ))  # fmt: skip
        store.append("choices", pl.DataFrame(
            {"customer_id": ["anna", "bela", "cili"], "offer_id": "o", "expected_value": 1.0, "reason": "best"}
        ))  # fmt: skip
        rows = [
            {"customer_id": c, "arm": a, "subject_id": s, "photo_id": "p", "status": "matched"}
            for c, a, s in ADS.values()
        ]
        store.append("matches", pl.DataFrame(rows))
        store.append("ads", ads(store, *ADS))
    for name in ADS:
        (made.ads / f"{name}.jpg").write_bytes(b"creative")
    return made


def ads(store, *names: str) -> pl.DataFrame:
    store.temp("_offers_said", "ads/offers_said")
    [version] = store.query_text("SELECT offer_version FROM _offers_said")["offer_version"]
    rows = [
        {"ad_id": n, "customer_id": ADS[n][0], "arm": ADS[n][1], "offer_id": "o", "photo_id": "p",
         "files": [f"{n}.jpg"], "alt_text": "A model.", "subject_id": ADS[n][2], "offer_version": version}
        for n in names
    ]  # fmt: skip
    return pl.DataFrame(rows)


def listed(folder: Path) -> dict[str, str]:
    lines = [json.loads(line) for line in (folder / "withdraw.jsonl").read_text().splitlines()]
    assert all(set(line) == {"ad_id", "arm", "files", "because"} for line in lines), "whose ad it was is not said"
    return {line["ad_id"]: line["because"] for line in lines}


def files_of(folder: Path) -> dict[str, list[str]]:
    lines = [json.loads(line) for line in (folder / "withdraw.jsonl").read_text().splitlines()]
    return {line["ad_id"]: line["files"] for line in lines}


def change(space: workspace.Workspace, *statements: str) -> None:
    with space.writing("import consents") as store:
        for statement in statements:
            store.execute_text(statement)


def test_nothing_to_withdraw_at_first(space, tmp_path):
    export(space, "ads", tmp_path / "out", "jsonl")
    assert listed(tmp_path / "out") == {}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["withdraw_these_creatives"] == {"file": "withdraw.jsonl", "ads": 0}
    lines = [json.loads(line) for line in (space.path / audit.LOG).read_text().splitlines()]
    assert lines[-1]["command"] == "export" and lines[-1]["tables"] == {"ads": 3}


def sent(folder: Path) -> set[str]:
    return {json.loads(line)["ad_id"] for line in (folder / "manifest.jsonl").read_text().splitlines()}


def test_a_withdrawn_consent_leaves_the_ad_out_without_a_run(space, tmp_path):
    export(space, "ads", tmp_path / "out", "jsonl")
    assert sent(tmp_path / "out") == {"own", "lent", "any"}
    change(
        space, "UPDATE consents SET withdrawn_at = '2026-01-20' WHERE customer_id = 'anna' AND purpose LIKE '%l%ke%'"
    )
    for what in ("ads", "all"):
        export(space, what, tmp_path / "out", "jsonl")
        assert sent(tmp_path / "out") == {"own", "any"}
        assert listed(tmp_path / "out") == {"lent": "no_consent"}


def test_another_text_of_the_offer_makes_the_ad_an_old_one(space, tmp_path):
    export(space, "ads", tmp_path / "out", "jsonl")
    change(space, "UPDATE offers SET headline = 'half price'")
    export(space, "ads", tmp_path / "out", "jsonl")
    assert sent(tmp_path / "out") == set() and set(listed(tmp_path / "out").values()) == {"replaced"}


def test_a_consent_that_ends_while_nobody_writes_is_noticed_by_the_next_reader(space, tmp_path):
    change(space, "UPDATE consents SET expires_at = '2026-03-01' WHERE customer_id = 'anna' AND purpose = 'own_face'")
    export(space, "ads", tmp_path / "out", "jsonl")
    assert sent(tmp_path / "out") == {"own", "lent", "any"}
    later = workspace.open_(space.path, flags={"run.today": "2026-03-01"})
    export(later, "ads", tmp_path / "out", "jsonl")
    assert sent(tmp_path / "out") == {"lent", "any"} and listed(tmp_path / "out") == {"own": "no_consent"}


def test_opting_out_and_another_choice_are_told_apart(space, tmp_path):
    export(space, "ads", tmp_path / "out", "jsonl")
    change(space, "INSERT INTO optouts VALUES ('anna', '2026-01-20')", "DELETE FROM ads WHERE ad_id = 'any'")
    export(space, "ads", tmp_path / "out", "jsonl")
    assert sent(tmp_path / "out") == set()
    assert listed(tmp_path / "out") == {"own": "opted_out", "lent": "opted_out", "any": "replaced"}


def test_an_erased_person_is_called_back_everywhere(space, tmp_path):
    export(space, "ads", tmp_path / "out", "jsonl")
    erase.erase(space, ["anna"])
    export(space, "ads", tmp_path / "out", "jsonl")
    assert listed(tmp_path / "out") == {"own": "erased", "lent": "erased"}
    assert "anna" not in (tmp_path / "out" / "withdraw.jsonl").read_text()
    assert "anna" not in (tmp_path / "out" / "manifest.jsonl").read_text()


def test_files_that_another_ad_still_uses_are_not_to_be_deleted(space, tmp_path):
    change(space, "UPDATE ads SET files = ['both.jpg', own.file] FROM (SELECT ad_id AS id, ad_id || '.jpg' AS file "
           "FROM ads) AS own WHERE own.id = ad_id AND ad_id <> 'any'")  # fmt: skip
    (space.ads / "both.jpg").write_bytes(b"creative")
    export(space, "ads", tmp_path / "out", "jsonl")
    change(space, "UPDATE consents SET expires_at = '2026-01-20' WHERE customer_id = 'bela' AND purpose = 'offers'")
    export(space, "ads", tmp_path / "out", "jsonl")
    assert listed(tmp_path / "out") == {"lent": "no_consent"}
    assert files_of(tmp_path / "out") == {"lent": ["creatives/lent.jpg"]}
    assert (tmp_path / "out" / "creatives" / "both.jpg").exists()
    change(space, "UPDATE consents SET expires_at = '2026-01-20' WHERE customer_id = 'anna' AND purpose = 'own_face'")
    export(space, "ads", tmp_path / "out", "jsonl")
    both = {"lent": ["creatives/both.jpg", "creatives/lent.jpg"], "own": ["creatives/both.jpg", "creatives/own.jpg"]}
    assert files_of(tmp_path / "out") == both
    schema = schemas.schema(views.WITHDRAW)
    for line in map(json.loads, (tmp_path / "out" / "withdraw.jsonl").read_text().splitlines()):
        assert set(line) == set(schema["required"])


def test_an_ad_all_of_whose_files_are_in_use_is_called_back_all_the_same(space, tmp_path):
    change(space, "UPDATE ads SET files = ['any.jpg']")
    export(space, "ads", tmp_path / "out", "jsonl")
    change(space, "UPDATE consents SET expires_at = '2026-01-20' WHERE customer_id = 'bela' AND purpose = 'offers'")
    export(space, "ads", tmp_path / "out", "jsonl")
    assert files_of(tmp_path / "out") == {"lent": []}


def test_the_command_prints_a_line_per_kind_of_file(space, tmp_path):
    def lines(*more: str) -> str:
        done = CliRunner().invoke(
            app, ["export", "ads", "--to", str(tmp_path / "out"), "-w", str(space.path), "--format", "csv", *more]
        )
        assert done.exit_code == 0, done.output
        return done.stdout

    rows = {line.split()[0]: line.split()[1:] for line in lines("--shard-rows", "2").splitlines()[1:]}
    assert rows["creatives/"] == ["3", str(3 * len("creative"))]
    assert rows["ads-*.csv"][:2] == ["2", "3"] and rows["manifest.jsonl"][:2] == ["1", "3"]
    assert "any.jpg" not in str(rows) and "withdraw.jsonl" in rows
    every = json.loads(lines("-o", "json"))
    assert {"creatives/any.jpg", "creatives/own.jpg", "withdraw.jsonl"} <= {entry["path"] for entry in every}
    assert all(len(entry["sha256"]) == 64 for entry in every)
    assert len(lines("-o", "csv").splitlines()) == len(every) + 1


@pytest.mark.parametrize(
    ("target", "lines", "said"),
    [
        ("optouts", "customer_id,since\nanna,2026-01-20\n", "2 ads were removed"),
        ("consents", "customer_id,purpose,withdrawn_at\ncili,offers,2026-01-20\n", "1 ad was removed"),
        ("consents", "customer_id,purpose,granted_at\ncili,offers,2026-01-20\n", ""),
    ],
)
def test_an_import_says_how_many_ads_it_took_out(space, tmp_path, target, lines, said):
    export(space, "ads", tmp_path / "out", "jsonl")
    (tmp_path / f"{target}.csv").write_text(lines)
    for expected in (said, ""):  # again: nothing is taken out twice
        done = CliRunner().invoke(app, ["import", target, str(tmp_path / f"{target}.csv"), "-w", str(space.path)])
        assert done.exit_code == 0, done.output
        assert ("removed by this" in done.stderr) == bool(expected) and expected in done.stderr
        assert ("kindred export delivery" in done.stderr) == bool(expected)


def test_the_same_state_gives_the_same_bytes_again(space, tmp_path):
    export(space, "ads", tmp_path / "out", "jsonl")
    export(space, "ads", tmp_path / "again", "jsonl")
    files = {p.name: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert files == {p.name: p.read_bytes() for p in (tmp_path / "again").rglob("*") if p.is_file()}


def test_the_command_says_how_many_are_called_back(space, tmp_path):
    export(space, "ads", tmp_path / "out", "jsonl")
    change(space, "UPDATE consents SET expires_at = '2026-01-20' WHERE customer_id = 'cili'")
    done = CliRunner().invoke(app, ["export", "ads", "--to", str(tmp_path / "out"), "-w", str(space.path)])
    assert done.exit_code == 0 and "1 ad handed out earlier may no longer be shown: withdraw.jsonl" in done.stderr
