"""YAML as people write it by hand: read into nodes that know their lines, safely.

A map and a file of decisions need lines, lists and braces, nothing else of YAML. Anchors,
aliases, tags, merge keys and further documents are faults; text stays the text that stands
there (`no`, `0777`, `2024-01-01`); what is huge or nested without end is refused early.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

LARGEST = 2_000_000
"""Bytes, or characters; a map of 400 fields and 3,000 values has some 120,000."""
DEEPEST = 6
"""A map has four levels: section, resource or field, line, list."""
_MERGE = "<<"
_STANDARD = "tag:yaml.org,2002:"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

Found = tuple[int, str]
"""A line, from 1, and what is wrong there."""


@dataclass(slots=True)
class Node:
    """One node: a text, pairs (braces or `name: …` lines), or a list.

    `plain`: the text stands there without quotes.
    """

    line: int
    text: str | None = None
    pairs: list[tuple[Node, Node]] | None = None
    items: list[Node] | None = None
    plain: bool = False

    @property
    def is_null(self) -> bool:
        """Whether nothing stands there, or what YAML writes for nothing."""
        return self.plain and self.text in _NULLS


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    line: int
    mapping: bool
    children: list[Node] = field(default_factory=list)

    def closed(self) -> Node:
        if not self.mapping:
            return Node(self.line, items=self.children)
        halves = self.children[::2], self.children[1::2]
        return Node(self.line, pairs=list(zip(*halves, strict=True)))


def parse(content: str | bytes) -> tuple[Node | None, list[Found]]:
    """Read a text, or a file's bytes, as UTF-8, with or without a byte order mark.

    Returns:
        The root, None where there is none, and what is wrong with the text as YAML. With
        faults the root is not to be used.
    """
    if len(content) > LARGEST:
        return None, [(1, f"is larger than {LARGEST // 1_000_000} MB, which no such file is")]
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return None, [(line, "is not UTF-8: save the file in that encoding")]
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    try:
        return _built(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, _tabs(text) or [(line, f"is not YAML: {error.problem}")]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [(line, "is not YAML: a character that may not stand in a text file")]
    except (yaml.YAMLError, ValueError, OverflowError):
        # PyYAML lets the latter two out for an escape or a version that no number can be
        return None, [(1, "is not YAML: an escape or a directive that stands for nothing")]


def _built(text: str) -> tuple[Node | None, list[Found]]:
    """Build the nodes without recursion: a text may be nested deeper than Python's stack."""
    faults: list[Found] = []
    stack: list[_Open] = [_Open(1, mapping=False)]
    documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                return None, [*faults, (line, "is not YAML of one document: a second one begins")]
        faults += [(line, what) for what in _foreign(event)]
        if isinstance(event, yaml.CollectionStartEvent):
            if len(stack) > DEEPEST:
                return None, [*faults, (line, "is nested deeper than any such file")]
            stack.append(_Open(line, mapping=isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = stack.pop()
            stack[-1].children.append(closed.closed())
            faults += [
                (key.line, f"{_MERGE} would merge lines: write them out")
                for key, _ in stack[-1].children[-1].pairs or ()
                if key.plain and key.text == _MERGE
            ]
        elif isinstance(event, yaml.ScalarEvent):
            stack[-1].children.append(Node(line, text=event.value, plain=event.style is None))
        elif isinstance(event, yaml.AliasEvent):
            stack[-1].children.append(Node(line, text=""))
    roots = stack[0].children
    return (roots[0] if roots else None), faults


def _foreign(event: yaml.Event) -> Iterator[str]:
    """Name what of YAML has no place in a map: it hides what a line says."""
    if isinstance(event, yaml.AliasEvent):
        yield f"*{event.anchor} stands for another place: write out what it means"
    elif getattr(event, "anchor", None):
        yield f"&{event.anchor} marks a place for others: write each line out"  # type: ignore[attr-defined]  # of nodes
    if getattr(event, "tag", None):
        yield f"{event.tag.replace(_STANDARD, '!!')} is a tag, and only text may stand here"  # type: ignore[attr-defined]  # of nodes


def _tabs(text: str) -> list[Found]:
    """List the lines that a tab indents: YAML takes none, and says so unclearly."""
    return [
        (number, "is not YAML: a tab indents it, where spaces must")
        for number, line in enumerate(text.splitlines(), start=1)
        if "\t" in line[: len(line) - len(line.lstrip())]
    ]
