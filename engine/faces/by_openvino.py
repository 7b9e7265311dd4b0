"""Networks of torch converted to OpenVINO, which computes them faster on a processor."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch
    from openvino import Core, Model


def core() -> Core | None:
    """OpenVINO; None where the package is not installed or does not start."""
    try:
        import openvino
    except ImportError:
        return None
    found = openvino.Core()
    return found if "CPU" in found.available_devices else None


def converted(net: torch.nn.Module, example: Sequence[int], shape: Sequence[int]) -> Model:
    """A network, with the standardisation (x - 127.5) / 128 in it.

    Args:
        net: takes float32 (n, 3, height, width).
        example: n, 3, height, width that it is tried with.
        shape: the same that it will take; -1 = any.

    Returns:
        The model, which takes uint8 (n, height, width, 3).
    """
    import openvino as ov
    import torch
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
    from openvino.preprocess import PrePostProcessor

    # Not `ov.convert_model`: that one reports its use to its makers where somebody once allowed it.
    frontend = FrontEndManager().load_by_framework("pytorch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that torch will trace otherwise one day is nothing for users to act on
        decoder = TorchScriptPythonDecoder(net, example_input=torch.zeros(*example))
    model = frontend.convert(frontend.load(decoder))
    model.reshape(list(shape))
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    steps.input().model().set_layout(ov.Layout("NCHW"))
    steps.input().preprocess().convert_element_type(ov.Type.f32).mean(127.5).scale(128.0)
    return steps.build()


def runner(core: Core, model: Model, *, callers: int, halves: bool = False) -> Callable[[np.ndarray], list[np.ndarray]]:
    """A model ready to compute, safe to call from several threads.

    Args:
        core: see `core`.
        model: see `converted`.
        callers: threads that will call at the same time.
        halves: in bf16 instead of fp32.
    """
    hints = {
        "INFERENCE_PRECISION_HINT": "bf16" if halves else "f32",
        "INFERENCE_NUM_THREADS": callers,
        "NUM_STREAMS": callers,  # one thread each: numbers do not depend on how many there are
        "ENABLE_CPU_PINNING": False,  # every process would hold its threads on the same cores
    }
    compiled = core.compile_model(model, "CPU", hints)
    own = threading.local()

    def run(pictures: np.ndarray) -> list[np.ndarray]:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        return list(own.request.infer({0: pictures}).values())

    return run
