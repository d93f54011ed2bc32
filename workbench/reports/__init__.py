"""Charts and reports: what a person reads, and what may leave the clinic."""

from workbench.reports.charts import Figure, fill, flow, issues, verdicts, volumes
from workbench.reports.page import Page, Section, csv_text, keep, neutral, render
from workbench.reports.pages import (
    Mask,
    balance_table,
    changes_table,
    write_cleanse,
    write_mapping,
    write_preflight,
    write_reconcile,
    write_reports,
    write_sample_diff,
    write_summary,
)

__all__ = [
    "Figure", "Mask", "Page", "Section", "balance_table", "changes_table", "csv_text", "fill",
    "flow", "issues", "keep", "neutral", "render", "verdicts", "volumes", "write_cleanse",
    "write_mapping", "write_preflight", "write_reconcile", "write_reports", "write_sample_diff",
    "write_summary",
]  # fmt: skip
