"""Where the batches come from: made between two steps, or ahead of them by other processes, each used several times.

A GPU learns faster than a core composes; batches made by many processes and looked at again, varied, keep it busy.
"""

from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

KEPT = 128
"""Batches that are still looked at again."""

Batch = tuple[Tensor, ...]


class _Made(Dataset):
    """Batch number k depends on the seed and k alone, whichever process makes it."""

    def __init__(self, task: Any, seed: int) -> None:
        self.task, self.seed = task, seed

    def __getitem__(self, k: int) -> Batch:
        return self.task.sample(np.random.default_rng([self.seed, k]))


def batches(
    task: Any, seed: int, begin: int, device: torch.device, workers: int = 0, again: int = 1
) -> Iterator[Batch]:
    """The batches of steps `begin`, `begin + 1`, ..., on the device.

    Args:
        task: what makes them (`loop.Task`); those looked at again go through its `varied(batch, rng)`, if it has one.
        seed: of all batches.
        begin: the first step.
        device: where they are wanted.
        workers: processes that make them; 0 makes them here.
        again: steps for each new batch. The others take an earlier one, made since `begin`.
    """
    numbers, source = count(begin // again), _Made(task, seed)
    if workers:
        pinned = device.type == "cuda"
        ahead = {"num_workers": workers, "prefetch_factor": 3, "pin_memory": pinned, "worker_init_fn": _alone}
        made = iter(DataLoader(source, batch_size=None, sampler=numbers, **ahead))
    else:
        made = (source[k] for k in numbers)
    kept: deque[Batch] = deque(maxlen=KEPT)
    for step in count(begin):
        if step % again == 0 or not kept:
            batch = tuple(_moved(x, device) for x in next(made))
            if again > 1:
                kept.append(batch)
        else:
            rng = np.random.default_rng([seed, step, 1])
            batch = kept[rng.integers(len(kept))]
            batch = task.varied(batch, rng) if hasattr(task, "varied") else batch
        yield batch


def _moved(x: Tensor, device: torch.device) -> Tensor:
    layout = torch.channels_last if x.ndim == 4 else torch.contiguous_format
    return x.to(device, non_blocking=True).contiguous(memory_format=layout)


def _alone(worker: int) -> None:
    cv2.setNumThreads(0)  # one process, one core
