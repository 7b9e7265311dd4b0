"""Planted numbers and addresses are in no byte that a workspace holds and in no word that a command says."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from engine import workspace
from engine.tables import TABLES
from tests.trust.photo import jpeg

# One subscriber in every form people write numbers in, and one address; what is searched for is what they share.
FORMS = ("+36 20 765 4321", "0036207654321", "+36207654321", "36207654321", "+36-20-765-4321", "(36)20/765.4321")
MAIL = "Planted.Person@example.hu"
OTHERS = tuple(f"+3630111{n:04d}" for n in range(8))
NEEDLES = (r"20[ ./\-]?765[ .\-]?4321", r"planted\.person", r"30111\d{4}")


def found(text: bytes) -> list[str]:
    plain = text.replace(b"\0", b"")  # two bytes a letter count as well
    return [n for n in NEEDLES if re.search(n.encode(), text, re.I) or re.search(n.encode(), plain, re.I)]


@pytest.fixture
def kindred(tmp_path, monkeypatch):
    """Call `kindred ARGS…` in a folder with workspace `w`; whatever it says must hold no planted number."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))

    def call(*args: object):
        done = CliRunner().invoke(app, [str(a) for a in args])
        said = done.stdout + done.stderr
        assert found(said.encode()) == [], f"`kindred {args[0]} {args[1]}` says {said}"
        assert done.exit_code in (0, 1, 2, 3) and "Traceback" not in said and "unexpected" not in said, said
        return done

    assert call("init", "w").exit_code == 0
    return call


def held(folder: Path) -> dict[str, list[str]]:
    """Every file of a workspace, and every text of every table (bytes of the database may be packed), that leaks."""
    leaks = {}
    for path in sorted(folder.rglob("*")):
        if hits := found(str(path.relative_to(folder)).encode()):
            leaks[f"name of {path}"] = hits
        if path.is_file() and (hits := found(path.read_bytes())):
            leaks[str(path.relative_to(folder))] = hits
    with workspace.open_(folder).warehouse(read_only=True) as store:
        for table in TABLES:
            if hits := found(store.read(table).write_json().encode()):
                leaks[f"table {table}"] = hits
    return leaks


LOGS = "caller,callee,started_at,duration_s\n" + "".join(
    f'"{form}",{OTHERS[n]},2026-01-0{n + 1}T10:00:00,{60 + n}\n{OTHERS[n]},"{form}",2026-01-0{n + 1}T12:00:00,30\n'
    for n, form in enumerate(FORMS)
) + f"{MAIL},{OTHERS[7]},2026-01-02T09:00:00,10\n"  # fmt: skip
BAD_ROWS = (
    f"{FORMS[0]},{FORMS[0]},2026-01-01T10:00:00,5\n"
    f"{FORMS[2]},,2026-01-01T10:00:00,5\n"
    f"{FORMS[3]},{OTHERS[1]},yesterday,5\n"
    f"{FORMS[4]},{OTHERS[1]},2026-01-01T10:00:00,-77\n"
    f"{FORMS[1]},{OTHERS[1]},2026-01-01T10:00:00,{FORMS[3]}\n"
    f"{FORMS[1]},{OTHERS[1]},{FORMS[3]},4\n"
    f"{FORMS[2]};{OTHERS[1]}\n"
    f'"{FORMS[2]},{OTHERS[1]},2026-01-01T10:00:00,5,{MAIL},x\n'
)
GOOD = {
    "logs": LOGS + BAD_ROWS,
    "customers": "customer_id,age,residence,gender,plan\n"
    + "".join(f'"{f}",30,Buda,woman,a\n' for f in FORMS)
    + f"{MAIL},40,Pest,man,b\n,50,x,y,z\n{FORMS[2]},old,x,y,z\n{FORMS[2]},{FORMS[3]},x,y,z\n",
    "treatments": "customer_id,campaign_id,offer_id,sent_at,accepted\n"
    f"{FORMS[0]},c1,o1,2025-06-01T00:00:00,true\n{MAIL},c1,,2025-06-01T00:00:00,false\n{FORMS[3]},c1,o1,when,maybe\n",
    "consents": "customer_id,purpose,granted_at,expires_at,withdrawn_at\n"
    f"{FORMS[0]},offers,2025-01-01T00:00:00,,\n{MAIL},own_face,2025-01-01T00:00:00,,\n"
    f"{FORMS[3]},{FORMS[3]},2025-01-01T00:00:00,,\n{FORMS[3]},offers,{FORMS[2]},,\n",
    "optouts": f"customer_id,since\n{OTHERS[7]},2026-01-01T00:00:00\n",
}
REFUSED = {
    "optouts": f"customer_id,since\n{OTHERS[6]},{OTHERS[5]}\n",
    "consents": f"customer_id,purpose,granted_at,withdrawn_at\n{OTHERS[6]},offers,,{OTHERS[5]}\n",
}


