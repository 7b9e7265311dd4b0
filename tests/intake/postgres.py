"""A PostgreSQL of the tests' own: Debian's package, a data folder in /tmp, on the loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "not-a-secret"  # noqa: S105 - of a database that lives for a test
USER = "cdr"


def programs() -> Path | None:
    """Where Debian's package keeps `initdb` and `pg_ctl`, the newest first; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found and (os.geteuid() != 0 or shutil.which("runuser")) else None


@contextmanager
def running() -> Iterator[str]:
    """A server while the `with` lasts; gives its address, without the password."""
    folder = Path(tempfile.mkdtemp(prefix="kindred-pg-", dir="/tmp"))
    data, secret = folder / "data", folder / "password"
    secret.write_text(PASSWORD)
    data.mkdir()
    folder.chmod(0o755)
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        for path in (folder, data, secret):
            shutil.chown(path, "postgres")
    port = _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    _run("initdb", "-D", data, "-U", USER, "--pwfile", secret, "--auth=scram-sha-256", "--no-sync")
    _run("pg_ctl", "-D", data, "-w", "-t", "120", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
    finally:
        _run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _run(program: str, *args: object) -> None:
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    command = [*before, str(programs() / program), *map(str, args)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fill(address: str, *statements: str) -> None:
    """Run some statements; the password comes from PGPASSWORD."""
    from contextlib import closing

    import adbc_driver_postgresql.dbapi as driver

    with closing(driver.connect(address)) as connection:
        for statement in statements:
            with closing(connection.cursor()) as cursor:
                cursor.execute(statement)
        connection.commit()
