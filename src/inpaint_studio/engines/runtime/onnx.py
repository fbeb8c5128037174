"""Sessions for the small networks that ship with the program: onnxruntime on the processor, one or two threads."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inpaint_studio.errors import StudioError
from inpaint_studio.resources import resource

if TYPE_CHECKING:
    from pathlib import Path

    from onnxruntime import InferenceSession, SessionOptions


@lru_cache(maxsize=8)
def session(name: str, threads: int = 1, *, blocked: bool = True) -> InferenceSession | None:
    """The network `resources/models/name`, ready to run; None where onnxruntime isn't installed. May be shared by threads.

    blocked: channels may be laid out in blocks, which is faster but for few channels that are no multiple of 16.
    Raises StudioError for a file that is missing or damaged.
    """
    try:
        import onnxruntime
    except ImportError:
        return None
    options = _options(onnxruntime, threads)
    if not blocked:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    try:
        data = resource(f"models/{name}").read_bytes()
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no other base
        raise StudioError(
            f"The model {name} could not be loaded ({error}).", "Install Inpaint Studio again."
        ) from error


def open_session(path: Path, threads: int = 0) -> InferenceSession:
    """The network in the .onnx file of an installed model; `threads` 0: all there are.

    Raises StudioError for a file that can't be used. Look at its header first: external data may lead anywhere.
    """
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(
            str(path), _options(onnxruntime, threads), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's own errors share no other base
        raise StudioError(f"The model {path.name} could not be loaded ({error}).", "Get the model again.") from error


def _options(onnxruntime: Any, threads: int) -> SessionOptions:
    # the environment says so from the package's import on; Windows hears only this
    onnxruntime.disable_telemetry_events()
    options: SessionOptions = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # waiting threads sleep: a window and other workers share the processor
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
