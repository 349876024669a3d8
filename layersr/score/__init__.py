"""How good a layer stack is: against the picture it came from, and against the true layers where they are known."""

from layersr.score.assigning import assign
from layersr.score.matching import FOUND, Match, Pair, Score, score
from layersr.score.recomposing import Recomposition, recomposition

__all__ = ["FOUND", "Match", "Pair", "Recomposition", "Score", "assign", "recomposition", "score"]
