"""Decisions written in a file: `subject: choice`, or with a comment."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import yaml

from workbench.errors import UsageError


def read_decisions(file: Path) -> dict[str, tuple[str, str]]:
    """Read a decision file.

    Returns:
        Subject to choice and comment, in the file's order.

    Raises:
        UsageError: the file is missing, not YAML, empty, decides a subject twice, or an
            entry is neither a choice nor `{choice: …, comment: …}`; names the entry.
    """
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_Once)  # noqa: S506 - see there
    except FileNotFoundError:
        what = f"There is no file {file}."
        raise UsageError(what) from None
    except (OSError, UnicodeDecodeError) as error:
        what = f"{file} cannot be read: {type(error).__name__}."
        raise UsageError(what) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        what = f"{file} is not YAML{where}."
        raise UsageError(what) from None
    if not isinstance(content, dict) or not content:
        what = f"{file} does not hold `subject: choice` lines."
        raise UsageError(what)
    return {str(subject): _entry(file, str(subject), entry) for subject, entry in content.items()}


class _Once(yaml.BaseLoader):
    """Makes text only, and refuses what YAML itself lets pass: the same key twice."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's own
    ) -> dict[Hashable, object]:
        """Build a mapping whose keys are all different."""
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                what = f"{key.value} stands there twice, again at line {key.start_mark.line + 1}."
                raise UsageError(what, do="Leave one of the two.")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _entry(file: Path, subject: str, entry: object) -> tuple[str, str]:
    if isinstance(entry, str):
        return entry, ""
    if (
        isinstance(entry, dict)
        and isinstance(entry.get("choice"), str)
        and set(entry) <= {"choice", "comment"}
        and isinstance(entry.get("comment", ""), str)
    ):
        return entry["choice"], entry.get("comment", "")
    what = f"{file}: {subject} is neither a choice nor {{choice: …, comment: …}}."
    raise UsageError(what)
