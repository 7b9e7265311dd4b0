"""The audit log finds any altered, dropped, added or reordered line, and survives kills."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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


class Killed(BaseException):
    """Stands for SIGKILL: from then on the process does nothing more."""


class Machine:
    """Counts what a line needs of the machine, and lets one of these calls fail, or the process end there.

    Args:
        patch: pytest's.
        bytes_: of a failing write that get in before it fails.
        more: calls counted beside those that need room on the disk.
    """

    def __init__(self, patch: pytest.MonkeyPatch, bytes_: int, *more: str) -> None:
        self._bytes, self._left, self._error, self.dead = bytes_, None, None, False
        for name in ("write", "fsync", "replace", *more):
            patch.setattr(audit.os, name, self._counted(name, getattr(os, name)))

    def breaks(self, at: int | None, error: BaseException) -> None:
        """The call number `at` from now fails; None = none does."""
        self._left, self._error = at, error

    def _counted(self, name: str, real):
        def call(*args, **options):
            if self.dead:
                raise Killed
            if self._left is not None:
                self._left -= 1
                if self._left == 0:
                    self.dead = isinstance(self._error, Killed)
                    if name == "write":
                        real(args[0], args[1][: self._bytes])
                    raise self._error
            return real(*args, **options)

        return call


STEPS = st.lists(
    st.tuples(st.sampled_from(["start", "done", "read"]), st.none() | st.integers(1, 9)), min_size=1, max_size=12
)


@given(STEPS, st.integers(0, 300))
def test_a_disk_full_at_any_step_of_any_line_leaves_the_chain_whole(tmp_path_factory, steps, bytes_):
    """Whatever fails, and however often: the line is there with its head, or it is not, and nobody was told it is."""
    folder, written = tmp_path_factory.mktemp("full"), 0
    with pytest.MonkeyPatch.context() as patch:
        machine = Machine(patch, bytes_)
        for event, at in steps:
            machine.breaks(at, OSError(errno.ENOSPC, "No space left on device"))
            try:
                audit.append(folder, "run", event)
            except WorkspaceError as error:
                assert "cannot be written" in error.message
            else:
                written += 1
            if written:
                assert audit.verify(folder) == audit.Verdict(written, audit.verify(folder).head, ())


@given(STEPS, st.integers(0, 300))
def test_kills_at_any_step_of_any_line_leave_what_the_next_line_heals(tmp_path_factory, steps, bytes_):
    folder, written = tmp_path_factory.mktemp("killed"), 0
    for event, at in steps:
        with pytest.MonkeyPatch.context() as patch:
            machine = Machine(patch, bytes_, "ftruncate", "unlink")
            machine.breaks(at, Killed())
            with suppress(Killed):
                audit.append(folder, "run", event)
                written += 1
        found = audit.verify(folder)
        assert set(found.problems) <= {"the last line is cut off"} and found.lines >= written
        written = found.lines
    write(folder, 1)
    assert audit.verify(folder).whole and audit.verify(folder).lines == written + 1


def test_a_line_whose_head_is_in_is_not_taken_back(tmp_path, monkeypatch):
    """Stopped by hand just after the head: line and head are both there."""

    def stopped(folder, line, real=audit._write_head):
        real(folder, line)
        raise KeyboardInterrupt

    monkeypatch.setattr(audit, "_write_head", stopped)
    with pytest.raises(KeyboardInterrupt):
        audit.append(tmp_path, "run", "open")
    assert audit.verify(tmp_path).whole and audit.verify(tmp_path).lines == 1


def test_the_closing_line_gets_in_where_the_room_set_aside_is_all_there_is(tmp_path):
    """A disk that fills up while a command works: what it did is in the log all the same, and the next is refused."""
    full = False

    def kept(path, content, real=audit._keep):
        if full and not (tmp_path / audit.RESERVE).exists() and path.name == audit.RESERVE:
            raise WorkspaceError("full") from OSError(errno.ENOSPC, "")
        if full and (tmp_path / audit.RESERVE).exists():
            raise WorkspaceError("full") from OSError(errno.ENOSPC, "")
        real(path, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "_keep", kept)
        with audit.recorded(tmp_path, "run") as record:
            full = True
            record.details["rows"] = 3
        assert audit.verify(tmp_path).whole and audit.verify(tmp_path).lines == 2
        with pytest.raises(WorkspaceError), audit.recorded(tmp_path, "run"):
            raise AssertionError("must not run")
        assert audit.verify(tmp_path).whole and audit.verify(tmp_path).lines == 2
        full = False
    write(tmp_path, 1)
    assert (tmp_path / audit.LOG).read_text().count('"done"') == 2


FAULTS = {
    "altered": lambda raw, head: (raw.replace(b"import", b"export", 1), head),
    "a line dropped": lambda raw, head: (b"".join(raw.splitlines(keepends=True)[:3]), head),
    "no head": lambda raw, head: (raw, None),
    "torn and no head": lambda raw, head: (raw[:-7], None),
    "empty": lambda raw, head: (b"", head),
    "not a log": lambda raw, head: (b"\xff\0 hello", head),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_log_is_sealed_kept_and_followed_by_a_whole_one_that_says_so(log, tmp_path, fault):
    raw, head = FAULTS[fault](*log)
    (tmp_path / audit.LOG).write_bytes(raw)
    if head is not None:
        (tmp_path / audit.HEAD).write_bytes(head)
    before = audit.verify(tmp_path)
    assert not before.whole
    after = audit.seal(tmp_path, "the disk of +36201234567 failed")
    assert after.whole and after.lines == 1
    (old,) = after.sealed
    assert (tmp_path / old["file"]).read_bytes() == raw and old["problems"] == list(before.problems)
    assert old["lines"] == before.lines and "failed" in old["reason"]
    assert "36201234567" not in (tmp_path / audit.LOG).read_text()
    write(tmp_path, 2)
    assert audit.verify(tmp_path).whole and audit.verify(tmp_path).lines == 3
    with pytest.raises(WorkspaceError, match="is whole"):
        audit.seal(tmp_path, "again")
    assert audit.verify(tmp_path, head=after.head).whole


def test_what_was_sealed_stays_evidence(log, tmp_path):
    """A sealed log that changes or goes is found, one sealed before it too; a head noted before the fault is found."""
    raw, _ = log
    noted = json.loads(raw.splitlines()[1])["hash"]
    lay(tmp_path, raw.splitlines(), None)
    first = audit.seal(tmp_path, "one").sealed[0]["file"]
    (tmp_path / audit.HEAD).unlink()
    write(tmp_path, 2)
    (tmp_path / audit.HEAD).unlink()
    second = audit.seal(tmp_path, "two")
    assert [old["reason"] for old in second.sealed] == ["two", "one"] and second.sealed[1]["file"] == first
    assert audit.verify(tmp_path, head=noted).whole
    content = (tmp_path / first).read_bytes()
    (tmp_path / first).write_bytes(content[:-1] + b" ")
    assert audit.verify(tmp_path).problems == (f"the sealed log {first} is missing or was altered",)
    (tmp_path / first).unlink()
    assert not audit.verify(tmp_path).whole
    (tmp_path / first).write_bytes(content)
    assert audit.verify(tmp_path).whole


@given(st.integers(1, 12), st.integers(0, 300))
def test_a_kill_or_a_full_disk_while_sealing_is_mended_by_sealing_again(log, tmp_path_factory, at, bytes_):
    for error in (Killed(), OSError(errno.ENOSPC, "No space left on device")):
        folder = tmp_path_factory.mktemp("sealing")
        lay(folder, log[0].splitlines()[:3], log[1])
        with pytest.MonkeyPatch.context() as patch:
            Machine(patch, bytes_, "ftruncate", "unlink").breaks(at, error)
            with suppress(Killed, WorkspaceError):
                audit.seal(folder, "the disk failed")
        if not audit.verify(folder).whole:
            audit.seal(folder, "the disk failed")
        found = audit.verify(folder)
        assert found.whole and len(found.sealed) == 1
        assert (folder / found.sealed[0]["file"]).read_bytes() == b"".join(
            line + b"\n" for line in log[0].splitlines()[:3]
        )
        assert (folder / found.sealed[0]["file"]).with_suffix(".head").read_bytes() == log[1]


def test_who_waited_for_a_log_that_was_sealed_writes_into_the_new_one(log, tmp_path):
    lay(tmp_path, log[0].splitlines(), None)
    with ThreadPoolExecutor(1) as pool, audit._locked(tmp_path):
        waiting = pool.submit(audit.append, tmp_path, "run", "open")
        time.sleep(0.2)
        os.replace(tmp_path / audit.LOG, tmp_path / "aside")
    waiting.result()
    assert (tmp_path / "aside").read_bytes() == log[0] and b'"open"' in (tmp_path / audit.LOG).read_bytes()


def test_a_reason_is_needed(log, tmp_path):
    lay(tmp_path, log[0].splitlines(), None)
    with pytest.raises(WorkspaceError, match="needs a reason"):
        audit.seal(tmp_path, " ")
