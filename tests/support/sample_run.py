"""A sample that was compared, in a run: every verdict, a record that is absent; no server."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.mapping import dump_yaml
from workbench.mapping.model import Disposition, Mapping, MapRow
from workbench.proof import Match, Rule
from workbench.state import Difference, Question, Store, Verdict

CANARY = "Vandermolenschot"
"""A surname that no other text here holds: where it shows, a patient's value does."""
MARKUP = "<img src=x onerror=alert(1)>"

MAP = Mapping(
    tuple(
        MapRow(f"patients.{part}_name", Disposition.COMBINED, target="res.partner.name",
               transform="full_name", part=part, type="char")
        for part in ("first", "last")
    )
)  # fmt: skip

Given = tuple[str, str, str, Match, str, str, str, str]
"""Record, model, field, verdict, rule, source, expected, actual."""


def given(patients: int) -> Iterator[tuple[str, Given]]:
    """Yield patient and cell; patient 2 has a note in HTML, patient 3's visit is not there."""
    for number in range(1, patients + 1):
        partner, visit, lead = f"patient_{number}", f"appointment_{number + 100}", "crm.lead"
        name = f"Ada {CANARY} {number}"
        contact = "res.partner"
        cells: list[Given] = [
            (partner, contact, "name", Match.EQUAL, "", name, name, name),
            (partner, contact, "ref", Match.EQUAL, "", f"P{number}", f"P{number}", f"P{number}"),
            (visit, lead, "stage_id", Match.EQUAL, "", "missed", "4", "4"),
        ]
        if number == 2:
            cells.append((partner, contact, "comment", Match.TOLERATED, Rule.HTML_EQUIVALENT,
                          MARKUP, MARKUP, f"<p>{CANARY}</p>"))  # fmt: skip
        else:
            cells.append((partner, contact, "comment", Match.EQUAL, "", "a", "a", "a"))
        if number == 1:
            cells.append((partner, contact, "x_blood_type", Match.DIFFERENT, "", "0 pos", "0+",
                          f"of {CANARY}"))  # fmt: skip
        if number == 3:
            cells[2] = (visit, lead, "*", Match.DIFFERENT, Rule.ABSENT,
                        f"appointments/{number + 100}", "a record", "")  # fmt: skip
        for cell in cells:
            yield str(number), cell


def _cell(patient: str, cell: Given) -> Difference:
    record, model, field, match, rule, source, expected, actual = cell
    return Difference(
        "sample", record, model, field, match, rule, source, expected, actual,
        transform="full_name" if field == "name" else "", patient=patient,
    )  # fmt: skip


def question() -> Question:
    """Ask for the approval, as the phase does."""
    return Question("sample", "sample", "Is the sample in Odoo as it should be?",
                    ("approve", "reject"), {"set": 1})  # fmt: skip


def fill_sample(store: Store, *, patients: int = 3) -> None:
    """Put a compared sample and its question into a run."""
    cells = list(given(patients))
    counts: dict[tuple[str, str, str, str], int] = {}
    for _, (_, model, field, match, rule, *_) in cells:
        name = "stage_id" if field == "*" else field
        counts[model, name, match, rule] = counts.get((model, name, match, rule), 0) + 1
    store.proof.set_comparison(
        "sample",
        verdicts=[Verdict("sample", *key, count) for key, count in counts.items()],
        differences=[_cell(patient, cell) for patient, cell in cells],
    )
    store.journey.set_document("mapping", {"hash": "h", "yaml": dump_yaml(MAP)})
    store.decisions.ask([question()])
