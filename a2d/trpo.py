"""TRPO: the natural gradient by conjugate gradients, as far as a bound on the divergence allows."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from a2d.descent import Scalars

HALVINGS = 10  # of the step, until it keeps both promises; then no step is taken
NEGLIGIBLE = 1e-12  # a squared residual or gradient that stands for zero


def trust_region_step(
    module: nn.Module,
    *,
    objective: Callable[[], Tensor],
    divergence: Callable[[], Tensor],
    kl_step: float,
    damping: float,
    iterations: int,
    constrain: Callable[[], None],
) -> Scalars:
    """Move `module` uphill so that its policy moves no further than `kl_step`, or leave it as it was.

    With g the gradient of the objective and F the Hessian of the divergence at the old parameters:
    the longest step along x = (F + damping I)^-1 g is sqrt(2 kl_step / x'(F + damping I)x), and it is
    halved until the divergence is at most `kl_step` and the objective grew.

    Args:
        module: The policy; its parameters are changed in place.
        objective: What to maximise, a scalar of the present parameters.
        divergence: KL(old policy || present one), a scalar: 0 with gradient 0 at the old parameters.
        kl_step: Largest divergence of the step, nats.
        damping: Added to the diagonal of F.
        iterations: Of the conjugate gradients.
        constrain: Called after each change of the parameters, to bring them back to their bounds.

    Returns:
        `moved` (nats), `gained` (of the objective) and `halvings` of the step taken.

    Source: Schulman et al., ICML 2015, appendix C.
    """
    weights = list(module.parameters())
    start = parameters_to_vector(weights).detach().clone()
    before = objective()
    gradient = _flat_gradient(before, weights)
    direction = natural_direction(
        gradient, divergence(), weights=weights, damping=damping, iterations=iterations
    )
    slope = float(gradient @ direction)  # x'g = x'(F + damping I)x, once the system is solved
    longest = math.sqrt(2.0 * kl_step / slope) if slope > NEGLIGIBLE else 0.0
    with torch.no_grad():
        for halvings in range(HALVINGS if longest > 0.0 else 0):
            vector_to_parameters(start + longest * 0.5**halvings * direction, weights)
            constrain()
            moved, gained = float(divergence()), float(objective() - before)
            if moved <= kl_step and gained > 0.0:
                return {"moved": moved, "gained": gained, "halvings": float(halvings)}
        vector_to_parameters(start, weights)
    return {"moved": 0.0, "gained": 0.0, "halvings": float(HALVINGS)}


def natural_direction(
    gradient: Tensor, divergence: Tensor, *, weights: list[nn.Parameter], damping: float, iterations: int
) -> Tensor:
    """Solve (F + damping I) x = gradient, with F the Hessian of `divergence`; all of shape (W,)."""
    slope = _flat_gradient(divergence, weights, twice=True)

    def product(vector: Tensor) -> Tensor:
        return _flat_gradient(slope @ vector, weights, again=True) + damping * vector

    return conjugate_gradient(product, gradient, iterations=iterations)


def conjugate_gradient(product: Callable[[Tensor], Tensor], right: Tensor, *, iterations: int) -> Tensor:
    """Solve A x = `right` for a symmetric positive definite A that is known by its products with vectors.

    Exact after as many iterations as A has distinct eigenvalues.
    Source: Nocedal & Wright, Numerical Optimization, 2nd edition, algorithm 5.2.
    """
    solution, residual = torch.zeros_like(right), right.clone()
    search, error = residual.clone(), float(residual @ residual)
    for _ in range(iterations):
        if error < NEGLIGIBLE:
            break
        image = product(search)
        length = error / float(search @ image)
        solution, residual = solution + length * search, residual - length * image
        smaller = float(residual @ residual)
        search, error = residual + smaller / error * search, smaller
    return solution


def _flat_gradient(
    scalar: Tensor, weights: list[nn.Parameter], *, twice: bool = False, again: bool = False
) -> Tensor:
    parts = torch.autograd.grad(
        scalar, weights, create_graph=twice, retain_graph=twice or again, allow_unused=True
    )
    return torch.cat(
        [
            (torch.zeros_like(weight) if part is None else part).reshape(-1)
            for weight, part in zip(weights, parts, strict=True)
        ]
    )
