"""Face crops to 512 numbers with FaceNet (Inception-ResNet-v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faces import weights

if TYPE_CHECKING:
    import numpy as np

# Every batch has this size (the last one is filled up), so that a face's numbers do not depend on its company.
BATCH = 16


class Embedder:
    """FaceNet with one set of weights.

    Args:
        name: of the weights.

    Source: Schroff et al. 2015, FaceNet; standardisation (x - 127.5)/128 as in METHODS section 6.
    """

    def __init__(self, name: str = weights.DEFAULT) -> None:
        import torch

        self._net = _fused(weights.network(weights.state_dict(name))).to(memory_format=torch.channels_last)

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Embed crops.

        Args:
            faces: uint8 RGB (n, 160, 160, 3).

        Returns:
            float32 (n, 512), rows of unit length.
        """
        import numpy as np
        import torch

        out = np.zeros((len(faces), 512), np.float32)
        with torch.inference_mode():
            for start in range(0, len(faces), BATCH):
                part = faces[start : start + BATCH]
                batch = np.zeros((BATCH, *faces.shape[1:]), np.uint8)
                batch[: len(part)] = part
                # NHWC bytes seen as NCHW are channels_last already
                x = (torch.from_numpy(batch).permute(0, 3, 1, 2).float() - 127.5) / 128
                out[start : start + len(part)] = self._net(x)[: len(part)].float().numpy()
        return out


def _fused(net):
    """Fold each batch norm into its convolution: the same function in a third fewer passes over memory."""
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for module in list(net.modules()):
        if hasattr(module, "conv") and hasattr(module, "bn"):
            module.conv = fuse_conv_bn_eval(module.conv, module.bn)
            module.bn = torch.nn.Identity()
            module.relu = torch.nn.ReLU(inplace=True)
    return net
