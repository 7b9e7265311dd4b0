"""What is looked at: the newest snapshot of a workspace, and the figures that were made of it."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import workspace as workspaces
from engine.errors import EngineError
from engine.serve import cuts
from engine.serve.segment import Facet, Segment
from engine.trust import audit, files
from engine.usecases import reporting
from engine.workspace import Workspace
from engine.workspace import snapshot as snapshots
from engine.workspace.snapshot import Snapshot

LOOK_S = 1.0  # between two looks at the workspace's files
ASK_S = 5.0  # for which the answer to "may this still be shown?" holds
GRACE_S = 10.0  # for which a snapshot stays after the next one came
KEPT, WAITING = 200, 40  # answers kept; questions that may wait


class NotNow(Exception):
    """Nothing can be shown at the moment; the text says why, and what to do."""


@dataclass
class View:
    """A snapshot, and all that was made of it.

    Args:
        number: of the snapshot, from 1.
        snapshot: the copy.
        facets: columns that segments are cut by.
    """

    number: int
    snapshot: Snapshot
    facets: list[Facet]
    shared: dict[str, Any] = field(default_factory=dict)
    answers: OrderedDict[Any, Future[Any]] = field(default_factory=OrderedDict)


class Board:
    """The newest snapshot, renewed when a run has finished.

    Args:
        path: of the workspace; None = here or the nearest parent.
        flags: settings from the command line.
        internal: show single people and exact figures.
    """

    def __init__(self, path: Path | None, flags: Mapping[str, Any], *, internal: bool) -> None:
        self.workspace: Workspace = workspaces.open_(path, flags=flags)
        self.internal = internal
        self._flags = flags
        self._view: View | None = None
        self._trouble = ""
        self._asked, self._due = 0.0, ""
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._spill = tempfile.TemporaryDirectory(prefix="kindred-")
        self._work = ThreadPoolExecutor(1, "figures")
        self._draw = ThreadPoolExecutor(1, "charts")
        self._watcher = threading.Thread(target=self._watch, name="watch", daemon=True)

    @property
    def mode(self) -> str:
        """public or internal."""
        return reporting.INTERNAL if self.internal else reporting.PUBLIC

    def start(self) -> None:
        """Begin to look.

        Raises:
            WorkspaceError: there is no database yet, or none that can be read.
        """
        if not snapshots.is_written(self.workspace.database):
            # As every command that reads: an older workspace is brought forward, who may not be shown is taken out.
            with self.workspace.warehouse(read_only=True):
                pass
        self.record("open")
        self._watcher.start()

    def stop(self) -> None:
        """Let go of everything."""
        self._ended.set()
        self._watcher.join()
        self._work.shutdown(cancel_futures=True)
        self._draw.shutdown(cancel_futures=True)
        if self._view is not None:
            self._view.snapshot.close()
        self._spill.cleanup()

    def door(self, address: str) -> Path:
        """A file that leads to an address: on a command line everybody on this machine could read the secret in it."""
        path = Path(self._spill.name) / "open.html"
        with open(path, "w", encoding="utf-8", opener=files.private) as file:
            file.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={address}"><title>Kindred</title>')
        return path

    def record(self, page: str) -> None:
        """Write a reading into the audit log: in internal mode each page, else that the looking began.

        Raises:
            EngineError: it cannot be written; what cannot be recorded is not shown.
        """
        if self.internal or page == "open":
            audit.append(self.workspace.path, "serve", "read", details={"report": page, "mode": self.mode})

    def view(self) -> View:
        """What may be shown now.

        Raises:
            NotNow: nothing.
        """
        view = self._view
        if view is None:
            writing = "A command is writing into this workspace. The page comes when it is done."
            reading = "The workspace is being read. The page comes by itself."
            raise NotNow(self._trouble or (writing if snapshots.is_written(self.workspace.database) else reading))
        with self._guard:
            if time.monotonic() - self._asked > ASK_S:
                self._due, self._asked = view.snapshot.lookups.to_do_first(), time.monotonic()
            due = self._due
        if due:
            raise NotNow(
                f"Something has to be written before anybody may read on ({due}), such as who may not be shown any "
                "more. Every command does so first: run `kindred status`."
            )
        return view

    def state(self) -> dict[str, Any]:
        """What an open page asks from time to time: the number of the snapshot, whether a command writes now."""
        view = self._view
        return {
            "number": view.number if view else 0,
            "writing": snapshots.is_written(self.workspace.database),
        }

    def figures(self, view: View, segment: Segment, kinds: tuple[str, ...] = ()) -> Future[dict[str, Any]]:
        """Facts of the reports, of some customers.

        Args:
            view: of which snapshot.
            segment: of whom.
            kinds: of report; empty = all. Without a segment, and for the public, all are made at once; for internal
                eyes those without what experiments say come before, as that takes longest at a million customers.
        """
        if not segment and self.internal and kinds and "experiment" not in kinds:
            return self.early(view)
        if not segment and self.internal:
            early = self.early(view)
            return self.answer(view, ("figures", segment), lambda: self._answered(view, early.result()))
        if not kinds or not segment or not self.internal:
            kinds = reporting.KINDS
        return self.answer(view, ("figures", segment, kinds), lambda: self._figures(view, segment, kinds))

    def early(self, view: View) -> Future[dict[str, Any]]:
        """Facts of all reports about everybody, without what experiments say; in internal mode only: for the public
        two makings of one figure would tell more than one."""

        def make() -> dict[str, Any]:
            return reporting.figures(
                view.snapshot.figures, reporting.KINDS, internal=True, shared=view.shared, answered=False
            )

        return self.answer(view, "early", make)

    def _answered(self, view: View, early: dict[str, Any]) -> dict[str, Any]:
        """Early facts, with what experiments say."""
        trials = reporting.figures(view.snapshot.figures, ("experiment",), internal=True, shared=view.shared)
        return {**early, "experiments": trials["experiments"]}

    def answer(self, view: View, key: Any, make: Callable[[], Any], *, draw: bool = False) -> Future[Any]:
        """What `make` gives, made once for a snapshot, one after the other.

        Args:
            view: of which snapshot.
            key: of the answer.
            make: makes it.
            draw: among the pictures, which do not wait for figures.

        Raises:
            NotNow: too much is asked at once.
        """
        with self._guard:
            if key in view.answers:
                view.answers.move_to_end(key)
                return view.answers[key]
            if sum(not future.done() for future in view.answers.values()) >= WAITING:
                raise NotNow("Too much is asked at once. Try again in a moment.")
            future = (self._draw if draw else self._work).submit(make)
            view.answers[key] = future
            done = [old for old, kept in view.answers.items() if kept.done()]
            for old in done[: max(0, len(view.answers) - KEPT)]:
                del view.answers[old]
            return future

    def kept(self, view: View, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made at once and kept for a snapshot."""
        with self._guard:
            known = view.answers.get(key)
        if known is None:
            known = Future[Any]()
            known.set_result(make())
            with self._guard:
                view.answers[key] = known
        return known.result()

    def _figures(self, view: View, segment: Segment, kinds: tuple[str, ...]) -> dict[str, Any]:
        return cuts.figures(view.snapshot, segment, kinds, internal=self.internal, shared=view.shared)

    def _watch(self) -> None:
        """Take a snapshot whenever the files are others and nobody writes."""
        while not self._ended.is_set():
            try:
                seen = snapshots.state(self.workspace)
                if self._view is None or self._view.snapshot.state != seen:
                    self._renew()
            except EngineError as error:
                self._trouble = str(error)
            except Exception as error:  # whoever looks must learn that nothing new comes
                self._trouble = f"The workspace cannot be read: {type(error).__name__}."
            self._ended.wait(LOOK_S)

    def _renew(self) -> None:
        space = workspaces.open_(self.workspace.path, flags=self._flags)
        taken = snapshots.take(space, Path(self._spill.name))
        if taken is None:
            return
        facets = cuts.facets_of(taken, internal=self.internal)
        old = self._view
        with self._guard:
            self.workspace = space
            self._view = View((old.number if old else 0) + 1, taken, facets)
            self._trouble, self._asked = "", 0.0
        self.figures(self._view, Segment())
        if old is not None:
            for future in old.answers.values():
                future.cancel()
            # Who was just answered from it may still be asking.
            closing = threading.Timer(GRACE_S, old.snapshot.close)
            closing.daemon = True
            closing.start()
