"""What went wrong, as one sentence and an exit code."""

import os
import traceback

from layersr.errors import LayersrError, MemoryLimitError


def explain(error: BaseException) -> tuple[str, int]:
    """The sentence for the person and the exit code of any exception; with LAYERSR_DEBUG=1 the traceback as well."""
    if os.environ.get("LAYERSR_DEBUG", "0") not in ("", "0"):
        traceback.print_exception(error)
    if isinstance(error, LayersrError):
        return str(error), error.exit_code
    if _out_of_memory(error):
        way = "use a smaller picture or --scale, fewer --max-layers, or close other programs"
        return f"There is not enough memory for this; {way}.", MemoryLimitError.exit_code
    first = (str(error).strip().splitlines() or ["no message"])[0]
    return f"This is a bug in layersr ({type(error).__name__}: {first}); LAYERSR_DEBUG=1 shows where.", 1


def _out_of_memory(error: BaseException) -> bool:
    """Python, numpy, OpenCV (error -4) and onnxruntime each say it in their own way."""
    if isinstance(error, MemoryError):
        return True
    home = type(error).__module__.split(".")[0]
    if home == "cv2":
        return getattr(error, "code", 0) == -4 or "Insufficient memory" in str(error)
    return home == "onnxruntime" and any(word in str(error) for word in ("bad allocation", "Failed to allocate memory"))
