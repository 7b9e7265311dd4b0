"""Adapt FaceNet's last layers to the user's own labelled photos, and keep the result only if it is better."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config import Faces
from engine.errors import InputError, ModelError
from engine.faces import align, cut, weights
from engine.faces.evaluate import Report, judge
from engine.faces.gallery import detector_for
from engine.faces.read import Unreadable, read
from engine.pictures import ENDINGS
from engine.progress import SILENT, Progress

if TYPE_CHECKING:
    import numpy as np
    import torch

# Of the persons this share says when to stop, and as many others judge the result.
HELD_OUT = 0.25
MIN_PERSONS = 6
BATCH_PERSONS, BATCH_PHOTOS = 8, 4
RATE, DECAY, MARGIN = 3e-4, 1e-4, 0.2
PATIENCE = 4


@dataclass(frozen=True)
class Outcome:
    """What fine-tuning gave.

    Args:
        path: the new weights; their own id is the sha256 of the file.
        before: evaluation on persons not trained on, with the weights started from.
        after: with the new ones.
        epochs: passes until likeness of persons set aside for that stopped getting better.
        better: the held-out AUC rose beyond its interval; `engine.faces.weights.usable` refuses the others.
    """

    path: Path
    before: Report
    after: Report
    epochs: int
    better: bool


def finetune(
    folder: Path,
    out: Path,
    *,
    settings: Faces | None = None,
    epochs: int = 20,
    seed: int = 7,
    progress: Progress = SILENT,
) -> Outcome:
    """Train FaceNet's last block, projection and norm with the triplet loss on a folder per person.

    The layers before are run once per photo. Persons are split three ways: to learn from, to say when to stop, and
    to judge the result by.

    Args:
        folder: one folder of photos per person; at least six persons with two usable photos.
        out: where the new weights go (a `.pt`; a note beside it as `.json`).
        settings: section `faces`; its weights are the start.
        epochs: at most this many passes.
        seed: of the split, the batches and the resampling.
        progress: where a bar is drawn.

    Raises:
        InputError: too few persons.
        ModelError: the weights are missing, or `out` cannot be written.

    Source: Schroff et al. 2015 (triplet loss); Hermans et al. 2017 (the hardest of each batch).
    """
    import numpy as np
    import torch

    settings = settings or Faces()
    if out.exists() and out.is_dir():
        raise ModelError(f"{out} is a folder.", fix="Name a file, e.g. weights.pt.")
    faces, person = _faces(folder, settings, progress)
    names = sorted(set(person))
    rank = sorted(names, key=lambda n: hashlib.sha256(f"{seed}:{n}".encode()).digest())
    held = max(2, round(HELD_OUT * len(rank)))
    stop, test = (np.isin(person, rank[k * held : (k + 1) * held]) for k in (0, 1))
    learn = ~stop & ~test
    label = np.array([names.index(p) for p in person])

    net = weights.network(weights.state_dict(settings.weights))
    inputs = _before_last_block(net, faces)
    tail = _Tail(net)
    before = _judged(tail, inputs[test], person[test], seed, settings.weights)
    best, state, since, done = _separation(tail, inputs[stop], label[stop]), copy.deepcopy(tail.state_dict()), 0, 0
    optimiser = torch.optim.AdamW(tail.trained(), lr=RATE, weight_decay=DECAY)
    draw = np.random.default_rng(seed)
    x, y = inputs[learn], label[learn]
    with progress.task("fine-tuning", total=epochs) as bar:
        for epoch in range(1, epochs + 1):
            for rows in _batches(y, draw):
                loss = _triplet(tail(x[rows]), torch.from_numpy(y[rows]))
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            bar.advance()
            done = epoch
            reached = _separation(tail, inputs[stop], label[stop])
            if reached > best:
                best, state, since = reached, copy.deepcopy(tail.state_dict()), 0
            else:
                since += 1
                if since == PATIENCE:
                    break
    tail.load_state_dict(state)
    after = _judged(tail, inputs[test], person[test], seed, out.stem)
    better = after.auc[0] > before.auc[2]
    note = {
        "trained_on": f"{weights.describe(settings.weights).name}, then {len(names) - 2 * held} persons of the user",
        "same_person": after.tpr_at_far[1e-3][3],
        "held_out_auc": after.auc,
        "held_out_auc_before": before.auc,
        "better": better,
    }
    weights.store(net.state_dict(), out, note)
    return Outcome(out, before, after, done, better)


class _Tail:
    """The trained end of the network: last block, pooling, projection and norm (its statistics stay)."""

    def __init__(self, net: torch.nn.Module) -> None:
        self._net = net
        self._parts = (net.block8, net.last_linear, net.last_bn)
        for part in self._parts:
            part.requires_grad_(True)

    def trained(self) -> list[torch.nn.Parameter]:
        return [p for part in self._parts for p in part.parameters()]

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        net = self._net
        x = net.avgpool_1a(net.block8(x)).flatten(1)
        return torch.nn.functional.normalize(net.last_bn(net.last_linear(x)))

    def state_dict(self) -> list[dict]:
        return [part.state_dict() for part in self._parts]

    def load_state_dict(self, state: list[dict]) -> None:
        for part, values in zip(self._parts, state, strict=True):
            part.load_state_dict(values)


def _faces(folder: Path, settings: Faces, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Crops of every usable photo, and whose they are; persons with fewer than two are left out."""
    import numpy as np

    detector = detector_for(settings)
    files = sorted(p for p in folder.glob("*/*") if p.suffix.lower() in ENDINGS)
    crops, person = [], []
    with progress.task("faces to learn from", total=len(files)) as bar:
        for file in files:
            bar.advance()
            try:
                photo = read(file, max_megapixels=settings.max_megapixels, max_side=settings.max_side, root=folder)
            except Unreadable:
                continue
            found = detector(photo.pixels)
            if len(found.boxes):
                face, rivals = cut.choose(found.boxes, *photo.pixels.shape[:2])
                if not rivals:
                    box, marks = found.boxes[face], found.landmarks[face]
                    crops.append(align.face(photo.pixels, box, marks, kind=settings.align, margin=settings.margin))
                    person.append(file.parent.name)
    names = np.array(person)
    enough = {n for n in person if person.count(n) > 1}
    if len(enough) < MIN_PERSONS:
        raise InputError(
            f"holds {len(enough)} persons with two usable photos.",
            file=folder,
            fix=f"At least {MIN_PERSONS} are needed.",
        )
    keep = np.isin(names, sorted(enough))
    return np.stack(crops)[keep], names[keep]


