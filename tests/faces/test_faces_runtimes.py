"""Whoever computes FaceNet gives torch's fp32 embeddings, alone or in company; who does not is refused."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

import numpy as np
import pytest

from engine.config import Faces
from engine.errors import ModelError
from engine.faces import analyse, runtimes, weights
from engine.faces.embed import Embedder
from engine.faces.match import nearest
from engine.synth import looks, portraits
from tests.conftest import REAL
from tests.faces.threads import asking

WAYS = [("torch", "bf16"), ("openvino", "fp32"), ("openvino", "bf16"), ("openvino", "int8")]


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(160)
    people = looks.people(rng, rng.integers(20, 70, 20), rng.random(20) < 0.5)
    return np.stack([portraits.draw(z, size=160, seed=i, studio=True) for i, z in enumerate(people)])


def embedder(runtime: str, precision: str, **more) -> Embedder:
    if runtime == "openvino":
        pytest.importorskip("openvino")
    try:
        return Embedder(runtime=runtime, precision=precision, **more)
    except ModelError as error:
        if "this machine cannot" not in error.message:
            raise
        pytest.skip(f"this processor does not compute in {precision}")


@pytest.mark.parametrize(("runtime", "precision"), WAYS)
def test_drawn_faces_have_the_references_embeddings(faces, runtime, precision):
    reference = Embedder(runtime="torch", precision="fp32")
    found = embedder(runtime, precision)
    assert (found.runtime.name, found.runtime.precision) == (runtime, precision)
    assert ((found(faces) * reference(faces)).sum(axis=1) >= runtimes.AGREEMENT).all()
    assert (found(faces[:, :, ::-1]) != found(faces)).any()


@pytest.mark.real
@pytest.mark.parametrize(("runtime", "precision"), WAYS)
def test_real_faces_have_the_references_embeddings_and_matches(real_data, runtime, precision):
    embedder(runtime, precision)  # skips where this machine cannot
    files = sorted((REAL / "faces10x10").glob("*/*.jpg"))

    def vectors(**settings) -> np.ndarray:
        asked = Faces(max_yaw=1.0, **settings)
        frames = analyse({str(f): f for f in files}, mode="customer", settings=asked)
        return np.concatenate([frame["embedding"].to_numpy() for frame in frames])

    exact, fast = vectors(runtime="torch", precision="fp32"), vectors(runtime=runtime, precision=precision)
    assert len(exact) == len(fast) == 100
    assert ((exact * fast).sum(axis=1) >= 0.999).all()
    own = np.arange(100)
    same = nearest(exact, own, exact, 2)[0][:, 1] == nearest(fast, own, fast, 2)[0][:, 1]
    assert same.mean() >= 0.99


@pytest.mark.parametrize(("runtime", "precision"), [("torch", "fp32"), *WAYS])
def test_a_faces_numbers_do_not_depend_on_company_or_on_threads(faces, runtime, precision):
    alone, shared = embedder(runtime, precision), embedder(runtime, precision, callers=2)
    whole = alone(faces)
    assert (np.concatenate([alone(faces[k : k + 1]) for k in range(0, 20, 5)]) == whole[::5]).all()
    for threads in (None, 1, 3):
        with asking(2, threads) as pool:
            assert all((part == whole).all() for part in pool.map(lambda _: shared(faces), range(2)))


def test_no_thread_is_held_on_one_core(faces):
    """Several processes would hold theirs on the same one, and be as slow as one of them."""
    if len(os.sched_getaffinity(0)) == 1:
        pytest.skip("there is one core")
    seen: set[frozenset[int]] = set()
    found, over = embedder("openvino", "fp32", callers=2), threading.Event()

    def look() -> None:
        while not over.is_set():
            for task in os.listdir("/proc/self/task"):
                with suppress(OSError):
                    seen.add(frozenset(os.sched_getaffinity(int(task))))

    watcher = threading.Thread(target=look)
    watcher.start()
    with asking(2, None) as pool:
        list(pool.map(found, [faces, faces]))
    over.set()
    watcher.join()
    assert seen == {frozenset(os.sched_getaffinity(0))}


def test_a_mirror_image_counts_half(faces):
    plain, both = Embedder(), Embedder(mirror=True)
    mean = plain(faces) + plain(faces[:, :, ::-1])
    assert np.allclose(both(faces), mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-6)


def test_a_runtime_that_disagrees_is_not_used(tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    file = weights.ensure(weights.DEFAULT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = Embedder(str(file)).runtime
    assert first.name == "openvino"
    (data,) = (tmp_path / "kindred").glob("*.bin")
    numbers = np.fromfile(data, np.float32)
    noise = np.random.default_rng(1).uniform(0.3, 1.7, len(numbers)).astype(np.float32)
    np.where(abs(numbers) > 1e-6, numbers * noise, numbers).tofile(data)  # whole numbers look like tiny ones
    assert str(Embedder(str(file)).runtime) != str(first)
    with pytest.raises(ModelError, match="gives other embeddings"):
        Embedder(str(file), runtime=first.name, precision=first.precision)


def test_a_cache_that_cannot_be_written_costs_speed_only(tmp_path, monkeypatch, faces):
    file = weights.ensure(weights.DEFAULT)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    found = Embedder(str(file))
    assert found.runtime.name == "torch"
    assert found(faces[:1]).shape == (1, 512)


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"runtime": "abacus"}, "abacus"), ({"precision": "int3"}, "int3"), ({"name": "nobody"}, "nobody")],
)
def test_unknown_ways_are_refused(asked, message):
    with pytest.raises(ModelError, match=message):
        Embedder(**asked)
