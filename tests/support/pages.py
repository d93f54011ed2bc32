"""Reading a report the way a person does: the cells of the table with a caption."""

from __future__ import annotations

import html
import re


def table(text: str, caption: str) -> list[list[str]]:
    """Give the cells of the one table of a page that has this caption, row by row."""
    said = re.escape(html.escape(caption))
    pattern = rf"<caption>{said}</caption>.*?<tbody>(.*?)</tbody>"
    (body,) = re.findall(pattern, text, re.DOTALL)
    return [
        [html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]
