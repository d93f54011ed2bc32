"""The source: reads a PracticeHub account whole, at its pace, and never writes to it."""

from workbench.practicehub.blobs import file_path, page_path, read_page
from workbench.practicehub.catalogue import (
    RESOURCES,
    FileFields,
    Resource,
    catalogue,
    ids_at,
    resource,
)
from workbench.practicehub.client import Answer, Client
from workbench.practicehub.filefacts import (
    declared_size,
    file_mime,
    file_name,
    file_url,
    register_files,
)
from workbench.practicehub.files import fetch_files
from workbench.practicehub.forecast import Aspect, Clarity, Forecast, Grade, estimate, size_text
from workbench.practicehub.gone import find_gone
from workbench.practicehub.pace import Pace
from workbench.practicehub.raw import RebuiltRow, rebuild
from workbench.practicehub.references import list_dangling
from workbench.practicehub.region import LOOPBACK, open_client
from workbench.practicehub.rows import CopyRule, row_hash
from workbench.practicehub.settling import FileResult
from workbench.practicehub.shortfall import Finding, Shortfall, compared, shortfall
from workbench.practicehub.since import since_last, unstamped
from workbench.practicehub.walk import HeldPageInfo, Progress, walk

__all__ = [
    "LOOPBACK", "RESOURCES", "Answer", "Aspect", "Clarity", "Client", "CopyRule", "FileFields",
    "FileResult", "Finding", "Forecast", "Grade", "HeldPageInfo", "Pace", "Progress",
    "RebuiltRow", "Resource", "Shortfall", "catalogue", "compared", "declared_size", "estimate",
    "fetch_files", "file_mime", "file_name", "file_path", "file_url", "find_gone", "ids_at",
    "list_dangling",
    "open_client", "page_path", "read_page", "rebuild", "register_files",
    "resource", "row_hash", "shortfall", "since_last", "size_text", "unstamped", "walk",
]  # fmt: skip
