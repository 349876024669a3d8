"""Muon for the matrices, Adam for the rest.

Muon (K. Jordan, 2024) takes momentum's nearest orthogonal matrix as the step, so that every direction of a layer
learns at the same rate. In one short trial (330 steps) it did as well as Adam, no better. The step's length follows
J. Liu et al., "Muon is scalable" (2025): both kinds share one learning rate.
"""

import torch
from torch import Tensor, nn

MOMENTUM = 0.95


def fast_bfloat16(device: torch.device) -> bool:
    """Whether the machine multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)())


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Roughly U V^T of the singular value decomposition U S V^T, by Newton-Schulz iterations; (..., rows, columns).

    They forgive bfloat16, which is used where it is fast.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.size(-2) > matrix.size(-1)
    x = matrix.mT if tall else matrix
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    x = x.bfloat16() if fast_bfloat16(x.device) else x
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum; a convolution's kernel counts as an (out, in * height * width) matrix."""

    def __init__(self, params: list[nn.Parameter], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step; kernels of one shape are orthogonalised together."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[nn.Parameter]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    shapes.setdefault(p.shape, []).append(p)
            for shape, params in shapes.items():
                moved = []
                for p in params:
                    momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
                    momentum.lerp_(p.grad, 1 - MOMENTUM)
                    moved.append(p.grad.lerp(momentum, MOMENTUM).flatten(1))
                length = 0.2 * max(moved[0].shape) ** 0.5  # an entry's root mean square is then Adam's, about 0.2
                for p, step in zip(params, orthogonal(torch.stack(moved)), strict=True):
                    p.sub_(step.view(shape), alpha=group["lr"] * length)


def optimizers(network: nn.Module, lr: float) -> list[torch.optim.Optimizer]:
    """Muon for kernels between hidden features, Adam for all that touches pixels, and for biases and factors."""
    hidden, rest = [], []
    for p in network.parameters():
        inner = p.ndim >= 2 and min(p.shape[0], p[0].numel()) >= 16 and p.shape[1] > 4
        (hidden if inner else rest).append(p)
    found: list[torch.optim.Optimizer] = [torch.optim.Adam(rest, lr=lr, betas=(0.9, 0.99))]
    return [Muon(hidden, lr), *found] if hidden else found
