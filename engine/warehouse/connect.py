"""A session of a Spark Connect server: companies reach Databricks, EMR and clusters of their own by one."""

from __future__ import annotations

import logging
import re
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from engine.errors import BackendError, ConfigError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEME = "sc://"
PORT = 15002
LEAST_SPARK = (4, 1)  # repartitionById
TRIES = 5  # after a call that the server did not answer: some 17 s; PySpark's own would be 10 minutes


def place(address: str) -> tuple[str, int]:
    """Host and port of an address such as `sc://host:15002/;use_ssl=true`.

    Raises:
        ConfigError: it is no such address. Its words are not repeated: it may hold a secret.
    """
    parts = urlsplit(address)
    try:
        port = PORT if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not parts.hostname or not port or "@" in parts.netloc:
        raise ConfigError("That is no address of a Spark Connect server.", fix="Write it as sc://host:15002.")
    return parts.hostname, port


def shown(address: str) -> str:
    """An address as it may be printed: without what follows the port, which may be a secret."""
    host, port = place(address)
    return f"{SCHEME}{host}:{port}"


def start(address: str, settings: dict[str, str]) -> SparkSession:
    """A session of its own at a server that answers.

    Args:
        address: `sc://host:port/;name=value`; a token may also stand in SPARK_CONNECT_AUTHENTICATE_TOKEN.
        settings: of the session.

    Raises:
        ConfigError: what PySpark needs for it is not installed, or the server is too old.
        BackendError: the server cannot be talked to.
    """
    try:
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession
    except ImportError:
        raise ConfigError(
            "Spark Connect needs grpcio, grpcio-status and googleapis-common-protos.",
            fix="Run `pip install 'kindred-engine[spark]'`.",
        ) from None
    # PySpark prints every error that it raises a second time, with its stack and the statement, and that it gave up.
    warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")
    logging.getLogger("SQLQueryContextLogger").disabled = True
    session: Any = SparkSession(connection=address)
    session.client.set_retry_policies([DefaultPolicy(max_retries=TRIES)])
    try:
        version = str(session.version)
        for name, value in settings.items():
            session.conf.set(name, value)
    except Exception as error:
        end(session)
        raise _refused(address, error) from error
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < LEAST_SPARK:
        end(session)
        raise ConfigError(
            f"The server {shown(address)} runs Spark {version}; Kindred needs 4.1 or newer.",
            fix="Use a newer server, or a classic master.",
        )
    return session


def end(session: Any) -> None:
    """Let the server forget a session; one that does not answer any more is not waited for."""
    session.client.set_retry_policies([])
    session.stop()


def is_one(session: Any) -> bool:
    """Whether a session is one of Spark Connect's."""
    return type(session).__module__.startswith("pyspark.sql.connect.")


def _refused(address: str, error: Exception) -> BackendError:
    """Why a server that answers gave no session."""
    text = str(error)
    if "UNAUTHENTICATED" in text or "PERMISSION_DENIED" in text:
        return BackendError(
            f"The server {shown(address)} does not let you in.",
            fix="Put its token into SPARK_CONNECT_AUTHENTICATE_TOKEN.",
        )
    if "UNAVAILABLE" in text or "RETRIES_EXCEEDED" in text:
        return BackendError(
            f"What answers at {shown(address)} does not talk Spark Connect.",
            fix="Check the port, and whether the server wants TLS: sc://host:port/;use_ssl=true.",
        )
    return BackendError(
        f"The server {shown(address)} gave no session: {text.splitlines()[0][:200] if text else type(error).__name__}.",
        fix="Check that it runs the Spark that is installed here.",
    )
