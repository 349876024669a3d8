"""Training of the networks in `layersr/models/`: `python -m layersr.training NAME --minutes M --data DIR`.

Needs torch: `pip install 'layersr[train]'`. One file per recipe (`upscale`); what recipes share stands beside them:

- `pictures`: which pictures may be learned from, and which are held apart
- `resampling`: the literature's bicubic, which makes training pairs, and its PSNR
- `optimizing`: Muon and Adam
- `feeding`, `pool` (with `stacking` and `ageing`): where batches come from, made by processes or put together on a GPU
- `loop`: the clock, the schedule, checkpoints, the progress line
- `storing`: weights as float16 or int8
- `exporting`: ONNX, its parity check, the facts a model card states
- `benchmark`: every figure against its baselines

A new network is one file with a task (`loop.Task`), a line in `__main__.tasks`, and a model card beside the ONNX file.

Checkpoints (`checkpoints/`, never committed) let any training go on: the same command after an interruption, a larger
`--minutes` for a better network. To fine-tune on your own pictures:

    python -m layersr.training upscale_x4 --data MY_PICTURES --begin layersr/models/upscale_x4.onnx --rate 2e-4
        --minutes 20 --out my_models --checkpoints my_checkpoints
"""
