"""Who is let in, and what the public sees: of one server in public mode."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serve.conftest import PAGES, written_by_looking


def test_only_the_token_opens(public):
    assert public.ask().status in (200, 503)
    for path in (
        "/",
        "",
        "/favicon.ico",
        "/customers",
        public.root[:-2] + "/",
        public.root.upper(),
        "//" + public.root,
    ):
        answer = public.ask(whole=path or "/x")
        assert answer.status == 404, path
        assert b"town" not in answer.body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors"}, 403),
        ({"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}, 200),
    ],
)
def test_another_host_or_origin_is_refused(public, headers, status):
    public.page()
    assert public.ask("", **headers).status == status


def test_two_hosts_are_none(public):
    with socket.create_connection(("127.0.0.1", public.port)) as line:
        host = f"127.0.0.1:{public.port}"
        line.sendall(f"GET {public.root} HTTP/1.1\r\nHost: {host}\r\nHost: evil\r\nConnection: close\r\n\r\n".encode())
        assert line.recv(64).split()[1] in (b"400", b"421")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_but_reading(public, method):
    assert public.ask("customers", method).status == 405


def test_a_thousand_at_once_end_and_the_server_lives(public):
    public.page()
    with ThreadPoolExecutor(100) as pool:
        statuses = set(pool.map(lambda i: public.ask(("", "offers", "state")[i % 3]).status, range(1000)))
    assert statuses <= {200, 503}
    assert public.page("offers").status == 200


def test_every_answer_is_sealed(public):
    for path in (*PAGES, "state", "static/desk.js", "static/nothing", "nothing", "table.csv?page=offers&table=x"):
        told = public.ask(path).headers
        policy = told["content-security-policy"]
        assert "script-src 'self';" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert (told["cache-control"], told["x-content-type-options"]) == ("no-store", "nosniff")
        assert "set-cookie" not in told
        assert "server" not in told
        assert "access-control-allow-origin" not in told


def test_public_shows_nobody_and_cuts_by_one_column(public, town):
    with town.warehouse(read_only=True) as store:
        ids = store.read("parties")["party_id"].to_list()
    for path in (*PAGES, "offers?own.gender=man"):
        text = public.page(path).text
        assert not [i for i in ids if re.search(rf"\b{re.escape(i)}\b", text)], path
    assert public.ask("offers?own.gender=man&own.residence=Gy%C5%91r").status == 400
    assert public.ask("offers?community=1").status == 400
    assert public.ask("offers?own.residence=%3Cscript%3Ealert(1)%3C/script%3E").status == 400  # hardly anybody's
    assert "Computed anew between them" in public.page("runs?before=1&after=2").text
    assert "Another offer" not in public.page("runs?before=1&after=2").text
    assert public.ask("table.csv?page=runs&table=compared.offer").status == 400
    assert 'href="judge"' not in public.page("faces").text
    for path in ("customer?id=c0013", "customers.csv", "judge", "face?name=sa", "face?name=mp1", "community?id=1",
                 "ad?id=c0013&arm=own_face", "chart?page=customer&id=c0013&name=ego"):  # fmt: skip
        assert public.ask(path).status == 400, path


def test_looking_writes_nothing(public, town):
    assert written_by_looking(public, town) == set()
