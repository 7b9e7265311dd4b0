"""Face crops to 512 numbers with FaceNet (Inception-ResNet-v1), as fast as this machine computes the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.faces import runtimes, weights

if TYPE_CHECKING:
    import numpy as np


class Embedder:
    """FaceNet with one set of weights; safe to call from several threads.

    Args:
        name: of the weights, or a file.
        runtime: who computes, see `engine.faces.runtimes.choose`.
        precision: in which numbers, likewise.
        mirror: the mean of the face and its mirror image.
        callers: threads that will call at the same time.

    Attributes:
        runtime: who was chosen.

    Raises:
        ModelError: the weights are missing or do not fit, or cannot be computed as asked for.

    Source: Schroff et al. 2015, FaceNet; standardisation (x - 127.5)/128 as in METHODS section 6.
    """

    def __init__(
        self,
        name: str = weights.DEFAULT,
        *,
        runtime: str = "auto",
        precision: str = "auto",
        mirror: bool = False,
        callers: int = 1,
    ) -> None:
        self.runtime = runtimes.choose(name, runtime=runtime, precision=precision, callers=callers)
        self.mirror = mirror

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Embed crops.

        Args:
            faces: uint8 RGB (n, 160, 160, 3).

        Returns:
            float32 (n, 512), rows of unit length.
        """
        import numpy as np

        if not len(faces):
            return np.zeros((0, 512), np.float32)
        vectors = self.runtime(faces)
        if self.mirror:
            vectors = vectors + self.runtime(np.ascontiguousarray(faces[:, :, ::-1]))
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
