"""What the command tells, line by line, and how long it will still take. Nothing of Krita or Qt in here."""

import json
from typing import Any, Dict, Optional, Tuple


def event(line: str) -> Optional[Dict[str, Any]]:
    """The event of a line, or None where it is none."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("event"), str) else None


def lines(buffered: bytes, more: bytes) -> Tuple[list, bytes]:
    """Whole lines of what was buffered and what came since, and what begins the next one."""
    *whole, rest = (buffered + more).split(b"\n")
    return [line.decode("utf-8", "replace") for line in whole if line.strip()], rest


def time_left(seconds: float, done: float) -> str:
    """How long it will still take, in words; "" while nobody can tell.

    Args:
        seconds: since the start.
        done: share of the work, 0 to 1.
    """
    if seconds < 2 or done < 0.05 or done >= 1:
        return ""
    left = seconds * (1 - done) / done
    if left < 60:
        return "about {} s left".format(max(1, int(round(left / 5)) * 5 or int(left) or 1))
    return "about {} min left".format(int(round(left / 60)))
