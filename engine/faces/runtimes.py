"""Who computes FaceNet: torch in fp32 (the reference), torch in bfloat16, torch on a GPU, or OpenVINO down to int8.

Each is a function from crops to unit-length embeddings. A faster one is used only while it gives the check faces the
reference's embeddings, so whoever reads a vector need not ask who computed it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import ModelError
from engine.faces import by_openvino, weights
from engine.faces.networks import alone, in_batches, settle
from engine.faces.quantise import quantised

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch

# Every batch has this size, so that a face's numbers do not depend on its company.
BATCH, BATCH_ON_GPU = 16, 64
# A runtime is kept only where it gives every check face a cosine at least this near to the reference's.
AGREEMENT = 0.999
PRECISIONS = ("auto", "fp32", "fp16", "bf16", "int8")
RUNTIMES = ("auto", "cuda", "torch", "openvino")
REFERENCE, ON_GPU = ("torch", "fp32"), "torch cuda"
DTYPES = {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16"}  # what torch calls them
QUANTISED = 1  # raised when `engine.faces.quantise` changes: what is cached is made anew

# uint8 RGB (batch, 160, 160, 3) -> float32 (batch, 512), rows of unit length
Forward = Callable[["np.ndarray"], "np.ndarray"]


class Runtime(NamedTuple):
    """A way to compute FaceNet.

    Args:
        name: "openvino", "torch" or "torch cuda".
        precision: "fp32", "fp16", "bf16" or "int8".
        forward: crops to embeddings, safe to call from several threads.
        batch: crops it takes at once.
    """

    name: str
    precision: str
    forward: Forward
    batch: int = BATCH

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Embed n >= 1 crops: uint8 RGB (n, 160, 160, 3) -> float32 (n, 512), rows of unit length."""
        return in_batches(lambda part: [self.forward(part)], faces, self.batch)[0]

    def __str__(self) -> str:
        return f"{self.name} in {self.precision}"


def choose(name: str, *, runtime: str = "auto", precision: str = "auto", callers: int = 1) -> Runtime:
    """The fastest runtime of this machine that agrees with the reference.

    Args:
        name: of the weights, or a file.
        runtime: "cuda" (torch on a GPU), "torch" (on the processor), "openvino" (package openvino), or "auto" =
            whichever is there and fastest.
        precision: "fp32", "fp16" (GPU only), "bf16", "int8" (OpenVINO only), or "auto" = the least that the processor
            multiplies itself.
        callers: threads that will call at the same time; each gets one processor thread.

    Raises:
        ModelError: no such runtime or precision, what was asked for is not here or does not agree, or the weights
            are missing.
    """
    if precision not in PRECISIONS:
        raise ModelError(f"precision {precision!r} is not one of {', '.join(PRECISIONS)}.")
    if runtime not in RUNTIMES:
        raise ModelError(f"faces.runtime {runtime!r} is not one of {', '.join(RUNTIMES)}.")
    reference = _Reference(name)
    refused = f"this machine cannot with runtime {runtime}, precision {precision}"
    for who, numbers, make in _candidates(reference, runtime, precision, callers):
        if (who, numbers) == REFERENCE:
            return Runtime(who, numbers, reference.forward)
        try:
            found = Runtime(who, numbers, make(), BATCH_ON_GPU if who == ON_GPU else BATCH)
            agreement = float((found(_check_faces()) * reference.check()).sum(axis=1).min())
        except (ModelError, RuntimeError) as error:  # no room in the cache; torch or OpenVINO let down by the machine
            refused = f"{who} in {numbers} fails: {' '.join(str(error).split())[:200]}"
            continue
        if agreement >= AGREEMENT:
            return found
        refused = f"{who} in {numbers} gives other embeddings (cosine {agreement:.4f})"
    raise ModelError(
        f"FaceNet with {name} cannot be computed as asked for: {refused}.",
        fix="Set faces.runtime and faces.precision to auto.",
    )


def _candidates(
    reference: _Reference, runtime: str, precision: str, callers: int
) -> Iterator[tuple[str, str, Callable[[], Forward]]]:
    """Name, precision and how to make it, fastest first; with `auto` the reference itself comes last."""
    import torch

    asked = ["int8", "bf16", "fp32"] if precision == "auto" else [precision]
    if runtime in ("auto", "cuda") and torch.cuda.is_available():
        # fp16 is as fast as bf16 there and rounds less
        for numbers in ("fp16", "bf16", "fp32") if precision == "auto" else (precision,):
            if numbers in DTYPES:
                yield ON_GPU, numbers, partial(_by_torch, reference, numbers, "cuda")
    if runtime == "cuda":
        return
    core = None if runtime == "torch" else by_openvino.core()
    if core is None and runtime == "openvino":
        raise ModelError("The package openvino is not installed.", fix="`pip install 'kindred-engine[openvino]'`.")
    asked = [numbers for numbers in asked if numbers != "fp16"]
    if core is not None:
        able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        for numbers in asked:
            if numbers == "fp32" or (numbers.upper() in able and (precision == numbers or _multiplies(numbers))):
                yield "openvino", numbers, partial(_by_openvino, core, reference, numbers, callers)
    if runtime != "openvino":
        for numbers in asked:
            if numbers == "fp32" or (numbers == "bf16" and (precision == "bf16" or _multiplies(numbers))):
                yield "torch", numbers, partial(_by_torch, reference, numbers, "cpu")


