"""The best one-to-one assignment."""

import numpy as np
from jaxtyping import Float, Int


def assign(cost: Float[np.ndarray, "rows columns"]) -> list[tuple[int, int]]:
    """The one-to-one assignment of rows to columns with the least total cost; the shorter side is used up.

    Shortest augmenting paths with potentials, O(n^3): Jonker and Volgenant, "A shortest augmenting path algorithm for
    dense and sparse linear assignment problems" (1987).

    Returns:
        (row, column) pairs, by row.
    """
    if cost.shape[0] > cost.shape[1]:
        return sorted((row, column) for column, row in assign(cost.T))
    rows, columns = cost.shape
    potential = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1)
    for row in range(rows):
        distance, before = np.full(columns, np.inf), np.full(columns, -1)
        done = np.zeros(columns, bool)
        column, reached, at = -1, 0.0, row
        while at >= 0:  # Dijkstra over columns until a free one is nearest
            through = reached + cost[at] - potential[0][at] - potential[1]
            better = ~done & (through < distance)
            distance[better], before[better] = through[better], column
            column = int(np.where(done, np.inf, distance).argmin())
            done[column], reached, at = True, distance[column], owner[column]
        _shift(potential, owner, done, distance, reached, row)
        while column >= 0:  # hand every column along the path to the row that reached it
            earlier = int(before[column])
            owner[column] = row if earlier < 0 else owner[earlier]
            column = earlier
    return sorted((int(owner[column]), column) for column in range(columns) if owner[column] >= 0)


def _shift(
    potential: tuple[np.ndarray, np.ndarray],
    owner: Int[np.ndarray, " columns"],
    done: np.ndarray,
    distance: np.ndarray,
    reached: float,
    row: int,
) -> None:
    """Keep every reduced cost non-negative after a search that reached so far."""
    passed = np.flatnonzero(done & (owner >= 0))
    slack = reached - distance[passed]
    potential[0][owner[passed]] += slack
    potential[1][passed] -= slack
    potential[0][row] += reached
