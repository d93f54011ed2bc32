"""The shipped knowledge of the two vocabularies, read from templates/mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from workbench.assets import templates
from workbench.mapping.empty import EMPTY_VALUE
from workbench.mapping.rows import StageNeed
from workbench.staging.normalise import folded

ARCHIVE = "archive"
"""The target of what stays in the run folder's raw pages alone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of one known field.

    `names` are other words for it; `maybe` words that often mean it, but not everywhere.
    `offered`: only where this Odoo has the target.
    """

    paths: tuple[str, ...]
    disposition: str
    target: str
    transform: str = ""
    type: str = ""
    part: str = ""
    also: tuple[str, ...] = ()
    clinical: bool = False
    fixed: bool = False
    looks_like: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    offered: bool = False
    why: str = ""

    @property
    def shown(self) -> str:
        """What people know the field by."""
        return (*self.paths, *self.names)[0]


@dataclass(frozen=True, slots=True)
class Template:
    """What is known of one resource.

    `unknown`: what an unknown field becomes: "custom" (a field of its own), "combined"
    (a part of `combine`), "kept". `title`: what its notes are called, where it has some.
    """

    resource: str
    model: str
    unknown: str
    kept: str
    entries: tuple[Entry, ...]
    combine: Entry | None = None
    title: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Templates:
    """All templates, and what values are called."""

    resources: Mapping[str, Template]
    stages: tuple[StageNeed, ...]
    stage_words: Mapping[str, str]
    events: Mapping[str, str]

    def stage_of(self, word: str) -> str:
        """Give the shipped stage that a status or a clinic's own stage means; "" for none."""
        return self.stage_words.get(_word(word), "")

    def of(self, resource: str, *, patient: bool) -> Template:
        """Give a resource's template; for an unknown one, notes (`patient`) or the archive."""
        found = self.resources.get(resource)
        if found is not None:
            return found
        like = self.resources["clinical_notes" if patient else "payment_methods"]
        words = resource.replace("_", " ").capitalize()
        return Template(
            resource=resource, model=like.model, unknown=like.unknown, kept=like.kept,
            entries=tuple(entry for entry in like.entries if entry.paths != ("name",)),
            title=words if patient else "",
        )  # fmt: skip


@lru_cache(maxsize=1)
def shipped() -> Templates:
    """Read the shipped templates, once."""
    resources: dict[str, Template] = {}
    for name in ("patients", "appointments", "prescriptions", "files", "messages", "references"):
        for template in _templates(_read(name)):
            resources[template.resource] = template
    values = _read("values")
    stages = tuple(
        StageNeed(
            name=name,
            sequence=int(known["sequence"]),
            won=bool(known.get("won", False)),
            fold=bool(known.get("fold", False)),
        )
        for name, known in values["stages"].items()
    )
    return Templates(
        resources=resources,
        stages=stages,
        stage_words={
            _word(word): name for name, known in values["stages"].items() for word in known["from"]
        },
        events={str(key): str(value) for key, value in _read("events").items()},
    )


def _word(word: str) -> str:
    return word if word == EMPTY_VALUE else folded(word)


def _read(name: str) -> dict[str, Any]:
    text = (templates() / "mapping" / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def _templates(document: dict[str, Any]) -> list[Template]:
    several: dict[str, str] = document.get("resources", {})
    names = list(several) or [document["resource"], *document.get("also_for", [])]
    model = document.get("model", "")
    return [
        Template(
            resource=name,
            model=model,
            unknown=document["unknown"],
            kept=document["kept"],
            entries=tuple(
                _entry(raw, model)
                for raw in document["fields"]
                if "for" not in raw or name in raw["for"]
            ),
            combine=_entry({"as": "combined", **document["combine"]}, model)
            if "combine" in document
            else None,
            title=several[name] if several and model else "",
            reason=several[name] if several and not model else "",
        )
        for name in names
    ]


def _entry(raw: dict[str, Any], model: str) -> Entry:
    return Entry(
        paths=tuple(raw.get("paths", ())),
        disposition=raw["as"],
        target=_target(raw["to"], model),
        transform=raw.get("with", ""),
        type=raw.get("type", ""),
        part=raw.get("part", ""),
        also=tuple(_target(name, model) for name in raw.get("also", ())),
        clinical=raw.get("clinical", False),
        fixed=raw.get("fixed", False),
        looks_like=tuple(raw.get("looks_like", ())),
        names=tuple(raw.get("names", ())),
        maybe=tuple(raw.get("maybe", ())),
        offered=raw.get("offered", False),
        why=raw.get("why", ""),
    )


def _target(name: str, model: str) -> str:
    return name if "." in name or name == ARCHIVE else f"{model}.{name}"
