"""Charts and reports: what a person reads, and what may leave the clinic."""

from workbench.reports.charts import Figure, fill, flow, issues, verdicts, volumes
from workbench.reports.cleanse import changes_table, write_cleanse
from workbench.reports.constructs import MODULES
from workbench.reports.inventory import Inventory, write_inventory
from workbench.reports.map_flow import map_flow
from workbench.reports.map_page import Person, write_mapping
from workbench.reports.page import Page, Section, csv_text, keep, neutral, render
from workbench.reports.pages import (
    Mask,
    balance_table,
    write_preflight,
    write_reconcile,
    write_reports,
    write_sample_diff,
    write_summary,
)
from workbench.reports.workflow_facts import (
    Decided,
    held_workings,
    keep_workings,
    set_automations,
)
from workbench.reports.workflow_page import workflow_glance, write_workflow

__all__ = [
    "MODULES", "Decided", "Figure", "Inventory", "Mask", "Page", "Person", "Section",
    "balance_table", "changes_table", "csv_text", "fill", "flow", "held_workings", "issues",
    "keep", "keep_workings", "map_flow", "neutral", "render", "set_automations", "verdicts",
    "volumes", "workflow_glance", "write_cleanse", "write_inventory", "write_mapping",
    "write_preflight", "write_reconcile", "write_reports", "write_sample_diff", "write_summary",
    "write_workflow",
]  # fmt: skip
