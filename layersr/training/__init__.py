"""Training of the networks in `layersr/models/`: `python -m layersr.training NAME --minutes M --data DIR`.

Needs torch: `pip install 'layersr[train]'`. One file per recipe; what they share stands beside them:

- `pictures`: which pictures may be learned from, and which are held apart
- `resampling`: the bicubic shrinking that makes training pairs, the literature's
- `optimizing`: Muon and Adam
- `loop`: the clock, the schedule, checkpoints, the progress line
- `exporting`: ONNX and its parity check
- `benchmark`: every figure against its baselines
"""
