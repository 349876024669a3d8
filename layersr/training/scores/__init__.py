"""What each network reaches, beside its baselines, on data held apart: one file per role."""
