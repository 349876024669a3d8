#!/usr/bin/env python3
"""Stands for the layersr command where a test wants it to go wrong, or fast: its own name says how."""

import json
import os
import shutil
import signal
import sys
import time

kind = os.path.basename(sys.argv[0])


def tell(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)


if kind == "nonsense":
    sys.exit("layersr: no such thing as worker")
tell("ready", version="0.0.1" if kind == "old" else "9.9.9")
for line in sys.stdin:
    job = json.loads(line)
    number, out = job["id"], job["arguments"][2]
    tell("progress", id=number, stage="hanging" if kind == "hang" else "detect", done=0.2)
    if kind == "fail":
        print("layersr: error: the sea is too deep", file=sys.stderr, flush=True)
        tell("error", id=number, message="the sea is too deep", code=3)
        tell("end", id=number, code=3)
    elif kind == "die":
        os._exit(9)
    elif kind == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    elif kind == "canned":
        shutil.copy(os.environ["LAYERSR_CANNED"], out)
        tell("end", id=number, code=0)
