"""FaceNet with 8-bit integers in most of its convolutions, for processors that multiply these faster than all else.

Static quantisation after Jacob et al. 2018: weights symmetric for each output channel, activations for each tensor.
The ranges come from smooth random pictures, so any weights can be quantised without anybody's photos. The layers that
see fine detail (the first two, and the five small blocks after the stem) keep their precision: they make most of the
error. Why our own: OpenVINO's quantiser (NNCF) needs a set of photos to measure on, and nobody's may be kept for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from openvino import Core, Model, Node

EXACT = ("conv2d_1a.", "conv2d_2a.", "repeat_1.")
# Real faces reach somewhat beyond what random pictures do; what lies beyond the range would be cut off.
HEADROOM = 1.3


def quantised(core: Core, model: Model, pictures: np.ndarray) -> Model:
    """FaceNet with its convolutions marked for 8-bit integers.

    Args:
        core: OpenVINO's.
        model: FaceNet in floating point; changed in place.
        pictures: uint8 (k x batch, 160, 160, 3), what the ranges are taken from.

    Returns:
        `model`; on compiling, OpenVINO turns marked convolutions into integer ones.
    """
    import numpy as np
    import openvino.opset13 as op

    chosen = _convolutions(model)
    for node, (low, high) in zip(chosen, _ranges(core, model, pictures), strict=True):
        if low >= 0:  # after a rectifier: all 256 levels above nought
            least, most, levels = 0.0, high * HEADROOM, 256
        else:
            most = max(high, -low) * HEADROOM
            least, levels = -most * 128 / 127, 256
        range_ = [op.constant(np.float32(v)) for v in (least, most)]
        node.input(0).replace_source_output(op.fake_quantize(node.input_value(0), *range_, *range_, levels).output(0))
        kernel = np.asarray(node.input_value(1).get_node().get_data(), np.float32)
        widest = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True)
        range_ = [op.constant(v) for v in (-widest, widest)]
        node.input(1).replace_source_output(op.fake_quantize(op.constant(kernel), *range_, *range_, 255).output(0))
    model.validate_nodes_and_infer_types()
    return model


def _convolutions(model: Model) -> list[Node]:
    return [
        node
        for node in model.get_ordered_ops()
        if node.get_type_name() == "Convolution" and not any(part in node.get_friendly_name() for part in EXACT)
    ]


def _ranges(core: Core, model: Model, pictures: np.ndarray) -> list[tuple[float, float]]:
    """Least and greatest number that enters each convolution."""
    import numpy as np
    import openvino as ov
    import openvino.opset13 as op

    watched, ends = model.clone(), []
    for node in _convolutions(watched):
        axes = op.constant(np.arange(4))
        ends += [op.reduce_min(node.input_value(0), axes), op.reduce_max(node.input_value(0), axes)]
    watched = ov.Model([end.output(0) for end in ends], watched.get_parameters(), "ranges")
    compiled = core.compile_model(watched, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    size = model.input(0).shape[0]
    seen = np.array([list(compiled(pictures[k : k + size]).values()) for k in range(0, len(pictures), size)])
    return list(zip(seen[:, ::2].min(axis=0).tolist(), seen[:, 1::2].max(axis=0).tolist(), strict=True))
