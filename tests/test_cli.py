"""The scripting contract: exit codes, data on stdout, words on stderr, and one clear line for every bad input."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.fixture
def kindred(tmp_path, monkeypatch):
    """Call `kindred ARGS…` in an empty folder; returns the result with exit_code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object):
        return CliRunner().invoke(app, [str(a) for a in args])

    return call


@pytest.fixture
def space(kindred):
    """An empty workspace `w` with three calls to import beside it."""
    assert kindred("init", "w").exit_code == 0
    with open("calls.csv", "w") as file:
        file.write("caller,callee,started_at,duration_s\n")
        file.write("a,b,2024-03-01T10:00:00,60\nb,a,2024-03-02T10:00:00,30\na,c,2024-03-02T11:00:00,5\n")
    return "w"


def refused(result, *words: str, code: int = 1) -> None:
    """One line on stderr with all the words, nothing on stdout, no traceback."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr and result.stderr.startswith("kindred: ")
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr


def test_init_then_status_as_json(kindred):
    made = kindred("init", "w", "-o", "json")
    assert made.exit_code == 0 and set(json.loads(made.stdout)) == {"workspace", "settings", "key_id"}
    found = json.loads(kindred("status", "-w", "w", "-o", "json").stdout)
    stages = ["edges", "learned", "influencers", "handsets", "choices", "matches", "face_choices", "ads"]
    assert [s["stage"] for s in found["stages"]] == stages
    assert {s["state"] for s in found["stages"]} == {"never"}
    assert set(found["tables"].values()) == {0}


def test_quiet_says_nothing_but_data(kindred):
    assert kindred("init", "w", "--quiet").stderr == ""


def test_wrong_usage_is_code_2(kindred):
    assert kindred("init").exit_code == 2
    assert kindred("run", "--no-such-option").exit_code == 2
    assert kindred("import", "horses", "x.csv").exit_code == 2


def test_no_workspace(kindred):
    refused(kindred("status"), "not inside a workspace", "kindred init")
    refused(kindred("status", "-w", "nowhere"), "nowhere is not a workspace")


def test_a_broken_setting(kindred, space):
    with open("w/kindred.toml", "a") as file:
        file.write("[grap]\nx = 1\n")
    refused(kindred("status", "-w", space), "kindred.toml", "grap.x")


def test_logs_in_influencers_out(kindred, space):
    done = kindred("import", "logs", "calls.csv", "-w", space)
    assert done.exit_code == 0 and "3 rows = 3 kept + 0 duplicate + 0 rejected" in done.stderr
    again = kindred("import", "logs", "calls.csv", "-w", space, "-o", "json")
    assert json.loads(again.stdout)[0]["rows_duplicate"] == 3
    rows = json.loads(kindred("influencers", "-w", space, "-o", "json").stdout)
    assert {(r["customer_id"], r["contact_id"]) for r in rows} == {("a", "b"), ("b", "a")}
    assert list(rows[0]) == [
        "customer_id", "definition", "rank", "contact_id", "score", "tie_share", "centrality_pct", "margin",
    ]  # fmt: skip
    assert {r["definition"] for r in rows} == {"auto", "strongest"}


def test_an_unknown_stage(kindred, space):
    refused(kindred("run", "-w", space, "--until", "riches"), "'riches'", "edges, learned, influencers")


def test_run_on_an_empty_workspace_ends_well(kindred, space):
    done = kindred("run", "-w", space, "-o", "json")
    assert done.exit_code == 0, done.stderr
    assert {line["status"] for line in json.loads(done.stdout)} == {"done"}


BAD_LOGS = {
    "empty.csv": (b"", "empty"),
    "delimiter.csv": (b"caller-callee-started_at-duration_s\na-b-2024-01-01T00:00:00-5\n", "caller"),
    "columns.csv": (b"caller,callee,when\na,b,2024-01-01\n", "started_at"),
    "latin.csv": ("caller,callee,started_at,duration_s\nJosé,b,2024-01-01T00:00:00,5\n".encode("latin-1"), "UTF-8"),
}


@pytest.mark.parametrize("name", BAD_LOGS)
def test_bad_logs_are_one_clear_line_and_nothing_is_lost(kindred, space, name):
    content, word = BAD_LOGS[name]
    kindred("import", "logs", "calls.csv", "-w", space)
    with open(name, "wb") as file:
        file.write(content)
    refused(kindred("import", "logs", name, "-w", space), name, word)
    assert json.loads(kindred("status", "-w", space, "-o", "json").stdout)["tables"]["events"] == 3


def test_a_missing_file(kindred, space):
    refused(kindred("import", "logs", "absent.csv", "-w", space), "absent.csv")
    refused(kindred("import", "customers", "absent.csv", "-w", space), "absent.csv")
    refused(kindred("import", "photos", "absent", "-w", space), "absent")


def test_rejected_rows_with_strict_are_code_3(kindred, space):
    with open("some.csv", "w") as file:
        file.write("caller,callee,started_at,duration_s\na,a,2024-03-01T10:00:00,60\na,b,never,1\na,b,2024-03-05,9\n")
    done = kindred("import", "logs", "some.csv", "-w", space, "--strict", "-o", "json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)[0]["rows_rejected"] == 2


def test_a_photo_without_a_face_and_a_truncated_one_get_a_status(kindred, space):
    from PIL import Image

    os.mkdir("photos")
    Image.new("RGB", (200, 200), "teal").save("photos/a.jpg")
    Image.effect_noise((300, 300), 80).convert("RGB").save("photos/b.jpg")
    cut = Path("photos/b.jpg")
    cut.write_bytes(cut.read_bytes()[:2000])
    with open("consents.csv", "w") as file:
        file.write("customer_id,purpose,granted_at\n")
        for person in "ab":
            for purpose in ("own_face", "offers", "likeness_for_contacts"):
                file.write(f"{person},{purpose},2020-01-01\n")
    kindred("import", "logs", "calls.csv", "-w", space)
    Path("customers.csv").write_text("customer_id,date_of_birth\na,1990-01-01\nb,31.12.1980\n")
    assert kindred("import", "customers", "customers.csv", "-w", space).exit_code == 0
    assert kindred("import", "photos", "photos", "-w", space).exit_code == 0
    assert kindred("import", "consents", "consents.csv", "-w", space).exit_code == 0
    assert kindred("run", "-w", space).exit_code == 0
    assert kindred("export", "faces", "--to", "out", "--format", "jsonl", "-w", space).exit_code == 0
    lines = [json.loads(line) for line in Path("out/faces.jsonl").read_text().splitlines()]
    assert sorted(line["status"] for line in lines) == ["no_face", "unreadable"]
    assert json.loads(kindred("faces", "caps", "-o", "json", "-w", space).stdout)["gap"] == 0
    sheets = json.loads(kindred("faces", "sheet", "--to", "sheets", "-o", "json", "-w", space).stdout)["files"]
    assert "unreadable" in Path(sheets[1]).read_text()


def test_an_unknown_table(kindred, space):
    refused(kindred("export", "horses", "--to", "out", "-w", space), "horses")
    assert not os.path.exists("out")


def test_doctor_checks_and_names_what_is_wrong(kindred, space):
    fine = json.loads(kindred("doctor", "-w", space, "-o", "json").stdout)
    assert {line["check"] for line in fine} >= {
        "packages",
        "facenet weights",
        "facenet runtime",
        "workspace",
        "pseudonym key",
    }
    assert [line for line in fine if not line["ok"]] == []
    os.chmod(space, 0o755)  # noqa: S103 - what the check must find
    loose = kindred("doctor", "-w", space, "-o", "json")
    assert loose.exit_code == 1
    assert [line["check"] for line in json.loads(loose.stdout) if not line["ok"]] == ["permissions"]


@pytest.mark.parametrize(
    "file", ["kindred.duckdb", "kindred.toml", "audit.jsonl", ".lock", "faces/x.html", "ads/x.html"]
)
@pytest.mark.parametrize(
    "command",
    [
        ("report", "loyalty", "--to"),
        ("report", "loyalty", "--to", "page.html", "--json"),
        ("explain", "a", "--to"),
        ("graph", "ego", "a", "--to"),
        ("graph", "export", "--to"),
        ("faces", "sheet", "--to"),
    ],
)
def test_no_page_goes_over_a_workspace_s_own_files(kindred, space, command, file):
    before = {path: path.read_bytes() for path in Path(space).rglob("*") if path.is_file()}
    refused(kindred(*command, f"{space}/{file}", "-w", space), "is one of the workspace's own files")
    assert {path: path.read_bytes() for path in Path(space).rglob("*") if path.is_file()} == before


def test_a_page_may_lie_in_a_workspace(kindred, space):
    for page in ("loyalty.html", "exports/loyalty.html"):
        assert kindred("report", "loyalty", "--to", f"{space}/{page}", "-w", space).exit_code == 0
