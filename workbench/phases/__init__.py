"""The journey: order, gates, what each notebook's verbs do, and running them through papermill."""

from workbench.phases.order import BY_NAME, JOURNEY, PHASES, Phase

__all__ = ["BY_NAME", "JOURNEY", "PHASES", "Phase"]
