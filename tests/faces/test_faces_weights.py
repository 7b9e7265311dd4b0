"""Weights: read from the frozen graph, every key fits, altered and foreign files are refused, fetched safely."""

from __future__ import annotations

import hashlib
import http.server
import io
import pickle
import threading
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from engine.errors import ModelError
from engine.faces import convert, weights


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kindred"


@pytest.fixture(scope="module")
def state():
    return convert.convert(weights._graph())


@pytest.fixture(scope="module")
def graph():
    """The graph as OpenCV computes it."""
    return cv2.dnn.readNetFromTensorflow(np.frombuffer(weights._graph(), np.uint8))


@pytest.mark.parametrize("data", [b"", b"abc", b"\n\x04\n\x02ab"])
def test_what_is_no_graph_of_facenet_is_refused(data):
    with pytest.raises(ModelError, match="graph cannot be read"):
        convert.convert(data)


def test_every_key_fits_and_every_bit_is_as_it_was(state):
    """The digest is that of the tensors as a reader of the wire format gave them, which OpenCV took the place of."""
    wanted = weights.network(state).state_dict()
    assert {k: v.shape for k, v in state.items()} == {
        k: v.shape for k, v in wanted.items() if not k.endswith("num_batches_tracked")
    }
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode() + state[name].numpy().tobytes())
    assert digest.hexdigest() == "e05b0dd67e5c422a8c4b35eaa5c8fb1dd53fb6534291cf87d0cf101349b17f35"


def test_the_network_computes_what_the_graph_says(state, graph):
    """Oracle: OpenCV runs the graph itself; a swapped block, kernel or norm shows in the embedding."""
    x = np.random.default_rng(3).normal(size=(1, 3, 160, 160)).astype(np.float32)
    graph.setInput(x)
    expected = graph.forward()
    got = weights.network(state)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-6)
    swapped = {**state, "repeat_2.3.conv2d.bias": state["repeat_2.4.conv2d.bias"]}
    assert np.abs(weights.network(swapped)(torch.from_numpy(x)).numpy() - expected).max() > 1e-5


def test_blocks_are_not_swapped(state, graph):
    """Kernels of the graph, by its names, stand under the block of their number."""
    for i in (1, 5, 10):
        name = f"InceptionResnetV1/Repeat_1/block17_{i}/Branch_1/Conv2d_0c_7x1/Conv2D"
        kernel = graph.getLayer(graph.getLayerId(name)).blobs[0]
        np.testing.assert_array_equal(state[f"repeat_2.{i - 1}.branch1.2.conv.weight"].numpy(), kernel)
    kernel = graph.getLayer(graph.getLayerId("InceptionResnetV1/Mixed_7a/Branch_2/Conv2d_1a_3x3/Conv2D")).blobs[0]
    np.testing.assert_array_equal(state["mixed_7a.branch2.2.conv.weight"].numpy(), kernel)


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
