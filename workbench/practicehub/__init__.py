"""The source: reads a PracticeHub account whole, at its pace, and never writes to it."""

from workbench.practicehub.blobs import file_path, page_path, read_page
from workbench.practicehub.catalogue import RESOURCES, FileFields, Resource, resource
from workbench.practicehub.client import Answer, Client
from workbench.practicehub.files import (
    FileResult,
    declared_size,
    fetch_files,
    file_mime,
    file_name,
    file_url,
    register_files,
)
from workbench.practicehub.forecast import Forecast, Grade, estimate
from workbench.practicehub.pace import Pace
from workbench.practicehub.region import LOOPBACK, open_client
from workbench.practicehub.rows import CopyRule, row_hash
from workbench.practicehub.shortfall import Finding, Shortfall, shortfall
from workbench.practicehub.walk import HeldPageInfo, Progress, RebuiltRow, rebuild, walk

__all__ = [
    "LOOPBACK", "RESOURCES", "Answer", "Client", "CopyRule", "FileFields", "FileResult",
    "Finding", "Forecast", "Grade", "HeldPageInfo", "Pace", "Progress", "RebuiltRow", "Resource",
    "Shortfall", "declared_size", "estimate", "fetch_files", "file_mime",
    "file_name", "file_path", "file_url", "open_client", "page_path", "read_page",
    "rebuild", "register_files", "resource", "row_hash", "shortfall", "walk",
]  # fmt: skip
