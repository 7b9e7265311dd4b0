"""The server: one address of this machine, as long as somebody looks."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable

from engine.errors import InputError
from engine.serve.app import app
from engine.serve.board import Board
from engine.serve.guard import Guard

HOST = "127.0.0.1"
AT_ONCE = 1500  # connections


def serve(board: Board, port: int, ready: Callable[[str], None]) -> None:
    """Serve a workspace until the process is told to end.

    Args:
        board: what is looked at; started and stopped here.
        port: to listen on; 0 = a free one.
        ready: called with the address when it can be opened.

    Raises:
        InputError: the port is taken.
        WorkspaceError: the workspace cannot be read.
    """
    import uvicorn

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            raise InputError(
                f"port {port} cannot be used: {error.strerror}.", fix="Give another --port, or none."
            ) from error
        listening.listen(AT_ONCE)
        port = listening.getsockname()[1]
        token = secrets.token_urlsafe(32)
        guarded = Guard(app(board), token, port)
        # No log of addresses: they carry the token, and ids of people. Nobody is told which server this is.
        config = uvicorn.Config(
            guarded, log_level="critical", access_log=False, server_header=False, lifespan="off", backlog=AT_ONCE,
            limit_concurrency=AT_ONCE, timeout_graceful_shutdown=2, proxy_headers=False, ws="none",
        )  # fmt: skip
        board.start()
        try:
            ready(f"http://{HOST}:{port}/{token}/")
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            board.stop()
