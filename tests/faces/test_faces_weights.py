"""Weights: read from the frozen graph, every key fits, altered and foreign files are refused, fetched safely."""

from __future__ import annotations

import hashlib
import http.server
import io
import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import ModelError
from engine.faces import convert, graphdef, weights


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kindred"


@pytest.fixture(scope="module")
def constants():
    return weights._graph()


def encode(field: int, payload: bytes | int) -> bytes:
    def varint(value: int) -> bytes:
        out = b""
        while True:
            out += bytes([value & 127 | (128 if value > 127 else 0)])
            value >>= 7
            if not value:
                return out

    if isinstance(payload, int):
        return varint(field << 3) + varint(payload)
    return varint(field << 3 | 2) + varint(len(payload)) + payload


def node(name: str, op: str, tensor: bytes) -> bytes:
    attribute = encode(1, b"value") + encode(2, encode(8, tensor))
    return encode(1, encode(1, name.encode()) + encode(2, op.encode()) + encode(5, attribute))


def shape(*sizes: int) -> bytes:
    return encode(2, b"".join(encode(2, encode(1, size)) for size in sizes))


def test_constants_of_a_graph_written_by_hand():
    values = np.arange(6, dtype="<f4")
    graph = node("a", "Const", encode(1, 1) + shape(2, 3) + encode(4, values.tobytes()))
    graph += node("full", "Const", encode(1, 1) + shape(300) + encode(5, np.float32(2.5).tobytes()))
    graph += node("whole", "Const", encode(1, 3) + shape(1) + encode(4, b"\1\0\0\0"))
    graph += node("other", "Relu", encode(1, 1))
    found = graphdef.constants(graph)
    assert sorted(found) == ["a", "full"]
    np.testing.assert_array_equal(found["a"], values.reshape(2, 3))
    np.testing.assert_array_equal(found["full"], np.full(300, 2.5, np.float32))


@pytest.mark.parametrize("cut", [1, 5, 20, 33])
def test_a_cut_graph_is_refused(cut):
    graph = node("a", "Const", encode(1, 1) + shape(2) + encode(4, bytes(8)))
    with pytest.raises(ModelError, match="graph cannot be read"):
        graphdef.constants(graph[:-cut])