class _Reference:
    """FaceNet in fp32 by torch, loaded when first needed: a cached conversion can do without it."""

    def __init__(self, name: str) -> None:
        self.weights = weights.describe(name)
        weights.ensure(name)
        self._name, self._net, self._lock = name, None, threading.Lock()

    def net(self) -> torch.nn.Module:
        import torch

        with self._lock:
            if self._net is None:
                net = _fused(weights.network(weights.state_dict(self._name)))
                self._net = net.to(memory_format=torch.channels_last)
        return self._net

    def forward(self, batch: np.ndarray) -> np.ndarray:
        return _by_torch(self, "fp32", "cpu")(batch)

    def check(self) -> np.ndarray:
        """Its embeddings of the check faces, kept beside the weights in the cache."""
        import numpy as np

        path = self.cached("check.npy")
        try:
            found = np.load(path, allow_pickle=False)
        except (OSError, ValueError):
            found = None
        if found is None or found.shape != (BATCH, 512):
            found = self.forward(_check_faces())
            with suppress(ModelError), weights.replacing(path) as temporary, open(temporary, "wb") as file:
                np.save(file, found, allow_pickle=False)
        return found

    def cached(self, ending: str) -> Path:
        return weights.cache_folder() / f"{self.weights.name}-{self.weights.version}.{ending}"


def _by_torch(reference: _Reference, precision: str, device: str) -> Forward:
    import copy

    import torch

    net = reference.net()

    kind = getattr(torch, DTYPES[precision])
    if (precision, device) != ("fp32", "cpu"):
        net = copy.deepcopy(net).to(device, kind)
        settle(device)

    def forward(batch: np.ndarray) -> np.ndarray:
        with alone(device), torch.inference_mode():
            # NHWC bytes seen as NCHW are channels_last already
            x = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float()
            vectors = net(((x - 127.5) / 128).to(kind)).float()
            return torch.nn.functional.normalize(vectors).cpu().numpy()

    return forward


def _multiplies(numbers: str) -> bool:
    """Whether this processor multiplies them itself; where it only emulates them, fp32 is faster."""
    import torch

    kinds = {"int8": ("vnni", "amx_tile"), "bf16": ("avx512_bf16", "amx_tile")}[numbers]
    return any(getattr(torch.cpu, f"_is_{kind}_supported", bool)() for kind in kinds)


def _by_openvino(core, reference: _Reference, precision: str, callers: int) -> Forward:
    import numpy as np

    model = core.read_model(_converted(core, reference, quantise=precision == "int8"))
    halves = precision == "bf16" or (precision == "int8" and _multiplies("bf16"))  # of int8, the layers left exact
    run = by_openvino.runner(core, model, callers=callers, halves=halves)

    def forward(batch: np.ndarray) -> np.ndarray:
        vectors = run(batch)[0]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return forward


def _converted(core, reference: _Reference, *, quantise: bool) -> Path:
    """FaceNet in OpenVINO's own form, with the standardisation in it; converted once and kept in the cache.

    Raises:
        ModelError: the cache cannot be written.
    """
    import openvino as ov

    kind = f"int8-{QUANTISED}" if quantise else "float"
    path = reference.cached(f"openvino-{ov.__version__.split('-')[0]}-{BATCH}-{kind}.xml")
    data = path.with_suffix(".bin")
    if path.is_file() and data.is_file():
        return path
    with weights.replacing(data) as numbers, weights.replacing(path) as text:  # found out first: is there room?
        ov.serialize(_model(core, reference, quantise=quantise), str(text), str(numbers))
    return path


def _model(core, reference: _Reference, *, quantise: bool):
    """FaceNet converted from torch."""
    model = by_openvino.converted(reference.net(), (1, 3, 160, 160), (BATCH, 3, 160, 160))
    return quantised(core, model, _smooth(4 * BATCH, seed=161)) if quantise else model


def _check_faces() -> np.ndarray:
    return _smooth(BATCH, seed=160)


def _smooth(n: int, *, seed: int) -> np.ndarray:
    """Smooth random pictures, the same on every machine: uint8 (n, 160, 160, 3)."""
    import cv2
    import numpy as np

    rough = np.random.default_rng(seed).integers(0, 256, (n, 6, 6, 3)).astype(np.uint8)
    return np.stack([cv2.resize(picture, (160, 160), interpolation=cv2.INTER_CUBIC) for picture in rough])


def _fused(net: torch.nn.Module) -> torch.nn.Module:
    """Fold each batch norm into its convolution: the same function in fewer passes over memory."""
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for module in list(net.modules()):
        if hasattr(module, "conv") and hasattr(module, "bn"):
            module.conv = fuse_conv_bn_eval(module.conv, module.bn)
            module.bn = torch.nn.Identity()
            module.relu = torch.nn.ReLU(inplace=True)
    return net
