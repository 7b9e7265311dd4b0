"""FaceNet's frozen TensorFlow constants under the names of facenet-pytorch's network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch

EPSILON = 1e-3  # of the network's batch norms


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