@pytest.mark.parametrize(("mode", "packed"), [("auto", False), ("all", True)])
def test_tables_with_every_form_of_a_number_leave_none_behind(kindred, monkeypatch, mode, packed):
    monkeypatch.setenv("KINDRED_IDS_PSEUDONYMISE", mode)
    monkeypatch.setenv("KINDRED_IDS_REGION", "HU")
    for target, text in GOOD.items():
        path = Path(f"{FORMS[3]}_{target}.csv" + (".gz" if packed else ""))
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
        done = kindred("import", target, path, "-w", "w", "--strict")
        assert done.exit_code in (0, 3), done.stderr
    for target, text in REFUSED.items():
        Path("refused.csv").write_text(text)
        done = kindred("import", target, "refused.csv", "-w", "w")
        assert done.exit_code == 1 and "may be opt-outs or withdrawals" in done.stderr
    with workspace.open_(Path("w")).warehouse(read_only=True) as store:
        # Six forms, one person, and the address: two customers.
        assert store.count("customers") == 2 and store.count("rejects") >= 8 and store.count("treatments") == 2
    kindred("run", "-w", "w", "--until", "influencers" if packed else "edges")
    kindred("export", "all", "--to", "out", "--format", "csv", "-w", "w")
    kindred("export", "rejects", "--to", "rejects", "--format", "jsonl", "-w", "w")
    kindred("status", "-w", "w", "-o", "json")
    if packed:
        kindred("influencers", "-w", "w", "-o", "json")
    kindred("erase", FORMS[0], "-w", "w", "-o", "json")
    kindred("audit", "verify", "-w", "w")
    assert held(Path("w")) == {}
    assert [
        p.name for p in [*Path("out").rglob("*"), *Path("rejects").rglob("*")] if p.is_file() and found(p.read_bytes())
    ] == []


def test_photos_named_by_number_leave_none_behind(kindred):
    folder = Path(f"photos {FORMS[3]}")
    (folder / FORMS[3]).mkdir(parents=True)
    for number, name in enumerate((f"{FORMS[2]}.jpg", f"{FORMS[3]}/{MAIL}.jpg", f"{OTHERS[0]}.txt", f"{MAIL}.jpeg")):
        (folder / name).write_bytes(jpeg(number))
    (folder / f"{OTHERS[1]}.jpg").write_bytes(b"")
    (folder / f"{OTHERS[2]}.jpg").symlink_to("/etc/hostname")
    assert kindred("import", "photos", folder, "-w", "w", "--strict").exit_code == 3
    table = folder / f"{FORMS[3]}.csv"
    table.write_text(f"customer_id,path\n{FORMS[0]},{FORMS[2]}.jpg\n{MAIL},no {FORMS[3]}.jpg\n")
    assert kindred("import", "photos", table, "-w", "w", "--strict").exit_code == 3
    assert held(Path("w")) == {}


