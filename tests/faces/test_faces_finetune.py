"""Fine-tuning on drawn persons: who is judged was not trained on, new weights load, no step back becomes default."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from engine.config import Faces
from engine.errors import InputError, ModelError
from engine.faces import finetune as tuning
from engine.faces import weights
from engine.synth import looks, portraits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(2)
    for person, z in enumerate(looks.people(rng, np.full(8, 35), np.arange(8) % 2 == 0)):
        (base / f"p{person}").mkdir()
        for photo in range(3):
            picture = portraits.draw(z, size=160, seed=10 * person + photo)
            Image.fromarray(picture).save(base / f"p{person}" / f"{photo}.png")
    (base / "p0" / "broken.png").write_bytes(b"no picture")
    return base


def test_new_weights_have_their_own_id_and_are_refused_unless_better(folder, tmp_path):
    out = tmp_path / "ours.pt"
    outcome = tuning.finetune(folder, out, settings=Faces(min_face=40), epochs=2, seed=3)
    assert outcome.before.pairs == outcome.after.pairs == 15  # two persons, six photos, none of them learnt from
    new = weights.describe(str(out))
    assert new.version != weights.describe("casia-webface").version and "6" not in new.trained_on.split("then")[0]
    state, old = weights.state_dict(str(out)), weights.state_dict("casia-webface")
    changed = {k.split(".")[0] for k in old if not torch.equal(state[k], old[k])}
    assert changed <= {"block8", "last_linear", "last_bn"}
    note = json.loads((tmp_path / "ours.pt.json").read_text())
    assert note["better"] == outcome.better == (outcome.after.auc[0] > outcome.before.auc[2])
    for verdict in (True, False):
        (tmp_path / "ours.pt.json").write_text(json.dumps({**note, "better": verdict}))
        if verdict:
            assert weights.usable(str(out)).name == "ours"
        else:
            with pytest.raises(ModelError, match="did not beat"):
                weights.usable(str(out))


def test_training_lowers_the_loss(folder):
    """Photos put together at random (drawn persons are told apart already): their triplets get farther apart."""
    net = weights.network(weights.state_dict("casia-webface"))
    faces, _ = tuning._faces(folder, Faces(min_face=40), tuning.SILENT)
    inputs = tuning._before_last_block(net, faces)
    tail = tuning._Tail(net)
    label = torch.from_numpy(np.random.default_rng(1).permutation(len(faces)) % 8)
    optimiser = torch.optim.AdamW(tail.trained(), lr=tuning.RATE)
    losses = []
    for _ in range(6):
        loss = tuning._triplet(tail(inputs), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_hardest_triplets_by_hand():
    vectors = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [0.1, 1.0]]))
    label = torch.tensor([0, 0, 1, 1])
    d = 2 - 2 * vectors @ vectors.T
    expected = [max(0.0, float(d[i, j] - min(d[i, k] for k in others)) + 0.2)
                for i, j, others in ((0, 1, (2, 3)), (1, 0, (2, 3)), (2, 3, (0, 1)), (3, 2, (0, 1)))]  # fmt: skip
    assert tuning._triplet(vectors, label).item() == pytest.approx(np.mean(expected), abs=1e-5)


def test_too_few_persons_are_refused(tmp_path):
    (tmp_path / "one").mkdir()
    with pytest.raises(InputError, match="0 persons"):
        tuning.finetune(tmp_path, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="is a folder"):
        tuning.finetune(tmp_path, tmp_path)
