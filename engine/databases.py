"""Databases of the company's own, reached through their ADBC drivers (Arrow's interface to databases).

A password never stands in the address: it would be seen in the list of processes and kept in the shell's history.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from engine.errors import ConfigError, InputError, masked

_SECRETS = ("password", "passwd", "pwd", "token", "secret", "sslpassword")
# What the address of a Spark Connect server may say beside host and port.
_OF_CONNECT = ("use_ssl", "user_id", "user_agent", "x-databricks-cluster-id")
_NAMES = {"postgres": "postgresql", "sqlite3": "sqlite"}


def parts(address: str, option: str) -> tuple[str, str]:
    """The kind of database, and a name for what comes from it.

    Args:
        address: of the database.
        option: the option that gave it.

    Raises:
        InputError: it is no address, or holds a password.
    """
    parts = urlsplit(address)
    kind = _NAMES.get(parts.scheme.lower(), parts.scheme.lower())
    if not kind.isidentifier():
        raise InputError(
            f"{option} is not the address of a database.",
            fix="Write postgresql://HOST/NAME or sqlite:///FOLDER/FILE.db.",
        )
    given = {word.lower() for word in parse_qs(parts.query, keep_blank_values=True)}
    if parts.password is not None or given & set(_SECRETS):
        raise InputError(
            "the address of the database holds a password.",
            fix="Leave it out: it is read from PGPASSWORD, ~/.pgpass or a service file (postgresql://?service=NAME).",
        )
    stem = Path(unquote(parts.path)).stem
    return kind, f"{kind}-{stem}" if stem and masked(stem) == stem and stem.isprintable() else kind


def check_spark(master: str) -> None:
    """Refuse a Spark Connect address that holds more than what is known to be no secret: settings are shown, too.

    Raises:
        ConfigError: it does. Its words are not repeated.
    """
    server, *given = master.split(";")
    unknown = {part.partition("=")[0].strip().lower() for part in given} - {"", *_OF_CONNECT}
    if master.startswith("sc://") and (unknown or "@" in server):
        raise ConfigError(
            "warehouse.master holds what may be a secret.",
            fix="Put a token into SPARK_CONNECT_AUTHENTICATE_TOKEN, or the whole address into SPARK_REMOTE.",
        )


@contextmanager
def connected(kind: str, address: str) -> Iterator[Any]:
    """A connection for as long as the `with` lasts; what was not committed by then is not done.

    Raises:
        InputError: there is no driver, or the database does not answer or lets nobody in.
    """
    try:
        driver = importlib.import_module(f"adbc_driver_{kind}.dbapi")
    except ModuleNotFoundError:
        raise InputError(
            f"there is no ADBC driver for {kind} here.", fix=f"Run `pip install adbc-driver-{kind}`."
        ) from None
    try:
        connection = driver.connect(_read_only_file(address) if kind == "sqlite" else address)
    except Exception as error:  # as above
        raise InputError(
            f"{kind} cannot be reached: {told(error)}.",
            fix="Check the address; the password comes from PGPASSWORD or ~/.pgpass." if kind == "postgresql" else None,
        ) from error
    with closing(connection):
        yield connection


def _read_only_file(address: str) -> str:
    """The address of an SQLite file that must be there and stays as it is: `sqlite:///FILE`, or `sqlite:////FILE` from
    the root on."""
    path = Path(unquote(address.partition(":")[2].removeprefix("///").partition("?")[0]))
    if not path.is_file():
        raise InputError("there is no such file.", file=path, fix="Check the path after sqlite:///.")
    return f"{path.resolve().as_uri()}?mode=ro"


def told(error: Exception) -> str:
    """The first line of what a database says, without what may be somebody's number."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return masked(lines[0].rstrip("."))[:300] if lines else type(error).__name__
