"""The pseudonym key: 32 random bytes kept outside every workspace; only its id is ever stored.

Where it may lie, in the order looked at: the environment (`KINDRED_KEY`, 64 hex digits), any keyring that a command
can ask (`KINDRED_KEY_COMMAND`, e.g. `secret-tool lookup kindred {id}`), a file of the key folder (0600).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import shlex
import stat
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import WorkspaceError
from engine.trust import files

_SECONDS = 30


@dataclass(frozen=True)
class KeyFile:
    """One file of the key folder: id, path, when it was made (UTC), and what is wrong with it ('' = nothing)."""

    key_id: str
    path: Path
    made_at: datetime
    problem: str


def folder() -> Path:
    """Where keys lie: `$KINDRED_KEYS`, else `~/.config/kindred/keys` (XDG)."""
    if chosen := os.environ.get("KINDRED_KEYS"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kindred" / "keys"


def new() -> str:
    """Make a key in the key folder; returns its id (16 hex digits)."""
    return save(secrets.token_bytes(32))


def save(key: bytes) -> str:
    """Keep a key of 32 bytes in the key folder, readable by its owner only; returns its id.

    Raises:
        WorkspaceError: the folder cannot be written.
    """
    name = key_id(key)
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(place / f"{name}.key", "w", opener=files.private, encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise WorkspaceError(
            f"The pseudonym key cannot be written to {place}: {error.strerror}.",
            fix="Set KINDRED_KEYS to a folder you may write to.",
        ) from error
    return name


def current() -> str:
    """The id of the key a new workspace uses: that of `KINDRED_KEY` where it is set, else a new one's."""
    given = os.environ.get("KINDRED_KEY")
    return key_id(_decode(given, "KINDRED_KEY")) if given else new()


def load(name: str) -> bytes:
    """The 32 bytes of the key with this id.

    Raises:
        WorkspaceError: no such key on this machine, the source holds another one, or others may read its file.
    """
    if given := os.environ.get("KINDRED_KEY"):
        return _checked(_decode(given, "KINDRED_KEY"), name, "KINDRED_KEY")
    if command := os.environ.get("KINDRED_KEY_COMMAND"):
        return _checked(_ask(command, name), name, "KINDRED_KEY_COMMAND")
    path = folder() / f"{name}.key"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"The workspace's pseudonym key {name} is not readable at {path}.",
            fix="Copy it from where the workspace was made, or set KINDRED_KEYS to its folder.",
        ) from error
    if mode & 0o077:
        raise WorkspaceError(f"Others may read the key {path}.", fix=f"Run `chmod 600 {path}`.")
    return _checked(_decode(text, str(path)), name, str(path))


def listed() -> list[KeyFile]:
    """The keys of the key folder, by id, each with what is wrong with it."""
    place = folder()
    if not place.is_dir():
        return []
    return [_examine(path) for path in sorted(place.glob("*.key"))]


def key_id(key: bytes) -> str:
    """A name for a key that does not give it away: 16 hex digits of a hash."""
    return hashlib.sha256(b"kindred key id" + key).hexdigest()[:16]


def derived(key: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose, from which neither the key nor another purpose's bytes follow (HMAC as a PRF)."""
    return hmac.new(key, b"kindred " + purpose.encode(), hashlib.sha256).digest()


def _examine(path: Path) -> KeyFile:
    state = path.stat()
    problem = ""
    try:
        if stat.S_IMODE(state.st_mode) & 0o077:
            problem = "others may read it"
        elif key_id(_decode(path.read_text(encoding="ascii"), str(path))) != path.stem:
            problem = "holds another key"
    except (OSError, ValueError, WorkspaceError):
        problem = "not readable"
    return KeyFile(path.stem, path, datetime.fromtimestamp(state.st_mtime, UTC).replace(tzinfo=None), problem)


def _decode(text: str, source: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise WorkspaceError(f"{source} does not hold a key.", fix="A key is 64 hex digits; restore the right one.")
    return key


def _checked(key: bytes, name: str, source: str) -> bytes:
    if key_id(key) != name:
        raise WorkspaceError(f"{source} does not hold the key {name}.", fix="Restore the right key.")
    return key


def _ask(command: str, name: str) -> bytes:
    try:
        words = [word.replace("{id}", name) for word in shlex.split(command)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        # Neither the command's output nor its arguments are repeated: either may hold the key.
        raise WorkspaceError(
            f"KINDRED_KEY_COMMAND gave no key ({type(error).__name__}).", fix="Try the command by hand."
        ) from None
    return _decode(done.stdout, "KINDRED_KEY_COMMAND")
