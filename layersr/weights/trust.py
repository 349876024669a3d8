"""Whether Python code that came with weights may run: only where a person says so."""

import os

TRUST = "LAYERSR_TRUST_REMOTE_CODE"
"""Environment variable: 1 lets it. What this process starts inherits that."""


def trust_remote_code() -> None:
    """Let it, from now on."""
    os.environ[TRUST] = "1"


def trusts_remote_code() -> bool:
    """Whether it may."""
    return os.environ.get(TRUST) == "1"
