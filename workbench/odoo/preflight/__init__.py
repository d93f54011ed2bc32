"""The look at an Odoo before anything is written to it."""

from workbench.odoo.preflight.finding import Finding, Level, may
from workbench.odoo.preflight.looking import preflight

__all__ = ["Finding", "Level", "may", "preflight"]
