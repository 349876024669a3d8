"""How long Krita's interface stands still while a result of 6 megapixels and nine layers comes in.

    python tests/benchmarks/krita.py [--times 5]

Needs Krita, Xvfb and python3-pyqt5. A heartbeat of 10 ms in Krita's own event loop tells; a stub hands out the result
at once, so that nothing else is measured. Steps are what the plugin asks of Krita, in seconds.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "krita"))
from playing import large, made_profile, missing, play, stubs  # the path first


def main() -> None:
    """Print a line for each time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    if missing():
        sys.exit(missing())
    profile = made_profile()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = stubs(Path(name))
            more = large(folder)
            for _ in range(times):
                told = play(profile, "large", folder / "large.png", folder, **more)
                steps = next(check["seen"] for check in told["checks"] if "timed" in check["name"])
                print(f"longest standstill {told['longest']:.2f} s; {steps}", flush=True)
    finally:
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main()
