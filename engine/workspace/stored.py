"""A workspace's database: where it lies, who may open it, whether it is encrypted, and the settings beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine import config as settings
from engine import config_file, warehouse
from engine.errors import WorkspaceError
from engine.trust import audit, backups, files, keys
from engine.warehouse import Warehouse, is_encrypted, remove_draft
from engine.workspace import lock
from engine.workspace.layout import CONFIG, TABLES, Layout


@dataclass(frozen=True)
class Stored(Layout):
    """A workspace's folder with its settings, whose database can be opened.

    Args:
        path: its folder.
        config: its resolved settings.
    """

    config: settings.Config

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """The workspace, locked against other writers; the lock dies with the process that holds it."""
        with lock.held(self.path, command):
            remove_draft(self.database)  # a whole copy, maybe not encrypted, that a killed process left
            yield

    def key(self) -> bytes:
        """The pseudonym key this workspace was made with."""
        return keys.load(self.config.ids.key_id)

    def _encrypt(self, mode: str) -> None:
        """See `Workspace.encrypt`."""
        config_file.load(self.path / CONFIG, environment={}, flags={"storage.encryption": mode})
        with self.locked("encrypt"), audit.recorded(self.path, "encrypt"):
            old = self._opened(encrypted=is_encrypted(self.database))
            try:
                files.sweep(self.scratch)  # no killed `restore` leaves a copy in the old form either
                if mode == "off":
                    # First here, last below: whoever is killed in between has no file in clear that the settings
                    # call encrypted.
                    self._set_encryption(mode)
                old.rewrite(key=None if mode == "off" else self._database_key(), weak=mode == "weak")
            finally:
                old.close()
            backups.drop(self.database)
            if mode != "off":
                self._set_encryption(mode)

    def _set_encryption(self, mode: str) -> None:
        path = self.path / CONFIG
        with files.replacing(path, scratch=self.scratch) as file:
            file.write(config_file.with_setting(path.read_text("utf-8"), "storage.encryption", mode).encode())

    def _write_setting(self, section: str, name: str, word: str) -> None:
        """Write a setting that the data have decided into kindred.toml."""
        config_file.set_value(self.path / CONFIG, f"{section}.{name}", word)
        # A frozen record, but of what the file says: who goes on with this workspace must know it as well.
        told = replace(getattr(self.config, section), **{name: word})
        object.__setattr__(self, "config", replace(self.config, **{section: told}))

    def _database_key(self) -> bytes:
        return keys.derived(self.key(), "database")

    def _opened(self, *, read_only: bool = False, encrypted: bool | None = None, path: Path | None = None) -> Warehouse:
        path = path or self.database
        run, encryption = self.config.run, self.config.storage.encryption
        if encrypted is None:
            # The file itself says what it is: a killed `encrypt` may have left it encrypted and the setting off. The
            # other way round it is refused: what the settings call encrypted is never read in clear.
            encrypted = encryption != "off" or _encrypted(path)
        options: dict[str, Any] = {
            "threads": run.threads,
            "memory": run.memory,
            "scratch": self.scratch,
            "read_only": read_only,
            "key": self._database_key() if encrypted else None,
            "weak": encryption != "on",
        }
        store = warehouse.open_(path, self.config.warehouse, self.path / TABLES, options)
        if not read_only:
            os.chmod(path, 0o600)
        return store


def _encrypted(database: Path) -> bool:
    """Whether there is an encrypted database; of what is none, whoever opens it says so."""
    with suppress(OSError, WorkspaceError):
        return is_encrypted(database)
    return False
