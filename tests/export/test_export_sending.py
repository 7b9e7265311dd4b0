"""Numbered deliveries: only what is new, nothing twice, once more on request; caps, quiet days, a holdout."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.errors import InputError, WorkspaceError
from engine.export import ads, export, sending
from engine.trust import audit, folder
from engine.usecases import erase
from tests.export.sender_data import lines, number, pseudonym

DAY = date(2024, 6, 1)
ARMS = ("own_face", "influencer_face", "random_face")


def delivered(space, to, day: date = DAY, **options) -> set[str]:
    """Customers of a delivery of what is new."""
    options = options or {"since_last": True}
    export(space, "delivery", to, "jsonl", as_of=day, **options)
    return {row["customer_id"] for row in lines(to / "delivery.jsonl")}


def people(space, *numbers: int) -> set[str]:
    """Customers as the workspace names them; none given = all."""
    return {pseudonym(number(n), space.key()) for n in numbers or range(6)}


def say(space, numbers: list[int], text: str, arms: tuple[str, ...] = ARMS) -> None:
    """Another text under some customers' ads."""
    mine = pl.col("customer_id").is_in(list(people(space, *numbers))) & pl.col("arm").is_in(arms)
    with space.writing("test") as store:
        told = pl.when(mine).then(pl.lit(text)).otherwise("alt_text").alias("alt_text")
        store.write("ads", store.read("ads").with_columns(told))


def bytes_of(folder) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_only_what_is_new_or_changed_leaves_and_nothing_twice(own, tmp_path):
    assert delivered(own, tmp_path / "1") == people(own) == delivered(own, tmp_path / "plain", again=1)
    assert delivered(own, tmp_path / "2") == set() == delivered(own, tmp_path / "3")
    assert bytes_of(tmp_path / "2") == bytes_of(tmp_path / "3")
    say(own, [1, 3], "Another one")
    assert delivered(own, tmp_path / "4") == people(own, 1, 3) and delivered(own, tmp_path / "5") == set()
    say(own, [1], "One more")
    assert delivered(own, tmp_path / "6") == people(own, 1)
    with pytest.raises(WorkspaceError, match=r"earlier delivery.*new folder"):
        delivered(own, tmp_path / "6")
    with pytest.raises(InputError, match=r"delivery 3 was of 2024-06-01, later than 2024-05-01.*--as-of"):
        delivered(own, tmp_path / "7", date(2024, 5, 1))


def test_a_row_that_stayed_is_not_sent_again_because_its_neighbour_changed(own, tmp_path):
    delivered(own, tmp_path / "1")
    say(own, [0], "new text", ("own_face",))
    assert delivered(own, tmp_path / "2") == people(own, 0)
    assert [row["arm"] for row in lines(tmp_path / "2/delivery.jsonl")] == ["own_face"]
    assert delivered(own, tmp_path / "3") == set()


def test_killed_between_note_and_folder_nothing_is_sent_twice_and_again_gives_it(own, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ads, "write_delivery", killed)
        with pytest.raises(KeyboardInterrupt):
            delivered(own, tmp_path / "1")
    assert not (tmp_path / "1").exists()
    done = export(own, "delivery", tmp_path / "2", "jsonl", as_of=DAY, since_last=True)
    assert (done.number, done.unfinished, lines(tmp_path / "2/delivery.jsonl")) == (0, 1, [])
    once = export(own, "delivery", tmp_path / "3", "jsonl", as_of=DAY, again=1)
    assert once.unfinished == 0 and delivered(own, tmp_path / "4", again=1) == people(own)
    assert bytes_of(tmp_path / "3") == bytes_of(tmp_path / "4")
    assert export(own, "delivery", tmp_path / "5", as_of=DAY, since_last=True).unfinished == 0
    with pytest.raises(InputError, match=r"no delivery 2\. The last one is 1"):
        delivered(own, tmp_path / "6", again=2)


def killed(*_, **__):
    raise KeyboardInterrupt


