"""`python -m layersr` is the command `layersr`."""

from layersr.cli import main

main()
