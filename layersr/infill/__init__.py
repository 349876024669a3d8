"""Painting what a hole hides without a network: a membrane for what is smooth, patch match for what has texture."""
