"""The audit log finds any altered, dropped, added or reordered line, and survives kills."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import WorkspaceError
from engine.trust import audit


def write(folder: Path, lines: int) -> Path:
    for number in range(lines):
        audit.append(folder, "import logs", "done", tables={"events": [0, number]})
    return folder / audit.LOG


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> tuple[bytes, bytes]:
    """A whole log of six lines and its head."""
    folder = tmp_path_factory.mktemp("log")
    write(folder, 6)
    return (folder / audit.LOG).read_bytes(), (folder / audit.HEAD).read_bytes()


def lay(folder: Path, lines: list[bytes], head: bytes | None) -> Path:
    (folder / audit.LOG).write_bytes(b"".join(line + b"\n" for line in lines))
    (folder / audit.HEAD).unlink(missing_ok=True)
    if head is not None:
        (folder / audit.HEAD).write_bytes(head)
    return folder


def test_a_line_says_who_when_what_and_how_many(tmp_path):
    with audit.recorded(tmp_path, "erase") as record:
        record.tables["events"] = [10, 7]
        record.details["subjects"] = 1
    first, second = (json.loads(line) for line in (tmp_path / audit.LOG).read_text().splitlines())
    assert first["event"] == "start" and second["event"] == "done"
    assert second["tables"] == {"events": [10, 7]} and second["details"] == {"subjects": 1}
    assert second["seq"] == 2 and second["previous"] == first["hash"] and second["pid"] == os.getpid()
    assert first["user"] and first["at"].endswith("Z")
    assert stat.S_IMODE((tmp_path / audit.LOG).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / audit.HEAD).stat().st_mode) == 0o600
    assert audit.verify(tmp_path).whole


def test_a_failure_is_recorded_by_its_kind_and_not_by_its_words(tmp_path):
    with pytest.raises(ValueError, match="36201234567"), audit.recorded(tmp_path, "run"):
        raise ValueError("36201234567 is not a customer")
    text = (tmp_path / audit.LOG).read_text()
    assert '"error":"ValueError"' in text and "36201234567" not in text


@given(st.data())
def test_any_changed_byte_is_found(log, tmp_path_factory, data):
    raw, head = log
    place = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != raw[place]))
    folder = tmp_path_factory.mktemp("changed")
    (folder / audit.LOG).write_bytes(raw[:place] + bytes([byte]) + raw[place + 1 :])
    (folder / audit.HEAD).write_bytes(head)
    assert not audit.verify(folder).whole


@given(st.permutations(range(6)), st.integers(0, 6))
def test_any_reordering_or_dropping_is_found(log, tmp_path_factory, order, kept):
    raw, head = log
    lines = raw.splitlines()
    folder = lay(tmp_path_factory.mktemp("moved"), [lines[i] for i in order[:kept]], head)
    assert audit.verify(folder).whole == (list(order[:kept]) == list(range(6)))


def test_dropping_the_last_line_is_found_and_never_healed(log, tmp_path):
    raw, head = log
    lay(tmp_path, raw.splitlines()[:-1], head)
    assert "its head says 6" in audit.verify(tmp_path).problems[0]
    write(tmp_path, 3)
    assert any("does not follow" in p for p in audit.verify(tmp_path).problems)


def test_removing_the_head_is_found_and_never_healed(log, tmp_path):
    lay(tmp_path, log[0].splitlines()[:4], None)
    assert audit.verify(tmp_path).problems == ("audit.head is missing",)
    write(tmp_path, 2)
    assert any("does not follow" in p for p in audit.verify(tmp_path).problems)


def test_a_rewritten_log_fails_against_a_head_noted_elsewhere(tmp_path):
    noted = audit.append(tmp_path, "export ads", "done")
    assert audit.verify(tmp_path, head=noted).whole
    (tmp_path / audit.LOG).unlink()
    (tmp_path / audit.HEAD).unlink()
    write(tmp_path, 3)
    assert audit.verify(tmp_path).whole
    assert audit.verify(tmp_path, head=noted).problems == ("the head given is not in the log",)


@given(st.integers(1, 200))
def test_a_kill_while_writing_a_line_is_healed_by_the_next(log, tmp_path_factory, cut):
    raw, head = log
    lines = raw.splitlines(keepends=True)
    folder = tmp_path_factory.mktemp("torn")
    (folder / audit.LOG).write_bytes(raw + lines[-1][:cut])
    (folder / audit.HEAD).write_bytes(head)
    assert audit.verify(folder).problems == ("the last line is cut off",)
    write(folder, 1)
    verdict = audit.verify(folder)
    assert verdict.whole and verdict.lines == 7
    assert json.loads((folder / audit.LOG).read_text().splitlines()[-1])["cut_off_bytes"] == cut


def test_a_kill_between_line_and_head_is_whole(log, tmp_path):
    raw, _ = log
    fifth = json.loads(raw.splitlines()[4])
    lay(tmp_path, raw.splitlines(), json.dumps({"seq": 5, "hash": fifth["hash"]}).encode())
    assert audit.verify(tmp_path).whole
    write(tmp_path, 1)
    assert audit.verify(tmp_path).whole


def _many(folder: str) -> None:
    write(Path(folder), 10)


def test_processes_at_once_keep_one_chain(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_many, args=(str(tmp_path),)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    verdict = audit.verify(tmp_path)
    assert verdict.whole and verdict.lines == 30


def test_what_cannot_be_recorded_is_not_done(tmp_path):
    with pytest.raises(WorkspaceError, match="cannot be written"), audit.recorded(tmp_path / "missing", "run"):
        raise AssertionError("must not run")
    with pytest.raises(WorkspaceError, match="cannot be read"):
        audit.verify(tmp_path)
