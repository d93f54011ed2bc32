"""Charts and reports: what a person reads, and what may leave the clinic."""

from workbench.reports.charts import Figure, fill, flow, issues, verdicts, volumes
from workbench.reports.cleanse import changes_table, write_cleanse
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

__all__ = [
    "Figure", "Inventory", "Mask", "Page", "Person", "Section", "balance_table", "changes_table",
    "csv_text", "fill", "flow", "issues", "keep", "map_flow", "neutral", "render", "verdicts",
    "volumes", "write_cleanse", "write_inventory", "write_mapping", "write_preflight",
    "write_reconcile", "write_reports", "write_sample_diff", "write_summary",
]  # fmt: skip
