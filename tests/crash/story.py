"""What is killed: the commands of a small invented town's campaign in order, each with the rule for its kills."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from engine import workspace
from engine.synth import town as synth
from tests.crash import rules
from tests.crash.rules import Rule
from tests.crash.state import opened

TABLES = ("logs", "customers", "devices", "offers", "treatments", "consents", "optouts", "photos", "inventory")
# Without photos, which cost most of a run's time.
FEW = ("logs", "customers", "offers", "treatments", "consents")
# As little to compute as there may be: every step is taken, none is long.
LITTLE = {
    "KINDRED_OFFERS_MIN_ROWS_PER_ARM": "3",
    "KINDRED_OFFERS_BASES": "logistic",
    "KINDRED_OFFERS_BOOTSTRAP": "20",
    "KINDRED_OFFERS_FOLDS": "2",
    "KINDRED_FACES_PRECISION": "fp32",
    "KINDRED_ADS_SIZES": "300x250",
    "KINDRED_ADS_ARMS": "own_face,influencer_face,random_face,no_face",
}


@dataclass(frozen=True)
class Command:
    """One command of the story.

    Args:
        name: for messages.
        args: of `kindred`; `{in}`, `{w}`, `{out}` and `{mail}` stand for the folders of inputs, workspace and exports,
            `{one}` and `{two}` for customers, `{day}` for one in the middle of the calls, `{undone}` for the id of the
            last import of calls.
        rule: what may be there after a kill.
        refused: what it may say, instead of ending well, where it was killed after it had done everything.
        prepare: changes the folder of workspace and exports before it.
        sweeps: it deletes what killed processes left in `.tmp`; else the next command that writes does.
    """

    name: str
    args: tuple[str, ...]
    rule: Rule = rules.at_once
    refused: str = ""
    prepare: Callable[[Path], None] | None = None
    sweeps: bool = True


def commands(tables: Sequence[str] = TABLES) -> tuple[Command, ...]:
    """The whole story, with imports of these tables."""
    return (
        Command("init", ("init", "{w}"), rules.beginning, refused="is a workspace already"),
        *(_import(table, f"{table}.csv") for table in tables),
        _run("run"),
        _export("export ads", "ads", "{out}"),
        _export("export delivery", "delivery", "{mail}"),
        _export("export again", "all", "{out}"),
        _export("export inside", "ads", "{w}/exports/inside"),
        _experiment("design", "spring", "--arm", "no_face=0.5", "--arm", "no_ad=0.5", "--horizon", "30"),
        _experiment("assign", "spring"),
        _experiment("import", "exposures", "spring", "{in}/exposures.csv"),
        _experiment("import", "outcomes", "spring", "{in}/outcomes.csv"),
        _import("optouts", "optouts-later.csv", "import optouts later"),
        _restore("restore", prepare=unmerged),
        _restore("restore again", "replaced"),
        _run("run again"),
        _import("logs", "logs-more.csv", "import more logs"),
        _import("logs", "logs-more.csv", "import logs otherwise", "--timezone", "Europe/Budapest"),
        Command("imports undo", ("imports", "undo", "{undone}", "-w", "{w}"), refused="there is no import with the id"),
        _erase("erase", "{one}"),
        _erase("erase --opt-out", "{two}", "--opt-out"),
        Command("purge", ("purge", "--before", "{day}", "-w", "{w}"), rules.forgetting, prepare=forget_receipts),
        _run("run after purge"),
        *(_encrypt("weak", "on") if _openssl() else _encrypt("weak")),
        _run("run encrypted", "--force", "--until", "edges"),
        _restore("restore encrypted", prepare=unmerged),
        *_encrypt("off"),
        Command("migrate", ("import", "devices", "{in}/devices.csv", "-w", "{w}"), prepare=older),
    )


def _import(table: str, file: str, name: str = "", *options: str) -> Command:
    return Command(name or f"import {table}", ("import", table, f"{{in}}/{file}", *options, "-w", "{w}"))


def _run(name: str, *options: str) -> Command:
    return Command(name, ("run", "-w", "{w}", "--threads", "1", *options), rules.stages)


def _export(name: str, what: str, to: str) -> Command:
    args = ("export", what, "--to", to, "--format", "jsonl", "-w", "{w}")
    return Command(name, args, sweeps=False)  # where every ad was noted before, it writes nothing in the workspace


def _experiment(*args: str) -> Command:
    return Command(
        f"experiment {' '.join(args[: 2 if args[0] == 'import' else 1])}", ("experiment", *args, "-w", "{w}")
    )


def _erase(name: str, *args: str) -> Command:
    return Command(name, ("erase", *args, "-w", "{w}"), rules.forgetting, refused="none of the 1 ids given is in")


def _restore(name: str, *args: str, prepare: Callable[[Path], None] | None = None) -> Command:
    return Command(name, ("restore", *args, "-w", "{w}"), rules.restoring, prepare=prepare, sweeps=False)


def _encrypt(*modes: str) -> list[Command]:
    return [Command(f"encrypt {mode}", ("encrypt", mode, "-w", "{w}"), rules.encrypting) for mode in modes]


def _openssl() -> bool:
    try:
        duckdb.connect().execute("LOAD httpfs")
    except duckdb.Error:
        return False
    return True


def unmerged(place: Path) -> None:
    """The database as a command leaves it that was killed after its commit: the last rows stand in the log only."""
    database, log = place / "w" / workspace.DATABASE, place / "w" / f"{workspace.DATABASE}.wal"
    with opened(place) as store:
        store.execute_text("SET checkpoint_threshold = '1GB'")
        line = {"tac": "00000000", "manufacturer": "Unmerged", "model": "0"}
        store.append("devices", pl.DataFrame([line]))
        kept = {path: path.read_bytes() for path in (database, log)}
    for path, data in kept.items():
        path.write_bytes(data)


def forget_receipts(place: Path) -> None:
    """Receipts told apart by what they say: those of the commands before are in the way."""
    shutil.rmtree(place / "w" / "receipts", ignore_errors=True)


def older(place: Path) -> None:
    """The database in the shape of an older Kindred: a column is not there yet."""
    with opened(place) as store:
        store.execute_text("ALTER TABLE offers DROP COLUMN to_owners")


def tiny(folder: Path, *, photos: int = 1, models: int = 2, calls: int = 600) -> Path:
    """Import files of a small invented town below `folder`, with few photos because each costs most of a run."""
    town = folder / "town"
    synth.write(town, customers=50, photos=photos, seed=3)
    inputs = folder / "tiny"
    inputs.mkdir()
    for name in ("customers", "devices", "offers", "consents"):
        shutil.copy(town / f"{name}.csv", inputs)
    _campaigns(town, inputs / "treatments.csv")
    with open(town / "logs" / "calls.csv") as whole, open(inputs / "logs.csv", "w") as part:
        part.writelines(line for number, line in enumerate(whole) if number <= calls)
    _other_legs(inputs)
    (inputs / "optouts.csv").write_text("customer_id,since\n+36209999999,2026-01-01T00:00:00\n")
    who = customers(inputs)
    (inputs / "optouts-later.csv").write_text(f"customer_id,since\n{who[2]},2026-01-10T00:00:00\n")
    _seen(who, inputs)
    for name, kept in (("photos", photos), ("inventory", models)):
        lines = (town / f"{name}.csv").read_text().splitlines()[: kept + 1]
        (inputs / name).mkdir()
        (inputs / f"{name}.csv").write_text("\n".join(lines) + "\n")
        for path in sorted((town / name).iterdir()):
            if any(path.name in line for line in lines):
                shutil.copy(path, inputs / name)
    return inputs


def _other_legs(inputs: Path) -> None:
    """Every third call as the other side's file has it, a little earlier, and calls of the next month."""
    header, *lines = (inputs / "logs.csv").read_text().splitlines()
    names = header.split(",")
    found = [header]
    for number, line in enumerate(lines[::3]):
        row = dict(zip(names, line.split(","), strict=True))
        at = datetime.fromisoformat(row["started_at"]) + timedelta(seconds=-3, days=30 * (number % 2))
        row |= {"caller": row["callee"] or row["caller"], "started_at": at.isoformat(sep=" ")}
        row["callee"] = line.split(",")[names.index("caller")]
        found.append(",".join(row.values()))
    (inputs / "logs-more.csv").write_text("\n".join(found) + "\n")