def test_every_key_fits_and_the_network_computes_what_the_graph_says(constants):
    """Oracle: the graph's first layers and its last ones computed straight from the constants."""
    state = convert.convert(constants)
    net = weights.network(state)
    wanted = {k: v.shape for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    assert {k: v.shape for k, v in state.items()} == wanted
    x = torch.from_numpy(np.random.default_rng(3).normal(size=(2, 3, 160, 160)).astype(np.float32))
    kernel = torch.from_numpy(constants["InceptionResnetV1/Conv2d_1a_3x3/weights"].transpose(3, 2, 0, 1).copy())
    offset = torch.from_numpy(constants["InceptionResnetV1/Conv2d_1a_3x3/Conv2D_bn_offset"].copy())
    expected = torch.relu(torch.nn.functional.conv2d(x, kernel, offset, stride=2))
    torch.testing.assert_close(net.conv2d_1a(x), expected, atol=1e-5, rtol=1e-5)
    hidden = np.random.default_rng(4).normal(size=(2, 1792)).astype(np.float32)
    name = "InceptionResnetV1/Bottleneck/"
    mean, variance, beta = (constants[f"{name}BatchNorm/{k}"] for k in ("moving_mean", "moving_variance", "beta"))
    expected = (hidden @ constants[f"{name}weights"] - mean) / np.sqrt(variance + 1e-3) + beta
    got = net.last_bn(net.last_linear(torch.from_numpy(hidden))).numpy()
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_blocks_are_not_swapped(constants):
    """Each kernel of the graph appears once in the state dict, under the block of its number."""
    state = convert.convert(constants)
    for i in (1, 5, 10):
        kernel = constants[f"InceptionResnetV1/Repeat_1/block17_{i}/Branch_1/Conv2d_0c_7x1/weights"]
        found = state[f"repeat_2.{i - 1}.branch1.2.conv.weight"].numpy()
        np.testing.assert_array_equal(found, kernel.transpose(3, 2, 0, 1))
    kernel = constants["InceptionResnetV1/Mixed_7a/Branch_2/Conv2d_1a_3x3/weights"]
    np.testing.assert_array_equal(state["mixed_7a.branch2.2.conv.weight"].numpy(), kernel.transpose(3, 2, 0, 1))


def test_cached_with_its_digest_and_made_again_when_altered(cache):
    path = weights.ensure("casia-webface")
    assert path.parent == cache
    recorded = path.with_name(path.name + ".sha256").read_text().split()
    assert recorded == [hashlib.sha256(path.read_bytes()).hexdigest(), path.name]
    good = path.read_bytes()
    path.write_bytes(good[:-1] + b"!")
    assert [w["state"] for w in weights.list_()] == ["altered", "to fetch"]
    assert weights.ensure("casia-webface").read_bytes() == good  # the same bytes each time they are made
    assert {p.name for p in cache.iterdir()} == {path.name, path.name + ".sha256"}


def test_unknown_names_and_files_that_are_no_weights_are_refused(cache, tmp_path):
    with pytest.raises(ModelError, match="no weights 'imagenet'"):
        weights.describe("imagenet")

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    bad = {
        "pickle": pickle.dumps(Evil(), protocol=2),
        "text": b"hello",
        "empty": b"",
        "list": saved([torch.zeros(2)]),
        "few": saved({"conv2d_1a.conv.weight": torch.zeros(32, 3, 3, 3)}),
    }
    for name, data in bad.items():
        path = tmp_path / f"{name}.pt"
        path.write_bytes(data)
        with pytest.raises(ModelError):
            weights.verify(str(path))
    assert not (tmp_path / "ran").exists()


def saved(value) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def test_a_file_of_the_users_is_known_by_its_content(cache, tmp_path):
    state = weights.state_dict("casia-webface")
    path = tmp_path / "mine.pt"
    weights.store({**state, "logits.weight": torch.zeros(9, 512)}, path, {"same_person": 0.4, "trained_on": "ours"})
    known = weights.describe(str(path))
    assert (known.name, known.same_person, known.trained_on) == ("mine", 0.4, "ours")
    assert known.version == hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    assert weights.verify(str(path)).startswith("mine ")


@pytest.fixture
def server():
    """A local web server: path -> (declared length, bytes)."""
    pages: dict[str, tuple[int, bytes]] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path not in pages:
                self.send_error(404)
                return
            length, body = pages[self.path]
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", pages
        running.shutdown()


def test_fetching_keeps_only_the_published_file(cache, server, monkeypatch):
    url, pages = server
    body = np.random.default_rng(1).bytes(3_000_000)
    published = replace(weights.KNOWN["vggface2"], size=len(body), sha256=hashlib.sha256(body).hexdigest())
    monkeypatch.setitem(weights.KNOWN, "vggface2", published)
    with pytest.raises(ModelError, match="weights fetch vggface2"):
        weights.ensure("vggface2")
    pages["/good"] = (len(body), body)
    pages["/other"] = (len(body), body[:-1] + b"?")
    pages["/short"] = (1000, body[:1000])
    pages["/long"] = (len(body) + 5, body + b"extra")
    for wrong in ("other", "short", "long"):
        with pytest.raises(ModelError, match="another file"):
            weights.fetch("vggface2", url=f"{url}/{wrong}")
        assert not list(cache.glob("*"))
    with pytest.raises(ModelError, match="cannot be reached"):
        weights.fetch("vggface2", url=f"{url}/absent")
    with pytest.raises(ModelError, match="not a web address"):
        weights.fetch("vggface2", url="file:///etc/hostname")
    path = weights.fetch("vggface2", url=f"{url}/good")
    assert path.read_bytes() == body and [p.name for p in cache.iterdir()] == [path.name]
    pages.clear()
    assert weights.fetch("vggface2", url=f"{url}/good") == path  # there already: nothing is asked for


def test_a_broken_download_leaves_nothing(cache, server):
    url, pages = server
    pages["/cut"] = (5_000_000, b"x" * 1000)
    with pytest.raises(ModelError):
        weights.fetch("vggface2", url=f"{url}/cut")
    assert not list(cache.glob("*"))
    with pytest.raises(ModelError, match="cannot be reached"):
        weights.fetch("vggface2", url="http://127.0.0.1:9/none")