MOMENTS = {
    "after it is noted": (sending, "note", True),
    "while it is written": (ads, "write_delivery", False),
    "written, not put in place": (folder.Draft, "finish", True),
    "in place, not in the audit log": (audit, "append", False),
    "told, and its number is open": (sending, "left", False),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_of_a_night_every_row_leaves_and_none_twice(own, tmp_path, monkeypatch, moment):
    """The first of three nights is killed; the second does as it is told; in the third two customers are new."""
    place, name, after = MOMENTS[moment]

    def dies(*given, **options):
        if after:
            getattr(place, f"_{name}")(*given, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, f"_{name}", getattr(place, name), raising=False)
        patch.setattr(place, name, dies)
        with pytest.raises(KeyboardInterrupt):
            delivered(own, tmp_path / "1")
    nights = [tmp_path / "1"] * (tmp_path / "1" / "_SUCCESS").exists()
    done = export(own, "delivery", tmp_path / "2", "jsonl", as_of=DAY, since_last=True)
    nights.append(tmp_path / "2")
    if done.unfinished and not (tmp_path / "1").exists():
        nights.append(tmp_path / "once more")
        delivered(own, nights[-1], again=done.unfinished)
    say(own, [2, 4], "Another one")
    assert delivered(own, tmp_path / "3", date(2024, 6, 2)) == people(own, 2, 4)
    left = [(row["customer_id"], row["ad_id"]) for night in nights for row in lines(night / "delivery.jsonl")]
    assert len(left) == len(set(left)) and {who for who, _ in left} == people(own)


@pytest.mark.parametrize("finished", [True, False])
def test_a_backup_put_back_forgets_no_delivery(own, tmp_path, monkeypatch, finished):
    with own.writing("run", backup=True):
        pass
    if finished:
        delivered(own, tmp_path / "1")
    else:
        with monkeypatch.context() as patch:
            patch.setattr(ads, "write_delivery", killed)
            with pytest.raises(KeyboardInterrupt):
                delivered(own, tmp_path / "1")
    own.restore()
    done = export(own, "delivery", tmp_path / "2", "jsonl", as_of=DAY, since_last=True)
    assert (done.number, done.unfinished) == (0, 0 if finished else 1)
    assert lines(tmp_path / "2/delivery.jsonl") == [] and delivered(own, tmp_path / "3", again=1) == people(own)
    say(own, [5], "Another one")
    assert export(own, "delivery", tmp_path / "4", "jsonl", as_of=DAY, since_last=True).number == 2
    assert {row["customer_id"] for row in lines(tmp_path / "4/delivery.jsonl")} == people(own, 5)


def test_once_more_leaves_out_who_has_objected_since(own, tmp_path):
    first = delivered(own, tmp_path / "1")
    erase.erase(own, [number(0)])
    (tmp_path / "out.csv").write_text(f"customer_id,since\n{number(1)},2024-01-01\n")
    engine.import_table(own, "optouts", tmp_path / "out.csv")
    again = delivered(own, tmp_path / "2", again=1)
    assert again < first and not again & people(own, 0, 1)
    with own.warehouse(read_only=True) as store:
        assert not set(store.read("sendings")["customer_id"]) & people(own, 0, 1)


def test_quiet_days_and_the_most_within_days(own, tmp_path):
    quiet = engine.open(own.path, sending__quiet_days=7)
    assert delivered(quiet, tmp_path / "1", date(2024, 6, 1)) == people(own)
    say(own, [1, 3, 5], "Two")
    done = export(quiet, "delivery", tmp_path / "2", "jsonl", as_of=date(2024, 6, 7), since_last=True)
    assert (done.number, done.left_out) == (0, {"quiet_days": 3, "unchanged": 3})
    assert delivered(quiet, tmp_path / "3", date(2024, 6, 8)) == people(own, 1, 3, 5)
    say(own, [1, 3, 5], "Three")
    capped = engine.open(own.path, sending__max_ads=2, sending__max_days=30)
    done = export(capped, "delivery", tmp_path / "4", "jsonl", as_of=date(2024, 6, 30), since_last=True)
    assert done.left_out["max_ads"] == 3 and done.number == 0
    assert delivered(capped, tmp_path / "5", date(2024, 7, 1)) == people(own, 1, 3, 5)


def test_the_holdout_is_the_same_ever_after_and_is_never_sent(own, tmp_path):
    names = pl.Series([f"p{n}" for n in range(4000)])
    tenth, third = (set(sending.held_out(names, share, b"k" * 32)) for share in (0.1, 1 / 3))
    assert tenth < third and abs(len(tenth) / 4000 - 0.1) < 0.02 and abs(len(third) / 4000 - 1 / 3) < 0.03
    assert tenth == set(sending.held_out(names.reverse(), 0.1, b"k" * 32))
    assert tenth != set(sending.held_out(names, 0.1, b"x" * 32))
    half = engine.open(own.path, sending__holdout=0.5)
    held = set(sending.held_out(pl.Series(sorted(people(own))), 0.5, own.key()))
    done = export(half, "delivery", tmp_path / "1", "jsonl")
    assert {row["customer_id"] for row in lines(tmp_path / "1/delivery.jsonl")} == people(own) - held
    assert done.left_out == ({"holdout": len(held)} if held else {})


def test_the_command_tells_number_and_emptiness(own, tmp_path):
    call = ["export", "delivery", "-w", str(own.path), "--since-last"]
    tried = CliRunner().invoke(app, [*call, "--to", str(tmp_path / "0"), "--dry-run"])
    assert "Would export" in tried.stderr and not (tmp_path / "0").exists()
    done = CliRunner().invoke(app, [*call, "--to", str(tmp_path / "1")])
    assert "Delivery 1: `--again 1` gives it once more." in done.stderr
    done = CliRunner().invoke(app, [*call, "--to", str(tmp_path / "2")])
    assert done.exit_code == 0 and "this one is empty and has no number" in done.stderr
    assert "Left out: 6 customers whose ad is the same as in the last delivery." in done.stderr