def customers(inputs: Path) -> list[str]:
    """The customers' ids, those with photos first."""
    files = [path for path in (inputs / "photos.csv", inputs / "customers.csv") if path.exists()]
    return list(dict.fromkeys(line.split(",")[0] for path in files for line in path.read_text().splitlines()[1:]))


def middle(inputs: Path) -> str:
    """The day before which half of the calls were."""
    header, *lines = (inputs / "logs.csv").read_text().splitlines()
    place = header.split(",").index("started_at")
    return sorted(line.split(",")[place][:10] for line in lines)[len(lines) // 2]


def _seen(who: Sequence[str], inputs: Path) -> None:
    """What became of an experiment: everybody saw something, every other one bought."""
    at = datetime(2026, 1, 20, 12).isoformat()
    (inputs / "exposures.csv").write_text("customer_id,at\n" + "".join(f"{one},{at}\n" for one in who))
    (inputs / "outcomes.csv").write_text("customer_id,at,value\n" + "".join(f"{one},{at},1\n" for one in who[::2]))


def _campaigns(town: Path, file: Path) -> None:
    """Past campaigns in which the first two offers plainly persuade: fifty people are too few for subtler truths."""
    offers = [line.split(",")[0] for line in (town / "offers.csv").read_text().splitlines()[1:3]]
    who = customers(town)
    chance = random.Random(5)
    lines = ["customer_id,campaign_id,offer_id,sent_at,propensity,accepted"]
    for campaign in range(4):
        for customer in who:
            arm = chance.choice([*offers, ""])
            accepted = chance.random() < (0.7 if arm else 0.3)
            day = f"2025-0{campaign + 5}-01T09:00:00"
            lines.append(f"{customer},c{campaign},{arm},{day},0.3333,{str(accepted).lower()}")
    file.write_text("\n".join(lines) + "\n")