SPOILT = {
    "no header": f"{FORMS[2]},{OTHERS[0]},2026-01-01T10:00:00,5\n{FORMS[2]},{OTHERS[0]},2026-01-02T10:00:00,5\n",
    "wrong delimiter": f"caller;callee;x\n{FORMS[2]};{OTHERS[0]};5\n",
    "number as a column": f"caller,callee,started_at,{FORMS[2]}\n{FORMS[2]},{OTHERS[0]},2026-01-01T10:00:00,5\n",
    "all bad": f"caller,callee,started_at,duration_s\n{FORMS[2]},{FORMS[2]},{FORMS[2]},{FORMS[2]}\n",
    "not text": f"caller,callee,started_at,duration_s\n{FORMS[2]},\xff\xfe,x,y\n",
    "an open quote": f'caller,callee,started_at,duration_s\n"{FORMS[2]},{OTHERS[0]},2026-01-01T10:00:00,5\n' * 3,
    "only a number": FORMS[2],
    "a key column twice": f"customer_id,customer_id\n{FORMS[2]},{FORMS[3]}\n",
}


@pytest.mark.parametrize(
    "target",
    ["logs", "customers", "devices", "offers", "treatments", "acts", "photos", "inventory", "consents", "optouts"],
)
def test_messages_about_spoilt_files_repeat_no_number(kindred, target):
    for name, text in SPOILT.items():
        path = Path(f"{name} {FORMS[3]}.csv")
        path.write_bytes(text.encode("latin-1"))
        kindred("import", target, path, "-w", "w")
    kindred("import", target, f"missing {FORMS[3]}.csv", "-w", "w")
    kindred("import", target, ".", "-w", "w")
    assert held(Path("w")) == {}


CLEAN = {
    "customers": {"customer_id": "c1", "age": "30", "residence": "Buda", "gender": "woman", "plan": "a", "tenure": "5"},
    "treatments": {"customer_id": "c1", "campaign_id": "k", "offer_id": "o", "sent_at": "2025-06-01 10:00:00",
                   "propensity": "0.5", "accepted": "true"},
    "acts": {"customer_id": "c1", "act": "quit", "at": "2025-06-01 10:00:00"},
    "consents": {"customer_id": "c1", "purpose": "offers", "granted_at": "2025-01-01 10:00:00",
                 "expires_at": "2027-01-01 10:00:00", "withdrawn_at": "2026-01-01 10:00:00"},
    "optouts": {"customer_id": "c1", "since": "2026-01-01 10:00:00"},
    "photos": {"customer_id": "c1", "path": "a.jpg"},
    "inventory": {"photo_id": "m1", "path": "a.jpg", "max_uses": "5", "hair": "red"},
    "logs": {"caller": "c1", "callee": "c2", "started_at": "2026-01-01 10:00:00", "duration_s": "5", "kind": "call",
             "answered": "1", "volume_mb": "", "caller_tac": "35332811", "callee_tac": "35332811",
             "caller_imei": "353328110000000", "callee_imei": "353328110000000", "note": "x"},
}  # fmt: skip


@pytest.mark.parametrize("target", sorted(CLEAN))
def test_a_number_or_address_in_any_column_alone_or_inside_a_text_is_not_kept(kindred, monkeypatch, target):
    monkeypatch.setenv("KINDRED_INTAKE_MAX_REJECTED", "1")
    Path("a.jpg").write_bytes(jpeg(1))
    columns = CLEAN[target]
    lines = [",".join(columns), ",".join(columns.values())]
    for number, column in enumerate(columns):
        for value in (FORMS[2], MAIL, f"tel:{FORMS[2]}", f"see <{MAIL}> please", f"SIM {FORMS[0]}"):
            row = columns | {next(iter(columns)): f"c{number}", column: value}
            lines.append(",".join(row.values()))
    for line in (
        lines[1:] if target in REFUSED else ()
    ):  # by itself too: one row that may say no and cannot be read refuses its file
        Path("table.csv").write_text(f"{lines[0]}\n{line}\n")
        kindred("import", target, "table.csv", "-w", "w")
    Path("table.csv").write_text("\n".join(lines) + "\n")
    assert kindred("import", target, "table.csv", "-w", "w").exit_code == (target in REFUSED)
    kindred("export", "all", "--to", "out", "--format", "csv", "-w", "w")
    kindred("export", "rejects", "--to", "rejects", "--format", "csv", "-w", "w")
    assert held(Path("w")) == {}
    assert [p for p in Path("out").rglob("*") if p.is_file() and found(p.read_bytes())] == []
    assert [p for p in Path("rejects").rglob("*") if p.is_file() and found(p.read_bytes())] == []


