"""What a piece of HTML says, free of how it is spelt: the measure of one tolerance."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_WRAPPERS = frozenset({"p", "div", "span"})
_VOID = frozenset({"br", "hr", "img", "col", "wbr"})
_SAME_TAG = {"b": "strong", "i": "em"}
_TARGETS = ("href", "src")
_SPACE = re.compile(r"\s+")


def same_html(wanted: str, got: str) -> bool:
    """Say whether two pieces of HTML say the same, however they are spelt."""
    # nearly always a no-break space, which Odoo writes as an entity, is all there is; to take
    # both apart takes a hundred times as long
    return wanted.replace("\xa0", "&nbsp;") == got or html_shape(wanted) == html_shape(got)


def html_shape(text: str) -> tuple[str, ...]:
    """Give the text, tags and targets of a piece of HTML, free of how it is spelt.

    Runs of white space (a no-break space too) count as one space, entities as their
    characters. Paragraphs, divisions and spans count as breaks in the text only where they
    part one text from another, so that a wrapper around the whole changes nothing.
    """
    shape = _Shape()
    shape.feed(text)
    shape.close()
    return shape.done()


class _Shape(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._pending = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _WRAPPERS:
            if tag != "span":
                self._flush()
            return
        self._flush()
        targets = "".join(f" {name}={value}" for name, value in sorted(
            (name, value or "") for name, value in attrs if name in _TARGETS
        ))  # fmt: skip
        self._parts.append(f"<{_SAME_TAG.get(tag, tag)}{targets}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _WRAPPERS:
            if tag != "span":
                self._flush()
            return
        if tag not in _VOID:
            self._flush()
            self._parts.append(f"</{_SAME_TAG.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        self._pending += data

    def done(self) -> tuple[str, ...]:
        self._flush()
        return tuple(self._parts)

    def _flush(self) -> None:
        text = _SPACE.sub(" ", self._pending).strip()
        self._pending = ""
        if text:
            self._parts.append(text)
