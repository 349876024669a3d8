"""Learning from teachers: the mean of what networks say of a patch in each of its turns is nearer to the mean answer.

A picture only shows one of the answers that fit its shrunk version, and most of the error it reports is chance. The
mean of several networks' answers, to the patch turned and mirrored and turned back (R. Timofte et al., "Seven ways to
improve example-based single image super resolution", 2016), holds less of that chance; a network trained on it and the
truth together learns in minutes what the truth alone teaches in hours (G. Hinton et al., "Distilling the knowledge in
a neural network", 2015). All teachers are networks of this project.
"""

from pathlib import Path

import numpy as np
import torch

from layersr.backends.compact import FOUR_WAYS
from layersr.backends.networks import session


class Teachers:
    """The mean answer of ONNX networks that share inputs and outputs.

    Args:
        paths: of the networks.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._sessions = [session(path, "cpu", torch.get_num_threads()) for path in paths]

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """(h, w, 3) in [0, 1] -> (k h, k w, 3), not clipped."""
        answers = []
        for turn, mirror in FOUR_WAYS:
            view = np.rot90(image, turn)[:, ::mirror].transpose(2, 0, 1)
            for one in self._sessions:
                answer = one.run(None, {"image": np.ascontiguousarray(view, np.float32)[None]})[0][0]
                answers.append(np.rot90(answer.transpose(1, 2, 0)[:, ::mirror], -turn))
        return np.mean(answers, axis=0, dtype=np.float32)
