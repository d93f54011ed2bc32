"""Charts and reports: what a person reads, and what may leave the clinic."""

from workbench.reports.charts import Figure, fill, flow, issues, verdicts, volumes
from workbench.reports.cleanse import changes_table, write_cleanse
from workbench.reports.constructs import MODULES
from workbench.reports.handover import Seal, write_handover
from workbench.reports.inventory import Inventory, write_inventory
from workbench.reports.lists import Listed, listed, write_lists
from workbench.reports.map_flow import map_flow
from workbench.reports.map_page import Person, write_mapping
from workbench.reports.page import (
    Mask,
    Page,
    Section,
    csv_text,
    keep,
    keep_csv,
    neutral,
    render,
)
from workbench.reports.pages import write_preflight, write_reports, write_summary
from workbench.reports.reconcile import write_reconcile
from workbench.reports.sample_diff import coverage_lines, coverage_tables, write_sample_diff
from workbench.reports.tables import (
    balance_table,
    files_table,
    gaps_table,
    orphans_table,
    reasons_table,
    refused_table,
    relations_table,
    verdict_table,
)
from workbench.reports.workflow_facts import (
    Decided,
    held_workings,
    keep_workings,
    set_automations,
)
from workbench.reports.workflow_page import workflow_glance, write_workflow

__all__ = [
    "MODULES", "Decided", "Figure", "Inventory", "Listed", "Mask", "Page", "Person", "Seal",
    "Section", "balance_table", "changes_table", "coverage_lines", "coverage_tables",
    "csv_text", "files_table", "fill", "flow", "gaps_table", "held_workings", "issues", "keep",
    "keep_csv", "keep_workings", "listed", "map_flow", "neutral", "orphans_table",
    "reasons_table", "refused_table", "relations_table", "render", "set_automations",
    "verdict_table", "verdicts", "volumes", "workflow_glance", "write_cleanse",
    "write_handover", "write_inventory", "write_lists", "write_mapping", "write_preflight",
    "write_reconcile", "write_reports", "write_sample_diff", "write_summary", "write_workflow",
]  # fmt: skip
