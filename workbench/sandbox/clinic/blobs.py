"""The bytes of files: real PDFs, images, text and Word files, the same ones each time.

A blob is drawn from its recipe when it is asked for; a large clinic holds recipes only.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache, partial
from xml.sax.saxutils import escape

from fpdf import FPDF
from PIL import Image, ImageDraw

from workbench.sandbox.clinic.randomness import pick, stream

WIDE_PIXELS = (2400, 1350)  # wider than the 1920 pixels at which Odoo shrinks an image field
_DRAWN_ON = datetime(2026, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """The formats a clinic's files come in; the value is the file name's ending."""

    PDF = "pdf"
    PNG = "png"
    WIDE_PNG = "wide.png"
    JPEG = "jpg"
    TEXT = "txt"
    CSV = "csv"
    DOCX = "docx"
    EMPTY = "empty.txt"


MIME_TYPES = {
    Kind.PDF: "application/pdf",
    Kind.PNG: "image/png",
    Kind.WIDE_PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.TEXT: "text/plain",
    Kind.CSV: "text/csv",
    Kind.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Kind.EMPTY: "text/plain",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a blob is drawn from; equal recipes give equal bytes."""

    kind: Kind
    seed: int
    subject: str
    heading: str = ""


class Blobs(Mapping[str, bytes]):
    """Object key -> bytes, drawn when asked for. Keys look like `patient/4f0c…`."""

    def __init__(self) -> None:
        self._recipes: dict[str, Recipe] = {}

    def add(self, key: str, recipe: Recipe) -> None:
        """Promise that `key` can be had, drawn from `recipe`."""
        self._recipes[key] = recipe

    def mime_type(self, key: str) -> str:
        """Say of which type the bytes really are, whatever the record claims."""
        return MIME_TYPES[self._recipes[key].kind]

    def __getitem__(self, key: str) -> bytes:
        return draw(self._recipes[key])

    def __contains__(self, key: object) -> bool:
        return key in self._recipes

    def __iter__(self) -> Iterator[str]:
        return iter(self._recipes)

    def __len__(self) -> int:
        return len(self._recipes)


@lru_cache(maxsize=64)
def draw(recipe: Recipe) -> bytes:
    """Draw the bytes of one recipe."""
    return _DRAWN[recipe.kind](recipe)


_SENTENCES = (
    "Measured before and after treatment.",
    "No change since the visit before.",
    "Advice given: walk half an hour every day.",
    "Results to be discussed at the next visit.",
    "Sent by the practice of the referring doctor.",
)


def _sentences(recipe: Recipe) -> list[str]:
    rng = stream(recipe.seed, "blob", recipe.subject)
    return [pick(rng, _SENTENCES) for _ in range(rng.randrange(2, 9))]


def _pdf(recipe: Recipe) -> bytes:
    page = FPDF(format="A4")
    page.set_creation_date(_DRAWN_ON)
    page.set_title(recipe.heading or "Document")
    page.add_page()
    page.set_font("Helvetica", style="B", size=14)
    page.cell(0, 10, recipe.heading or "Document", new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=10)
    for line in (f"Reference {recipe.subject}", *_sentences(recipe), "Invented for tests."):
        page.cell(0, 7, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def _image(recipe: Recipe, *, size: tuple[int, int], form: str) -> bytes:
    rng = stream(recipe.seed, "blob", recipe.subject)
    width, height = size
    shade = Image.linear_gradient("L").resize(size)
    picture = Image.merge("RGB", (shade, shade.point(lambda value: value // 2), shade))
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = rng.randrange(width), rng.randrange(height)
        reach = rng.randrange(8, height // 3)
        colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        pen.ellipse((x - reach, y - reach // 2, x + reach, y + reach // 2), outline=colour, width=3)
    out = io.BytesIO()
    if form == "PNG":
        picture.save(out, form, compress_level=1)
    else:
        picture.save(out, form, quality=80)
    return out.getvalue()


def _text(recipe: Recipe) -> bytes:
    return "\n".join(
        (f"Naar aanleiding van {recipe.subject} — café", *_sentences(recipe), "")
    ).encode()


def _csv(recipe: Recipe) -> bytes:
    rng = stream(recipe.seed, "blob", recipe.subject)
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(("week", "pain", "steps"))
    rows.writerows((week, rng.randrange(11), rng.randrange(12000)) for week in range(1, 14))
    return out.getvalue().encode()


_DOCX_PARTS = {
    "[Content_Types].xml": (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    ),
}


def _docx(recipe: Recipe) -> bytes:
    paragraphs = "".join(
        f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>"
        for line in (f"Letter {recipe.subject}", *_sentences(recipe))
    )
    parts = {
        **_DOCX_PARTS,
        "word/document.xml": (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            f"<w:body>{paragraphs}</w:body></w:document>"
        ),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            # A fixed time, or the same letter would differ from one second to the next.
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


_DRAWN: dict[Kind, Callable[[Recipe], bytes]] = {
    Kind.PDF: _pdf,
    Kind.PNG: partial(_image, size=(200, 150), form="PNG"),
    Kind.WIDE_PNG: partial(_image, size=WIDE_PIXELS, form="PNG"),
    Kind.JPEG: partial(_image, size=(240, 180), form="JPEG"),
    Kind.TEXT: _text,
    Kind.CSV: _csv,
    Kind.DOCX: _docx,
    Kind.EMPTY: lambda _: b"",
}
