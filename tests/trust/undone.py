"""Small import files by their seeds, and what a workspace holds after them, people for nodes."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl

from engine.intake.importer import import_table
from engine.logs.importer import import_logs
from engine.tables import BOOKKEEPING, TABLES
from tests.trust.photo import jpeg

PEOPLE = [f"+3620555{n:04d}" for n in range(9)]
DAYS = ["2026-01-04", "2026-01-05", "2026-02-20"]
WORDS = ["red", "blue", "7", "12.5", ""]
NODES = ("node", "caller", "callee", "src", "dst", "a", "b")
KINDS = ("logs", "logs", "customers", "treatments", "acts", "offers", "photos", "inventory", "consents", "devices")


def make(folder: Path, kind: str, seed: int) -> Path:
    """A small import file by its seed: some of the people, some of the columns."""
    chance = random.Random(seed)
    who = chance.sample(PEOPLE, chance.randint(2, 6))
    folder.mkdir(parents=True)
    path = folder / f"{kind}{seed}.csv"
    day = lambda: f"{chance.choice(DAYS)} {chance.choice(['10:00:00', '10:00:05', '23:59:58'])}"  # noqa: E731
    if kind == "logs":
        lines = ["caller,callee,started_at,duration_s,caller_tac"]
        for _ in range(12):
            a, b = chance.sample(PEOPLE[:5], 2)
            lines.append(f"{a},{b},{day()},{chance.choice([0, 60, 62])},{chance.choice(['', '35000001', '35000002'])}")
    elif kind == "customers":
        more = chance.sample(["age", "residence", "plan", "income"], chance.randint(0, 4))
        value = {"age": lambda: str(chance.randint(15, 60)), "income": lambda: chance.choice(["", "1.5", "20"])}
        lines = [",".join(["customer_id", *more])]
        lines += [",".join([p, *(value.get(c, lambda: chance.choice(WORDS))() for c in more)]) for p in who]
    elif kind == "treatments":
        more = chance.sample(["offer_id", "propensity", "accepted"], chance.randint(0, 3))
        value = {"offer_id": ["", "o1"], "propensity": ["0.5", ""], "accepted": ["true", "false", ""]}
        lines = [",".join(["customer_id,campaign_id,sent_at", *more])]
        lines += [",".join([p, chance.choice("cd"), day(), *(chance.choice(value[c]) for c in more)]) for p in who]
    elif kind == "acts":
        lines = ["customer_id,act,at"] + [f"{p},{chance.choice(['quit', 'upgrade'])},{day()}" for p in who]
    elif kind == "offers":
        more = chance.sample(["manufacturer", "min_age", "valid_to"], chance.randint(0, 3))
        value = {"manufacturer": ["Acme", ""], "min_age": ["18", ""], "valid_to": ["2026-12-31", ""]}
        lines = [",".join(["offer_id,headline,body,call_to_action,value,cost", *more])]
        for offer in chance.sample(["o1", "o2", "o3"], 2):
            lines.append(",".join([offer, "h", "b", "c", chance.choice(["1", "2.5"]), "0",
                                   *(chance.choice(value[c]) for c in more)]))  # fmt: skip
    elif kind in ("photos", "inventory"):
        lines = [f"{'customer_id' if kind == 'photos' else 'photo_id'},path"]
        for number in range(3):
            (folder / f"{number}.jpg").write_bytes(jpeg(chance.randrange(4), (32, 32)))
            lines.append(f"{who[number % len(who)] if kind == 'photos' else f'm{chance.randrange(3)}'},{number}.jpg")
    elif kind == "consents":
        lines = ["customer_id,purpose,granted_at"]
        lines += [f"{p},{chance.choice(['offers', 'own_face'])},{day()}" for p in who]
    else:
        lines = ["tac,manufacturer,model"]
        lines += [f"3500000{n},{chance.choice(['Acme', 'Nokia'])},m{chance.randrange(3)}" for n in (1, 2)]
    path.write_text("\n".join(lines) + "\n")
    return path


def bring(space, kind: str, path: Path):
    with space.writing(f"import {kind}") as store:
        if kind == "logs":
            return import_logs(store, [path], config=space.config, key=space.key())[0]
        return import_table(store, kind, path, faces_folder=space.faces, config=space.config, key=space.key())


def held(space) -> dict[str, list[str]]:
    """Every table of `export all`, people for nodes."""
    found = {}
    with space.warehouse(read_only=True) as store:
        names = dict(store.read("parties").select("node", "party_id").iter_rows())
        for table in TABLES:
            if table in BOOKKEEPING:
                continue
            lines = store.read(table).to_dicts()
            for line in lines:
                for column in NODES:
                    if line.get(column) is not None:
                        line[column] = names[line[column]]
                if table == "ties":
                    line["a"], line["b"] = sorted((line["a"], line["b"]))
            if table == "nodes":  # communities are numbered as they are found: each is called by its first member
                named = sorted(lines, key=lambda node: node["party_id"], reverse=True)
                first = {node["community"]: node["party_id"] for node in named}
                lines = [{**line, "community": first[line["community"]]} for line in lines]
            found[table] = sorted(map(repr, lines))
    return found


def photos(space) -> set[str]:
    return {path.name for path in space.faces.rglob("*") if path.is_file()}


def same(space, other) -> None:
    found, wanted = held(space), held(other)
    for table in wanted:
        assert found[table] == wanted[table], table
    assert photos(space) == photos(other)


def text(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def calls(folder: Path, name: str, *rows: str) -> Path:
    return text(folder, name, "caller,callee,started_at,duration_s", *rows)


def rows(space, table: str) -> pl.DataFrame:
    with space.warehouse(read_only=True) as store:
        return store.read(table)