def _before_last_block(net: torch.nn.Module, faces: np.ndarray) -> torch.Tensor:
    """What enters the last block, (n, 1792, 3, 3): the part that is not trained, run once."""
    import torch

    layers = [net.conv2d_1a, net.conv2d_2a, net.conv2d_2b, net.maxpool_3a, net.conv2d_3b, net.conv2d_4a, net.conv2d_4b]
    front = torch.nn.Sequential(*layers, net.repeat_1, net.mixed_6a, net.repeat_2, net.mixed_7a, net.repeat_3)
    out = []
    with torch.no_grad():
        for start in range(0, len(faces), 16):
            x = torch.from_numpy(faces[start : start + 16]).permute(0, 3, 1, 2).float()
            out.append(front((x - 127.5) / 128))
    return torch.cat(out)


def _batches(label: np.ndarray, draw: np.random.Generator) -> list[np.ndarray]:
    """Rows of each batch of a pass: some persons, some photos of each."""
    import numpy as np

    persons = draw.permutation(np.unique(label))
    batches = []
    for start in range(0, len(persons), BATCH_PERSONS):
        chosen = persons[start : start + BATCH_PERSONS]
        if len(chosen) < 2:
            continue
        rows = [draw.permutation(np.flatnonzero(label == p))[:BATCH_PHOTOS] for p in chosen]
        batches.append(np.concatenate(rows))
    return batches


def _triplet(vectors: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Triplet loss with each photo's farthest of the same person and nearest of another."""
    import torch

    distance = 2 - 2 * vectors @ vectors.T
    same = label[:, None] == label[None]
    farthest = distance.masked_fill(~same, -1).amax(dim=1)
    nearest = distance.masked_fill(same, 9).amin(dim=1)
    return torch.relu(farthest - nearest + MARGIN).mean()


def _separation(tail: _Tail, inputs: torch.Tensor, label: np.ndarray) -> float:
    """Mean likeness of two photos of a person less that of two persons, in standard deviations of the latter.

    Says when to stop: unlike the AUC it does not saturate on a handful of persons.
    """
    import numpy as np
    import torch

    with torch.no_grad():
        vectors = tail(inputs).numpy()
    a, b = np.triu_indices(len(label), 1)
    likeness, same = np.einsum("ij,ij->i", vectors[a], vectors[b]), label[a] == label[b]
    return float((likeness[same].mean() - likeness[~same].mean()) / (likeness[~same].std() + 1e-9))


def _judged(tail: _Tail, inputs: torch.Tensor, person: np.ndarray, seed: int, name: str) -> Report:
    import numpy as np
    import polars as pl
    import torch

    with torch.no_grad():
        vectors = tail(inputs).numpy()
    a, b = np.triu_indices(len(person), 1)
    pairs = pl.DataFrame({"same": person[a] == person[b], "person_a": person[a], "person_b": person[b]})
    known = {"model_id": name, "pairs": len(a), "photos": len(person), "no_face": 0, "reasons": {}}
    return judge(np.einsum("ij,ij->i", vectors[a], vectors[b]), pairs, known=known, seed=seed)
