"""Call records of the town: calls, texts, data sessions, call centres, and dirt whose counts are known."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import polars as pl

    from engine.synth.handsets import Handsets
    from engine.synth.people import People, Ties

START = datetime(2025, 1, 6)
DAYS = 150
COLUMNS = ("caller", "callee", "started_at", "duration_s", "kind", "answered", "volume_mb", "caller_tac", "callee_tac",
           "caller_imei", "callee_imei")  # fmt: skip
LEGS, REPEATS, OTHER_FORM = 0.05, 0.004, 0.02  # shares of rows that are dirty in a way cleaning must see through
_HOURS = (1, 0.5, 0.3, 0.2, 0.3, 0.8, 2, 4, 6, 7, 7, 7, 7, 6.5, 6.5, 7, 7.5, 8.5, 9, 8.5, 7.5, 6, 4, 2)


def happen(rng: np.random.Generator, people: People, ties: Ties, phones: Handsets) -> pl.DataFrame:
    """Every event once, clean, in time order.

    Returns:
        caller, callee (party numbers, callee -1 for data), second (since `START`), duration_s, kind
        (0 call, 1 text, 2 data), volume_mb, caller_spell and callee_spell (row of the spell, -1 unknown).
    """
    import numpy as np
    import polars as pl

    source, target, rate = np.r_[ties.a, ties.b], np.r_[ties.b, ties.a], np.r_[ties.rate_ab, ties.rate_ba]
    count = rng.poisson(rate * DAYS)
    caller, callee = np.repeat(source, count), np.repeat(target, count)
    kind = (rng.random(len(caller)) < 0.36).astype(np.int8)
    # One-sided talkers: a few customers ring somebody who never rings back; the most called is not the closest.
    fans = rng.permutation(people.n)[: people.n // 12]
    idol = rng.integers(0, people.persons, len(fans))
    fans, idol = fans[fans != idol], idol[fans != idol]
    calls = rng.poisson(45, len(fans))
    blocks = [(caller, callee, kind), (np.repeat(fans, calls), np.repeat(idol, calls), np.zeros(calls.sum(), np.int8))]
    blocks += [_hub(rng, people, i) for i in range(len(people.hubs))]
    sessions = rng.poisson(np.clip(rng.gamma(2, 0.22, people.n), 0.05, 2) * DAYS)
    users = np.repeat(np.arange(people.n), sessions)
    blocks.append((users, np.full(len(users), -1), np.full(len(users), 2, np.int8)))
    caller, callee, kind = (np.concatenate([block[i] for block in blocks]) for i in range(3))
    total = len(caller)
    hours = np.array(_HOURS) / sum(_HOURS)
    second = (
        rng.integers(DAYS, size=total) * 86_400 + rng.choice(24, total, p=hours) * 3600 + rng.integers(3600, size=total)
    )
    duration = np.clip(rng.lognormal(4.3, 1.1, total), 2, 7200).astype(np.int64)
    duration[(kind != 0) | (rng.random(total) < 0.13)] = 0
    volume = np.where(kind == 2, np.round(rng.lognormal(2.2, 1.3, total), 2), np.nan)
    day = second // 86_400
    spells = []
    for party in (caller, callee):
        person = (party >= 0) & (party < people.persons)
        safe = np.where(person, party, 0)
        width = phones.device.shape[1]
        spells.append(np.where(person, safe * width + phones.spell(safe, day), -1))
    frame = pl.DataFrame({
        "caller": caller, "callee": callee, "second": second, "duration_s": duration, "kind": kind,
        "volume_mb": volume, "caller_spell": spells[0], "callee_spell": spells[1],
    })  # fmt: skip
    # Two alike in one second are one: no log without ids of calls tells them from a row that stands there twice.
    same = ["second", "caller", "callee", "duration_s", "kind"]
    return frame.sort(*same, "volume_mb").unique(same, keep="first", maintain_order=True)


def write_log(
    rng: np.random.Generator, path: Path, events: pl.DataFrame, people: People, phones: Handsets, tacs: np.ndarray
) -> dict[str, int]:
    """Write the log as an operator's switch would, dirt included.

    Args:
        rng: source of randomness.
        path: CSV file to write.
        events: from `happen`.
        people: the town.
        phones: who carries what.
        tacs: TAC text of each device row.

    Returns:
        How many rows of each sort were written: events, second_legs, repeated_rows, each rejected sort, rows.
    """
    import numpy as np
    import polars as pl

    n = events.height
    legs = np.flatnonzero(rng.random(n) < LEGS)
    legs = legs[events["duration_s"].to_numpy()[legs] > 2]
    repeats = np.flatnonzero(rng.random(n) < REPEATS)
    # A second leg begins while the first one lasts.
    later = np.minimum(rng.integers(1, 20, len(legs)), events["duration_s"].to_numpy()[legs] - 1)
    second = events[legs].with_columns(
        second=pl.col("second") + pl.Series(later),
        duration_s=pl.col("duration_s") + pl.Series(rng.integers(-1, 2, len(legs))),
    )
    swapped = pl.Series(rng.random(len(legs)) < 0.5)
    exchange = [("caller", "callee"), ("caller_spell", "callee_spell")]
    second = second.with_columns(
        *(pl.when(swapped).then(pl.col(y)).otherwise(pl.col(x)).alias(x) for x, y in exchange),
        *(pl.when(swapped).then(pl.col(x)).otherwise(pl.col(y)).alias(y) for x, y in exchange),
    )
    other = rng.random(n) < OTHER_FORM
    base = len(people.ids)
    main = events.with_columns(caller=pl.col("caller") + pl.Series(np.where(other, base, 0)))
    rows = pl.concat([main, second, main[repeats]]).sort("second", maintain_order=True)
    ids = pl.Series([*people.ids.tolist(), *np.char.replace(people.ids, "+", "00").tolist(), None])
    device = phones.device.ravel()
    serial = rng.permutation(1_000_000)[np.arange(len(device)) % 1_000_000]
    tac = pl.Series([*tacs[device].tolist(), None])
    imei = tac.head(len(device)) + pl.Series(serial).cast(pl.String).str.zfill(6) + "0"
    imei = pl.concat([imei, pl.Series([None], dtype=pl.String)])

    def named(names: pl.Series, column: str) -> pl.Series:
        index = rows[column].to_numpy()
        return names.gather(np.where(index < 0, len(names) - 1, index))

    kind = rows["kind"]
    started = pl.Series(np.datetime64(START, "ms") + rows["second"].to_numpy() * np.timedelta64(1000, "ms"))
    table = pl.DataFrame({
        "caller": named(ids, "caller"),
        "callee": named(ids, "callee"),
        "started_at": started,
        "duration_s": rows["duration_s"],
        "kind": pl.Series(["call", "text", "data"]).gather(kind.to_numpy()),
        "answered": (rows["duration_s"] > 0) | (kind != 0),
        "volume_mb": rows["volume_mb"].fill_nan(None),
        "caller_tac": named(tac, "caller_spell"),
        "callee_tac": named(tac, "callee_spell"),
        "caller_imei": named(imei, "caller_spell"),
        "callee_imei": named(imei, "callee_spell"),
    })  # fmt: skip
    table.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
    bad, lines = _bad_rows(rng, people, n)
    with open(path, "a", encoding="utf-8", newline="") as file:
        file.writelines(lines)
    counts = {"events": n, "second_legs": len(legs), "repeated_rows": len(repeats), **bad}
    return {**counts, "rows": sum(counts.values())}


def _hub(rng: np.random.Generator, people: People, which: int):
    """The calls of one hub: lines are called by their callers, centres call; 560 new numbers each month."""
    import numpy as np

    hub = people.hubs[which]
    everybody = np.arange(people.hubs[0])
    months = DAYS // 30
    turn = rng.permutation(everybody)
    size = min(560, len(turn) // 3)
    reached = np.concatenate([np.roll(turn, -month * size)[:size] for month in range(months)])
    ends = (np.full(len(reached), hub), reached)
    caller, callee = ends if which % 3 != 2 else ends[::-1]
    return caller, callee, np.zeros(len(reached), dtype=np.int8)


def _bad_rows(rng: np.random.Generator, people: People, events: int) -> tuple[dict[str, int], list[str]]:
    """Rows that must be rejected, as CSV lines, and how many of each sort."""
    each = max(5, events // 20_000)
    counts, lines = {}, []
    shapes = {
        "self_call": "{a},{a},2025-03-01 10:00:{s:02d},30,call,true,,,,,\n",
        "missing_party": "{a},,2025-03-02 11:00:{s:02d},30,call,true,,,,,\n",
        "negative_duration": "{a},{b},2025-03-03 12:00:{s:02d},-20,call,true,,,,,\n",
        "bad_time": "{a},{b},31st of March,30,call,true,,,,,\n",
        "implausible_time": "{a},{b},1970-01-01 00:00:{s:02d},30,call,true,,,,,\n",
    }
    for name, shape in shapes.items():
        pairs = rng.integers(0, people.n, (each, 2))
        pairs[:, 1] = (pairs[:, 0] + 1) % people.persons
        lines += [shape.format(a=people.ids[a], b=people.ids[b], s=i % 60) for i, (a, b) in enumerate(pairs)]
        counts[name] = each
    return counts, lines
