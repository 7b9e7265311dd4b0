"""Who is let in: whoever has the token, on this machine, by this server's own name, and only to read."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

NAMES = ("127.0.0.1", "localhost")
LONGEST = 4096  # bytes of an address
# No script but ours, nothing from elsewhere, in no frame, kept nowhere. Drawings carry their widths as attributes.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr "
    "'unsafe-inline'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


class Guard:
    """An application that answers whom it should.

    Args:
        app: what answers them; it sees addresses without the token.
        token: first part of every address.
        port: that is listened on.
    """

    def __init__(self, app: App, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = {f"{name}:{port}".encode() for name in NAMES}
        self._origins = {b"http://" + host for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refused = self._refused(scope)
        if refused is not None:
            await _answer(send, *refused)
            return
        # Its place below the token is the application's root.
        root = "/" + self._token.decode()
        inside = {**scope, "path": scope["path"][len(root) :], "root_path": "", "raw_path": b""}

        async def sealed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._app(inside, receive, sealed)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request is not answered: status and words that tell nothing about the workspace; None = it is."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        if len(headers.get(b"host", ())) != 1 or headers[b"host"][0] not in self._hosts:
            return 421, "This server has another name."
        origins = headers.get(b"origin", [])
        if any(origin not in self._origins for origin in origins):
            return 403, "Not from another page."
        # A page elsewhere may lead here by a link, for whoever has the token; it may fetch nothing.
        site, how = headers.get(b"sec-fetch-site", [b"none"]), headers.get(b"sec-fetch-mode", [b"navigate"])
        if site[0] not in (b"none", b"same-origin") and how != [b"navigate"]:
            return 403, "Not from another page."
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST:
            return 414, "The address is too long."
        first = scope["path"].encode("utf-8", "surrogatepass").split(b"/", 2)
        if len(first) != 3 or not hmac.compare_digest(first[1], self._token):
            return 404, "Nothing is here. Open the address that `kindred serve` printed."
        if scope["method"] not in ("GET", "HEAD"):
            return 405, "Nothing can be changed here."
        return None


async def _answer(send: Send, status: int, text: str) -> None:
    body = text.encode()
    told = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 405:
        told.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": [*told, *_HEADERS]})
    await send({"type": "http.response.body", "body": body})
