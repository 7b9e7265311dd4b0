"""Face crops to 512 numbers with FaceNet (Inception-ResNet-v1), as fast as the processor computes the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import ModelError
from engine.faces import weights

if TYPE_CHECKING:
    import numpy as np
    import torch

# Every batch has this size (the last one is filled up), so that a face's numbers do not depend on its company.
BATCH = 16
PRECISIONS = ("auto", "fp32", "bf16")
# bfloat16 is kept only where it gives every check face a cosine at least this near to fp32's.
AGREEMENT = 0.999


class Embedder:
    """FaceNet with one set of weights; safe to call from several threads.

    Args:
        name: of the weights, or a file.
        precision: "fp32", "bf16", or "auto" = bf16 where the processor computes with it and it agrees with fp32.
        mirror: the mean of the face and its mirror image.

    Attributes:
        precision: what was chosen, "fp32" or "bf16".

    Raises:
        ModelError: the weights are missing or do not fit; bf16 was asked for and does not agree.

    Source: Schroff et al. 2015, FaceNet; standardisation (x - 127.5)/128 as in METHODS section 6.
    """

    def __init__(self, name: str = weights.DEFAULT, *, precision: str = "auto", mirror: bool = False) -> None:
        import copy

        import torch

        if precision not in PRECISIONS:
            raise ModelError(f"precision {precision!r} is not one of {', '.join(PRECISIONS)}.")
        self.name, self.mirror, self.precision = name, mirror, "fp32"
        self._net = _fused(weights.network(weights.state_dict(name))).to(memory_format=torch.channels_last)
        if precision == "bf16" or (precision == "auto" and supports_bf16()):
            half = copy.deepcopy(self._net).to(torch.bfloat16)
            agreement = _agreement(self._net, half)
            if agreement >= AGREEMENT:
                self._net, self.precision = half, "bf16"
            elif precision == "bf16":
                raise ModelError(
                    f"bf16 changes the embeddings of {name} (cosine {agreement:.4f} with fp32).", fix="Use fp32."
                )

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Embed crops.

        Args:
            faces: uint8 RGB (n, 160, 160, 3).

        Returns:
            float32 (n, 512), rows of unit length.
        """
        import numpy as np

        out = np.zeros((len(faces), 512), np.float32)
        for start in range(0, len(faces), BATCH):
            part = faces[start : start + BATCH]
            batch = np.zeros((BATCH, *faces.shape[1:]), np.uint8)
            batch[: len(part)] = part
            vectors = _forward(self._net, batch)
            if self.mirror:
                vectors = vectors + _forward(self._net, batch[:, :, ::-1])
                vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            out[start : start + len(part)] = vectors[: len(part)]
        return out


def supports_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself; where it only emulates it, fp32 is faster."""
    import torch

    return any(getattr(torch.cpu, f"_is_{kind}_supported", bool)() for kind in ("avx512_bf16", "amx_tile"))


def _forward(net: torch.nn.Module, batch: np.ndarray) -> np.ndarray:
    import numpy as np
    import torch

    with torch.inference_mode():
        # NHWC bytes seen as NCHW are channels_last already
        x = torch.from_numpy(np.ascontiguousarray(batch)).permute(0, 3, 1, 2).float()
        x = ((x - 127.5) / 128).to(next(net.parameters()).dtype)
        vectors = net(x).float()
        return torch.nn.functional.normalize(vectors).numpy()


def _agreement(net: torch.nn.Module, half: torch.nn.Module) -> float:
    """Least cosine between the two networks' embeddings of four smooth random pictures."""
    import cv2
    import numpy as np

    rough = np.random.default_rng(160).integers(0, 256, (4, 6, 6, 3)).astype(np.uint8)
    pictures = np.stack([cv2.resize(picture, (160, 160), interpolation=cv2.INTER_CUBIC) for picture in rough])
    return float((_forward(net, pictures) * _forward(half, pictures)).sum(axis=1).min())


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
