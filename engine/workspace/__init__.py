"""A workspace: one folder that holds one analysis (settings, database, faces, ads, exports, lock)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import config as settings
from engine import config_file
from engine.clock import AUTO
from engine.errors import EngineError, WorkspaceError
from engine.logs import zone
from engine.stages import STAGES
from engine.tables import TABLES as CONTRACTS
from engine.trust import audit, backups, enforce, files, keys, people, schema
from engine.warehouse import Warehouse
from engine.workspace import erasures, lock
from engine.workspace.erasures import Receipt
from engine.workspace.layout import CONFIG, DATABASE, FOLDERS, SCRATCH, TABLES, check_output
from engine.workspace.stored import Stored

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CONFIG", "DATABASE", "FOLDERS", "NOT_LEFT", "UNSWEPT", "Workspace", "check_output", "create", "open_"]

_RESTORED = "restored"
UNSWEPT = "unswept"  # in `meta`: photos may lie in faces/ that no row needs any more
NOT_LEFT = "delivery_open"  # in `meta`: number of the delivery that was noted and may not have left
_ASKED = "consents_asked"  # in `meta`: the setting people.offers_need_consent was changed here, not by a person


@dataclass(frozen=True)
class Workspace(Stored):
    """An opened workspace.

    Args:
        path: its folder.
        config: its resolved settings.
        changed: rows before and after, per table that the last `writing` here changed or that had to give up rows.
        notices: what followed from a setting that was changed, in words for the user.
        finished: receipts of deletions that had been killed and that `writing` here brought to their end.
    """

    changed: dict[str, list[int]] = field(default_factory=dict, compare=False, repr=False)
    notices: list[str] = field(default_factory=list, compare=False, repr=False)
    finished: list[Receipt] = field(default_factory=list, compare=False, repr=False)
    _read: list[Warehouse] = field(default_factory=list, compare=False, repr=False)

    @contextmanager
    def warehouse(self, *, read_only: bool = False) -> Iterator[Warehouse]:
        """The database, open for the duration of a `with`.

        Args:
            read_only: without the right to write. The workspace of an older Kindred is brought forward first, and what
                may not be shown any more is taken out (`engine.trust.enforce`). Within another such `with` it is the
                same one: a command that asks several things opens the database once.
        """
        if read_only and self._read:
            yield self._read[0]
            return
        if read_only and not self.database.exists():
            raise WorkspaceError(
                f"{self.path} has no database yet.", fix="Import something: `kindred import logs FILE`."
            )
        store = self._opened(read_only=read_only)
        try:
            why = self._to_do_first(store) if read_only else ""
            if why:
                store.close()
                with self.writing(why):
                    pass
                store = self._opened(read_only=True)
            if not read_only:
                yield store
                return
            self._read.append(store)
            with files.reading(self.scratch, lock.file_of(self.path), [self.path / TABLES / "_scratch"]):
                yield store
        finally:
            if read_only:
                self._read.clear()
            store.close()

    @contextmanager
    def writing(self, command: str, *, backup: bool = False) -> Iterator[Warehouse]:
        """The database, locked against other writers; what changed is in the audit log afterwards.

        Args:
            command: what is running, told to whoever finds the lock taken and to the audit log; never an id.
            backup: keep a copy of the database when it ends well (`storage.backup`).

        Raises:
            WorkspaceError: another process writes (the message names it), nothing can be written here, or the
                workspace is of a newer Kindred.
        """
        with self.locked(command), audit.recorded(self.path, command) as record:
            with self._current() as store:
                # Nobody else has the database open now: what is in the scratch folder was left by killed processes.
                files.sweep(self.scratch)
                before = store.counts()
                store.touched.clear()
                try:
                    self._finish_restore(store, command)
                    self._apply_time_zone(store)
                    if enforce.due(store, self.config, self.path):
                        self._enforce(store)
                    if receipt := erasures.finish(self, store):
                        self.finished.append(receipt)
                    yield store
                    self._apply_time_zone(store)
                    self._enforce(store)
                finally:
                    _count(store, before, record)
                    self.changed.clear()
                    self.changed.update(record.tables)
            if backup and self.config.storage.backup:
                backups.take(self.database, backups.LAST_RUN, scratch=self.scratch)
            if backup and self.config.warehouse.engine == "spark":
                # No backup names what the database does not name now.
                with self.warehouse() as store:
                    store.sweep()

    @contextmanager
    def sandbox(self) -> Iterator[tuple[Warehouse, Path]]:
        """A copy of the database to try an import on, and a folder for its files; both are gone afterwards.

        Raises:
            WorkspaceError: another process writes, there is no space for the copy, or the engine is spark.
        """
        if self.config.warehouse.engine == "spark":
            raise WorkspaceError(
                "With Spark an import cannot be previewed: its tables are too large to copy.",
                fix="Use --engine duckdb.",
            )
        folder = self.scratch / f"preview.{os.getpid()}"
        # The lock is held to the end: whoever writes next sweeps the scratch folder.
        with self.locked("preview"), files.reading(self.scratch, lock.file_of(self.path)):
            with self._current() as store:
                store.flush()
            try:
                try:
                    folder.mkdir(mode=0o700, parents=True)
                    shutil.copyfile(self.database, folder / self.database.name)
                except OSError as error:
                    raise files.unwritable(folder, error) from error
                with closing(self._opened(path=folder / self.database.name)) as store:
                    yield store, folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def restore(self, name: str = backups.LAST_RUN) -> Path | None:
        """Put a backup in the place of the database; returns where the replaced file is kept, if there was one.

        Raises:
            WorkspaceError: there is no such backup, or another process writes.
        """
        with self.locked("restore"), audit.recorded(self.path, "restore"):
            if self._restored_from(name):
                return backups.replaced_by(self.database)
            # What a killed command committed stands in the log, which the file takes along; and who objected since the
            # copy was taken is noted before it is put back. A damaged database can do neither.
            if self.database.exists() and not backups.is_restored(self.database, name):
                with suppress(EngineError), self.warehouse() as store:
                    if schema.is_current(store):
                        self._finish_restore(store, "restore")
                        self._enforce(store)
            replaced = backups.restore(self.database, name, scratch=self.scratch)
        with self.writing("restore") as store, store.transaction():
            store.execute("trust/forget_meta", name=_RESTORED)
            store.execute("trust/set_meta", name=_RESTORED, value=backups.identity(self.database, name))
        return replaced

    def encrypt(self, mode: str) -> Workspace:
        """Write the database anew, encrypted or not, set `storage.encryption`, and drop the backups in the old form.

        Args:
            mode: on, weak or off (see `engine.config.Storage`).

        Returns:
            The workspace as it is then.

        Raises:
            ConfigError: `on`, and DuckDB's OpenSSL is not installed; nothing is changed.
        """
        self._encrypt(mode)
        return open_(self.path)

    def _to_do_first(self, store: Warehouse) -> str:
        """Changes that must be written before the workspace may be read; empty = none."""
        if not schema.is_current(store):
            return "migrate"
        if backups.pending(self.database).exists():
            return "restore"
        if zone.due(store, self.config.logs.time_zone):
            return "days"
        return "enforce" if enforce.due(store, self.config, self.path) else ""

    def _restored_from(self, name: str) -> bool:
        """Whether a copy was put back and nothing written since, by a `restore` that was killed at its end, say."""
        if not self.database.exists() or backups.pending(self.database).exists():
            return False
        with suppress(EngineError), closing(self._opened(read_only=True)) as store:
            noted = store.query("trust/meta", name=_RESTORED)["value"].to_list()
            return bool(noted) and noted == [backups.identity(self.database, name)]
        return False

    def _finish_restore(self, store: Warehouse, command: str) -> None:
        """Add to the restored database the ads handed out since the copy was taken, so that they can be called back."""
        old = backups.pending(self.database)
        if command not in ("restore", "enforce") and store.query("trust/meta", name=_RESTORED).height:
            store.execute("trust/forget_meta", name=_RESTORED)
        if not old.exists():
            return
        handed: dict[str, pl.DataFrame] = {}
        not_left: list[str] = []
        with suppress(EngineError), closing(self._opened(read_only=True, path=old)) as before:
            if schema.is_current(before):
                handed = {table: before.read(table) for table in ("deliveries", "sendings")}
                not_left = before.query("trust/meta", name=NOT_LEFT)["value"].to_list()
        for table, rows in handed.items():
            _add(store, table, rows)
        if handed:
            store.execute("trust/forget_meta", name=NOT_LEFT)
        for number in not_left:
            store.execute("trust/set_meta", name=NOT_LEFT, value=number)
        old.unlink()

    def _enforce(self, store: Warehouse) -> None:
        """See `engine.trust.enforce.enforce`; photos that nobody has any more go too, also those of which only another
        state of the database knew, where somebody objected."""
        self._apply_auto_consent(store)
        listed = store.count("objections")
        gone = enforce.enforce(store, self.config, self.path, self.key, self.scratch)
        unswept = store.query("trust/meta", name=UNSWEPT).height
        if gone.get("photos") or unswept or store.count("objections") != listed:
            files.keep_only(self.faces, set(store.query("trust/photo_files")["path"]))
            store.execute("trust/forget_meta", name=UNSWEPT)

    def _apply_auto_consent(self, store: Warehouse) -> None:
        """Set offers_need_consent to yes once consents are imported, in a restored copy too; or back to auto."""
        asked, came = self.config.people.offers_need_consent, people.consents_came(store)
        if asked == "auto" and came:
            store.execute("trust/forget_meta", name=_ASKED)
            store.execute("trust/set_meta", name=_ASKED, value="auto")
            self._write_setting("people", "offers_need_consent", "yes")
        elif asked == "yes" and not came and store.query("trust/meta", name=_ASKED).height:
            self._write_setting("people", "offers_need_consent", "auto")
            store.execute("trust/forget_meta", name=_ASKED)

    def _apply_time_zone(self, store: Warehouse) -> None:
        """Use the time zone of the settings for days; write the one that an import has decided into the settings."""
        if not zone.due(store, self.config.logs.time_zone):
            return
        if self.config.logs.time_zone == AUTO:
            self._write_setting("logs", "time_zone", store.clock.zone)
        elif told := zone.apply_setting(store, self.config.logs.time_zone):
            self.notices.append(told)

    @contextmanager
    def _current(self) -> Iterator[Warehouse]:
        """The database to write to, in the current schema: that of an older Kindred is migrated, after a backup."""
        with self.warehouse() as store:
            changes, version = schema.state(store)
            if not changes:
                if version != schema.VERSION:
                    schema.stamp(store)
                yield store
                return
        backups.take(self.database, f"before-migration-{version}", scratch=self.scratch)
        with self.warehouse() as store:
            schema.migrate(store, changes, _stages())
            yield store


def create(path: Path, *, preset: Mapping[str, Any] | None = None) -> Workspace:
    """Make a workspace (and a pseudonym key outside it) and return it opened.

    Args:
        path: a folder that does not exist or is empty.
        preset: settings to write for real, `{"ads__campaign": "spring"}`.

    Raises:
        WorkspaceError: the folder holds something, or cannot be written.
    """
    if (path / CONFIG).exists():
        raise WorkspaceError(f"{path} is a workspace already.", fix="Use it with -w, or choose another folder.")
    try:
        if path.exists() and any(_foreign(entry) for entry in path.iterdir()):
            raise WorkspaceError(f"{path} is not empty.", fix="Choose a new folder.")
        path.mkdir(parents=True, exist_ok=True)
        os.chmod(path, 0o700)
        preset = dict(preset or {})
        if "ids__key_id" not in preset:
            preset["ids__key_id"] = keys.current()
        preset.setdefault("ids__rules", settings.Ids().rules)
        preset.setdefault("logs__time_zone", AUTO)
        for folder in FOLDERS:
            (path / folder).mkdir(mode=0o700, exist_ok=True)
        # Last, because it is what makes a folder a workspace: whoever was killed before can start again.
        with files.replacing(path / CONFIG, scratch=path / SCRATCH) as file:
            file.write(config_file.template(**preset).encode())
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written: {error.strerror}.", fix="Choose a folder you may write to."
        ) from error
    space = open_(path)
    with space.writing("init"):
        pass
    return space


def open_(path: Path | None = None, *, flags: Mapping[str, Any] | None = None) -> Workspace:
    """Open a workspace.

    Args:
        path: its folder; None = the current folder or the nearest parent with a `kindred.toml`.
        flags: settings from the command line, see `engine.config_file.load`.
    """
    if path is None:
        here = Path.cwd()
        path = next((p for p in (here, *here.parents) if (p / CONFIG).is_file()), None)
        if path is None:
            raise WorkspaceError(
                f"{here} is not inside a workspace.", fix="Give one with -w DIR, or make one: `kindred init DIR`."
            )
    if not (path / CONFIG).is_file():
        raise WorkspaceError(f"{path} is not a workspace (no {CONFIG}).", fix=f"Make one: `kindred init {path}`.")
    return Workspace(path.resolve(), config_file.load(path / CONFIG, flags=flags))


def _foreign(entry: Path) -> bool:
    """Whether something in a folder keeps it from becoming a workspace: anything but what a killed `init` leaves."""
    return not (entry.is_dir() and (entry.name == SCRATCH or (entry.name in FOLDERS and not any(entry.iterdir()))))


def _count(store: Warehouse, before: dict[str, int], record: audit.Record) -> None:
    """Rows before and after of every table that was written or whose number of rows changed."""
    after = store.counts()
    for table, rows in after.items():
        if table in store.touched or rows != before[table]:
            record.tables[table] = [before[table], rows]


def _add(store: Warehouse, table: str, rows: pl.DataFrame) -> None:
    """Rows of another state of a table, which go before those of the same key."""
    import polars as pl

    known, keys = store.read(table), list(CONTRACTS[table].keys)
    every = pl.concat([rows, known.join(rows, on=keys, how="anti")]).sort(keys)
    if not every.equals(known):
        store.write(table, every)


def _stages() -> dict[str, str]:
    """Which stage writes a computed table."""
    return {table: stage.name for stage in STAGES for table in stage.writes}
