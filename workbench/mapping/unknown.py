"""What is proposed for a field that nobody knows: something that loses nothing."""

from __future__ import annotations

from collections.abc import Collection

from workbench.mapping import wording
from workbench.mapping.looks import dials_abroad, share_of
from workbench.mapping.model import Disposition, MapRow
from workbench.mapping.naming import custom_label, custom_name, label_of
from workbench.mapping.templates import ARCHIVE, Template
from workbench.staging.profile import DATES, INSTANTS, FieldProfile
from workbench.staging.times import Order

SURE, LIKELY, UNSURE = 0.85, 0.7, 0.5
CHAR_LONGEST = 250
"""Longer values become a text field, which people can read whole."""
DIGITS = 9
"""Longer whole numbers do not fit Odoo's integers; they are somebody's keys anyway."""
CLEARLY = 0.95
"""Share of values that must look alike to name a field after their looks."""
FEW, OFTEN = 12, 10
"""A list is a selection if it has few values and each fits many records."""


def unknown_row(
    profile: FieldProfile, template: Template, *, taken: Collection[str]
) -> tuple[MapRow, float, tuple[str, ...]]:
    """Propose what becomes of an unknown field: the row, a confidence, and reasons."""
    if template.unknown == "combined" and template.combine is not None:
        combine = template.combine
        row = MapRow(
            profile.field, Disposition.COMBINED, combine.target, combine.transform,
            combine.type, profile.path, clinical=combine.clinical,
        )  # fmt: skip
        return row, SURE, (f"stays readable in {combine.target}",)
    if template.unknown == "kept" or not profile.filled:
        words = (
            "stays in the run folder; nothing in Odoo would show it"
            if template.kept == ARCHIVE
            else "stays readable in the note"
            if profile.filled
            else "kept in a note wherever it is ever filled"
        )
        return MapRow(profile.field, Disposition.KEPT, template.kept), SURE, (words,)
    return _custom(profile, template, taken)


def _custom(
    profile: FieldProfile, template: Template, taken: Collection[str]
) -> tuple[MapRow, float, tuple[str, ...]]:
    head, bracket, tail = profile.path.partition("[].")
    if bracket:
        name = custom_name(head, taken=taken)
        row = MapRow(
            profile.field, Disposition.COMBINED, f"{template.model}.{name}", "json_list", "text",
            tail, label=_label(head, name),
        )  # fmt: skip
        return row, UNSURE, ("an unknown list of objects, kept as a list one can read",)
    kind, transform, confidence, reason = _typed(profile)
    order = profile.order if kind in {"date", "datetime"} else Order.ISO
    name = custom_name(profile.path, taken=taken)
    row = MapRow(
        profile.field, Disposition.MAPPED, f"{template.model}.{name}", transform, kind,
        label=_label(profile.path, name), order=order,
    )  # fmt: skip
    return row, confidence, ("a field of this clinic's own", reason)


def _label(path: str, name: str) -> str:
    shown = custom_label(path, name=name)
    return "" if label_of(name) == shown else shown


def _typed(profile: FieldProfile) -> tuple[str, str, float, str]:
    """Choose type and transform from what the records hold."""
    kinds = {kind for kind in profile.types if kind != "null"}
    if profile.listed:
        return "text", "join_lines", LIKELY, "a list of values, a line each"
    if kinds == {"boolean"} or (profile.share("boolean_word") == 1.0 and kinds == {"text"}):
        return _typed_boolean(profile, kinds)
    if kinds and kinds <= {"integer", "decimal"}:
        return _typed_number(profile, whole=kinds == {"integer"})
    if len(kinds) > 1 and profile.longest <= CHAR_LONGEST:
        return "char", "text", UNSURE, "changes its type, so it is kept as text"
    return _typed_text(profile)


def _typed_boolean(profile: FieldProfile, kinds: set[str]) -> tuple[str, str, float, str]:
    if profile.filled == profile.records:
        return "boolean", "boolean", LIKELY, "always yes or no"
    if kinds == {"boolean"}:
        words = "yes, no or nothing: Odoo shows nothing as no; as text all three stay apart"
        return "boolean", "boolean", UNSURE, words
    return _typed_text(profile)


def _typed_number(profile: FieldProfile, *, whole: bool) -> tuple[str, str, float, str]:
    if profile.zero and profile.filled < profile.records:
        return "char", "text", LIKELY, "numbers, 0 and empty both occur, and Odoo shows both as 0"
    if whole and profile.longest > DIGITS:
        return "char", "text", LIKELY, "numbers too long to count with"
    if whole:
        return "integer", "integer", LIKELY, "always a whole number"
    return "float", "float", LIKELY, "always a number"


def _typed_text(profile: FieldProfile) -> tuple[str, str, float, str]:
    for kinds, kind, words in (
        (DATES, "date", "a date"),
        (INSTANTS, "datetime", "a date and time"),
    ):
        if profile.share(*kinds) and profile.share(*kinds, "zero_date") == 1.0:
            sure = LIKELY if profile.order is Order.ISO else UNSURE
            return kind, kind, sure, f"always {words}"
    if profile.share("html", "lines", "json") > 0 or profile.longest > CHAR_LONGEST:
        return "text", "plain_text", LIKELY, "long or marked-up text"
    if profile.share("email") >= CLEARLY:
        return "char", "email", LIKELY, "the values are e-mail addresses"
    if _telephones(profile):
        return "char", "phone", LIKELY, "the values are telephone numbers"
    values = len(profile.values)
    if 1 < values <= FEW and profile.filled >= OFTEN * values:
        return "selection", "selection", LIKELY, f"always one of {values} values"
    return "char", "text", LIKELY, "short text"


def _telephones(profile: FieldProfile) -> bool:
    """Whether values are telephone numbers: they look so, and the name or a country's code says it.

    Digits alone may be anything: an insured person's number looks like a telephone's.
    """
    if share_of(profile, frozenset(("phone", "integer_text"))) < CLEARLY:
        return False
    said = wording.key(wording.words(profile.path))
    return dials_abroad(profile) or bool({"phone", "mobile", "fax"} & set(said))
