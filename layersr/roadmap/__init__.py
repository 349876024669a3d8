"""A painter's roadmap: how a person might paint a picture, told from its layers."""

from layersr.roadmap.painting import Roadmap, Step, draw_roadmap

__all__ = ["Roadmap", "Step", "draw_roadmap"]
