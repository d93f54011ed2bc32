"""HTML: told from plain text, made safe, or turned into plain text."""

from __future__ import annotations

import html as entities
import re
from html.parser import HTMLParser

import nh3

from workbench.staging.findings import Clean
from workbench.staging.normalise import text
from workbench.state import IssueKind

_MARKUP = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(\s[^<>]*)?/?>|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_BLOCK_TAGS = "p div ul ol li h1 h2 h3 h4 blockquote pre hr table thead tbody tr td th"
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_INLINE_TAGS = "br b strong i em u s code a span sub sup"
_TAGS = _BLOCKS | frozenset(_INLINE_TAGS.split())
_BLOCK = re.compile(rf"<({'|'.join(sorted(_BLOCKS))})[ >]")
_OPEN_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)")
_SILENT = frozenset({"script", "style"})


def looks_like_html(value: str) -> bool:
    """Say whether a text holds tags or entities."""
    return _MARKUP.search(value) is not None


def safe_html(value: object) -> Clean:
    """Make HTML of a text or of HTML: simple tags only, one block around the whole.

    Scripts, styles, pictures, attributes and comments go; if a tag went, that is noted.
    What is left is what Odoo's own cleaning keeps. Doing it twice changes nothing more.
    """
    read = text(value)
    if not isinstance(read.value, str):
        return read
    raw = read.value
    if not looks_like_html(raw):
        body = entities.escape(raw, quote=False).replace("\n", "<br>")
        return Clean(f"<p>{body}</p>", read.notes)
    notes = (*read.notes, IssueKind.HTML_REDUCED) if _reduced(raw) else read.notes
    body = _clean(raw)
    if not _plain(body):
        return Clean(None, notes)
    if not _one_block(body):
        body = _clean(f"<div>{body}</div>" if _BLOCK.search(body) else f"<p>{body}</p>")
    return Clean(body, notes)


def _clean(raw: str) -> str:
    made = nh3.clean(
        raw,
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    # Odoo writes a no-break space as the character, never as the entity
    return made.replace("&nbsp;", "\u00a0").strip()


def _reduced(raw: str) -> bool:
    return any(tag.lower() not in _TAGS for tag in _OPEN_TAG.findall(raw))


def _one_block(body: str) -> bool:
    """Whether one block element spans the whole."""
    first = re.match(r"<([a-z0-9]+)[ >]", body)
    if first is None or first.group(1) not in _BLOCKS or not body.endswith(f"</{first.group(1)}>"):
        return False
    depth = 0
    for found in re.finditer(rf"<(/?){first.group(1)}[ >]", body):
        depth += -1 if found.group(1) else 1
        if depth == 0:
            return found.end() >= len(body) - 1
    return False


def plain_text(value: object) -> Clean:
    """Give plain text: of HTML its words and line breaks, of anything else itself."""
    read = text(value)
    if not isinstance(read.value, str) or not looks_like_html(read.value):
        return read
    return Clean(_plain(read.value) or None, read.notes)


def _plain(raw: str) -> str:
    reader = _Words()
    reader.feed(raw)
    reader.close()
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in reader.words().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br" or tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data)

    def _break(self) -> None:
        self._parts.append("\n")

    def words(self) -> str:
        return "".join(self._parts)