def test_parquet_with_numbers_leaves_none_behind(kindred):
    frame = pl.DataFrame(
        {"caller": [FORMS[0], FORMS[2], OTHERS[0]], "callee": [OTHERS[0], FORMS[2], MAIL],
         "started_at": ["2026-01-01 10:00:00"] * 3, "duration_s": [5, 6, 7]}
    )  # fmt: skip
    frame.write_parquet("calls.parquet")
    kindred("import", "logs", "calls.parquet", "-w", "w")
    # The same as whole numbers, as some systems write them.
    frame.with_columns(caller=pl.lit(36207654321), callee=pl.lit(36301110001)).write_parquet("whole.parquet")
    kindred("import", "logs", "whole.parquet", "-w", "w")
    assert held(Path("w")) == {}


def test_further_columns_of_customers_and_models_hold_no_number(kindred):
    """Features are kept as they come, but a second number or an address of a person is no feature."""
    Path("customers.csv").write_text(
        f"customer_id,age,mobile,contact,tenure\n{OTHERS[0]},30,{FORMS[2]},{MAIL},5\n{OTHERS[1]},31,{FORMS[0]},,7\n"
    )
    kindred("import", "customers", "customers.csv", "-w", "w")
    assert held(Path("w")) == {}
    with workspace.open_(Path("w")).warehouse(read_only=True) as store:
        assert "tenure" in store.columns("customers")


def test_an_experiment_is_not_called_by_a_number(kindred):
    arms = ("--arm", "own_face=0.5", "--arm", "influencer_face=0.5")
    assert kindred("experiment", "design", FORMS[2], *arms, "-w", "w").exit_code == 1
    assert held(Path("w")) == {}


@pytest.mark.parametrize("option", [("--metric", FORMS[2]), ("--guardrail", MAIL), ("--eligible", f"plan={FORMS[0]}")])
def test_a_plan_holds_no_number_in_any_of_its_texts(kindred, option):
    arms = ("--arm", "own_face=0.5", "--arm", "influencer_face=0.5")
    assert kindred("experiment", "design", "e", *arms, *option, "-w", "w").exit_code == 1
    assert held(Path("w")) == {}


@pytest.mark.parametrize("line", ["purge --before {}", "{}", "graph {}", "erase --{}", "status --{}"])
def test_wrong_options_and_arguments_are_not_repeated(kindred, line):
    done = kindred(*line.format(FORMS[2]).split())
    assert done.exit_code == 2 and FORMS[2][3:] not in done.output and "#" in done.output


def test_erase_and_other_ids_on_the_command_line_are_not_repeated(kindred):
    Path("customers.csv").write_text(f"customer_id\n{OTHERS[0]}\n")
    kindred("import", "customers", "customers.csv", "-w", "w")
    assert kindred("erase", FORMS[2], "-w", "w").exit_code == 1
    assert kindred("erase", OTHERS[0], FORMS[2], "-w", "w", "-o", "json").exit_code == 0
    assert json.loads((next(Path("w/receipts").iterdir())).read_text())["unknown"] == 1
    assert held(Path("w")) == {}
