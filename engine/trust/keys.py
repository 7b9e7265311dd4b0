"""The pseudonym key: 32 random bytes in a file outside every workspace; only its id is ever stored."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from engine.errors import WorkspaceError


def folder() -> Path:
    """Where keys lie: `$KINDRED_KEYS`, else `~/.config/kindred/keys` (XDG)."""
    if chosen := os.environ.get("KINDRED_KEYS"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kindred" / "keys"


def new() -> str:
    """Make a key, readable by its owner only; returns its id (16 hex digits)."""
    key = secrets.token_bytes(32)
    name = key_id(key)
    place = folder()
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(place / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(key.hex() + "\n")
    except OSError as error:
        raise WorkspaceError(
            f"The pseudonym key cannot be written to {place}: {error.strerror}.",
            fix="Set KINDRED_KEYS to a folder you may write to.",
        ) from error
    return name


def load(name: str) -> bytes:
    """The 32 bytes of the key with this id.

    Raises:
        WorkspaceError: no such key on this machine, or the file holds another one.
    """
    path = folder() / f"{name}.key"
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"The workspace's pseudonym key {name} is not readable at {path}.",
            fix="Copy it from where the workspace was made, or set KINDRED_KEYS to its folder.",
        ) from error
    if key_id(key) != name:
        raise WorkspaceError(f"{path} does not hold the key {name}.", fix="Restore the right key file.")
    return key


def key_id(key: bytes) -> str:
    """A name for a key that does not give it away: 16 hex digits of a hash."""
    return hashlib.sha256(b"kindred key id" + key).hexdigest()[:16]
