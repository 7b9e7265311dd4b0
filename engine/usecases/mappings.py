"""Mappings kept in a workspace by name, for files of one form that come again and again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError, masked
from engine.logs import mapping
from engine.trust import audit, files

if TYPE_CHECKING:
    from engine.workspace import Workspace

FOLDER = "mappings"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


def keep(workspace: Workspace, name: str, path: Path) -> dict[str, Any]:
    """Keep a mapping file under a name; one that is there is replaced.

    Args:
        workspace: an opened workspace.
        name: letters, digits, - and _.
        path: of the mapping file.

    Returns:
        Its line in `listed`.

    Raises:
        InputError: it is no name or no mapping, or it holds what identifies a person.
    """
    if not _NAME.fullmatch(name) or masked(name) != name:
        raise InputError(f"{name!r} cannot be a mapping's name.", fix="Use up to 60 letters, digits, - and _.")
    table = mapping.table_of(path)
    mapping.load(path, table)
    raw = path.read_bytes()
    if _tells_of_people(raw.decode("utf-8")):
        raise InputError(
            "it holds a person's number or address, and mappings are kept unencrypted in the workspace.",
            file=path,
            fix="Take it out; numbers of services belong to the setting logs.service_numbers.",
        )
    with workspace.locked("mapping keep"), audit.recorded(workspace.path, "mapping keep"):
        target = workspace.path / FOLDER / f"{name}.toml"
        target.parent.mkdir(mode=0o700, exist_ok=True)
        with files.replacing(target, scratch=workspace.scratch) as file:
            file.write(raw)
    return _described(target)


def _tells_of_people(text: str) -> bool:
    return masked(text) != text if len(text) < 4000 else any(masked(line) != line for line in text.splitlines())


def listed(workspace: Workspace) -> list[dict[str, Any]]:
    """The mappings that are kept: name, table, columns, digest (of what it says), by name."""
    return [_described(path) for path in _paths(workspace)]


def show(workspace: Workspace, name: str) -> str:
    """The text of a kept mapping.

    Raises:
        InputError: there is none of that name.
    """
    return _kept(workspace, name).read_text("utf-8")


def find(workspace: Workspace, wanted: str | Path | None) -> Path | None:
    """The mapping file that is meant: the file of that path, else the mapping kept under that name.

    Raises:
        InputError: there is neither.
    """
    if wanted is None:
        return None
    path = Path(wanted)
    return path if path.exists() else _kept(workspace, str(wanted))


def _kept(workspace: Workspace, name: str) -> Path:
    for path in _paths(workspace):
        if path.stem == name:
            return path
    names = ", ".join(path.stem for path in _paths(workspace)) or "none"
    raise InputError(
        f"there is no such mapping file, and none of that name is kept (there is: {names}).",
        file=name,
        fix="Check the path, or keep one: `kindred mapping keep NAME FILE`.",
    )


def _paths(workspace: Workspace) -> list[Path]:
    folder = workspace.path / FOLDER
    return sorted(path for path in folder.glob("*.toml") if path.is_file() and not path.is_symlink())


def _described(path: Path) -> dict[str, Any]:
    table = mapping.table_of(path)
    profiles = mapping.load(path, table)
    columns = sorted({column for profile in profiles for column in profile.mapped})
    return {"name": path.stem, "table": table, "columns": ", ".join(columns), "digest": profiles[0].digest[:12]}
