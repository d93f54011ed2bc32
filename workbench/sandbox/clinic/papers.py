"""Which papers the clinic keeps: prescriptions, documents and files, as facts."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from workbench.sandbox.clinic import texts
from workbench.sandbox.clinic.blobs import MIME_TYPES, Kind, Recipe
from workbench.sandbox.clinic.people import (
    ORPHAN_PATIENT_IDS,
    Person,
    Practitioner,
    ascii_name,
)
from workbench.sandbox.clinic.randomness import chance, office_hours, pick, stream, weighted

BLOB = "blob:"  # how a field says "a signed link to this object belongs here"
FIRST_PRESCRIPTION_ID = 301
FIRST_DOCUMENT_ID = 601
FIRST_FILE_ID = 9001
KINDS = (
    (Kind.PDF, 35),
    (Kind.JPEG, 25),
    (Kind.PNG, 18),
    (Kind.TEXT, 9),
    (Kind.CSV, 6),
    (Kind.DOCX, 7),
)
_STEMS = ("röntgen", "Radiografía niño", "scan", "verslag", "lettre d'Élodie", "foto", "letter",
          "意見書", "Ανάλυση", "intake formulier")  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Paper:
    """One paper. `key` names its bytes among the blobs; None: there is no link to any."""

    id: int
    patient: int | None
    entity_type: str
    key: str | None
    recipe: Recipe
    name: str | None
    title: str | None
    description: str | None
    mime_type: str | None
    size_known: bool
    created: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Prescription:
    """What was prescribed; `paper` is its PDF where there is one."""

    id: int
    patient: int
    medication: str
    dosage: str
    frequency: str
    doctor: str
    day: date
    pharmacy_reference: str | None
    paper: Paper | None
    created: datetime


@dataclass(slots=True)
class Cabinet:
    """All papers, each list ordered by time."""

    prescriptions: list[Prescription] = field(default_factory=list)
    documents: list[Paper] = field(default_factory=list)
    files: list[Paper] = field(default_factory=list)


def object_key(seed: int, entity: str, name: str) -> str:
    """Make the opaque name under which a blob lies at the file host."""
    return f"{entity}/{hashlib.sha256(f'{seed}/{name}'.encode()).hexdigest()[:24]}"


def link(paper: Paper) -> str | None:
    """Write the place-holder that the simulator turns into a signed link when it answers."""
    return None if paper.key is None else f"{BLOB}{paper.key}"


def paper(
    rng: random.Random,
    seed: int,
    *,
    label: str,
    patient: int,
    created: datetime,
    kind: Kind | None = None,
) -> Paper:
    """Invent one paper of a patient; the id is still 0.

    `label` names it within the seed; a `kind` that is not given is drawn.
    """
    if kind is None:
        kind = weighted(rng, KINDS)
    stem = pick(rng, _STEMS)
    name = f"{stem}.{kind.value}" if chance(rng, 0.5) else f"{stem}_{label[-4:]}.{kind.value}"
    recipe = Recipe(kind, seed, label, ascii_name(stem).capitalize() or "Letter")
    return Paper(
        id=0,
        patient=patient,
        entity_type="patient",
        key=object_key(seed, "patient", label),
        recipe=recipe,
        name=name,
        title=f"{stem.capitalize()} {created:%m/%Y}" if chance(rng, 0.9) else pick(rng, (None, "")),
        description=texts.remark(rng) if chance(rng, 0.4) else pick(rng, (None, "")),
        mime_type=None if chance(rng, 0.02) else MIME_TYPES[kind],
        size_known=not chance(rng, 0.03),
        created=created,
    )


def prescription(
    rng: random.Random, seed: int, one: Person, *, label: str, doctor: str, created: datetime
) -> Prescription:
    """Invent one prescription of a patient; about two in three have a PDF; the id is still 0."""
    medication, dosage, frequency = pick(rng, texts.MEDICATIONS)
    outside = chance(rng, 0.1)
    with_pdf = not outside and chance(rng, 0.7)
    pdf = None
    if with_pdf:
        pdf = paper(rng, seed, label=label, patient=one.id, created=created, kind=Kind.PDF)
        pdf = replace(
            pdf,
            name=f"{medication.split()[0].lower()}-{created:%Y%m%d}.pdf",
            recipe=replace(pdf.recipe, heading=f"Prescription {medication}"),
            mime_type=MIME_TYPES[Kind.PDF],
        )
    return Prescription(
        id=0,
        patient=one.id,
        medication=medication,
        dosage=dosage,
        frequency=frequency,
        doctor=doctor,
        day=created.date(),
        pharmacy_reference=f"EXT-PHARM-{rng.randrange(10**6):06d}" if outside else None,
        paper=pdf,
        created=created,
    )


def cabinet(seed: int, people: list[Person], *, today: date, staff: list[Practitioner]) -> Cabinet:
    """Fill the cabinet: per hundred patients about 60 prescriptions, 50 documents, 70 files."""
    kept = Cabinet()
    for one in people:
        rng = stream(seed, "papers", one.id)
        span = max(1, (today - one.created.date()).days - 2)

        def some_day() -> datetime:
            return office_hours(rng, one.created.date() + timedelta(days=rng.randrange(span)))  # noqa: B023 - called within this turn

        for turn in range(weighted(rng, ((0, 60), (1, 25), (2, 10), (3, 5)))):
            mate = staff[one.practitioner]
            doctor = f"{mate.first_name} {mate.last_name}"
            if chance(rng, 0.2):
                doctor = pick(rng, texts.REFERRERS)[0]
            label = f"prescription-{one.id}-{turn}"
            kept.prescriptions.append(
                prescription(rng, seed, one, label=label, doctor=doctor, created=some_day())
            )
        for turn in range(weighted(rng, ((0, 62), (1, 28), (2, 10)))):
            label = f"document-{one.id}-{turn}"
            kept.documents.append(paper(rng, seed, label=label, patient=one.id, created=some_day()))
        for turn in range(weighted(rng, ((0, 52), (1, 30), (2, 15), (3, 3)))):
            label = f"file-{one.id}-{turn}"
            kept.files.append(paper(rng, seed, label=label, patient=one.id, created=some_day()))
    kept.files += _planted(seed, people, staff)
    _number(kept)
    return kept


def _planted(seed: int, people: list[Person], staff: list[Practitioner]) -> list[Paper]:
    """Make the odd ones: each is something a naive import of files trips over."""
    rng = stream(seed, "planted files")

    def odd(label: str, kind: Kind, turn: int) -> Paper:
        one = people[turn % len(people)]
        made = paper(rng, seed, label=label, patient=one.id, created=one.created + timedelta(1))
        return replace(
            made,
            recipe=Recipe(kind, seed, label, "Planted"),
            name=f"{label}.{kind.value.rpartition('.')[2]}",
            mime_type=MIME_TYPES[kind],
            size_known=True,
        )

    twin = odd("same-name", Kind.PDF, 0)
    other = odd("same-name-again", Kind.PDF, 0)
    copy = odd("same-bytes", Kind.JPEG, 1)
    again = replace(copy, key=object_key(seed, "patient", "same-bytes-again"), name="copy.jpg")
    ghost = replace(odd("orphan", Kind.PDF, 2), patient=ORPHAN_PATIENT_IDS[0])
    diploma = odd("diploma", Kind.PDF, 3)
    portrait = odd("portrait", Kind.JPEG, 4)
    return [
        replace(twin, name="verslag.pdf"),
        replace(other, name="verslag.pdf"),
        copy,
        again,
        ghost,
        replace(odd("nameless", Kind.PNG, 5), name=None, mime_type=None),
        replace(odd("empty", Kind.EMPTY, 6), name="leeg.txt"),
        replace(odd("no-link", Kind.PDF, 7), key=None),
        replace(odd("no-size", Kind.CSV, 8), size_known=False),
        replace(odd("panorama", Kind.WIDE_PNG, 9), name="panorama wervelkolom.png"),
        replace(odd("up-and-away", Kind.PNG, 10), name="../knie/links.png"),
        replace(odd("letter", Kind.DOCX, 11), name="brief señor Muñoz.docx"),
        *(
            replace(
                made,
                patient=None,
                entity_type="practitioner",
                key=object_key(seed, "practitioner", f"{mate.id}"),
            )
            for made, mate in zip((diploma, portrait), staff, strict=False)
        ),
    ]


def _number(kept: Cabinet) -> None:
    """Give ids in the order of time, as a database would have."""
    kept.prescriptions.sort(key=lambda one: (one.created, one.patient))
    kept.documents.sort(key=lambda one: (one.created, one.patient or 0))
    kept.files.sort(key=lambda one: (one.created, one.patient or 0, one.name or ""))
    kept.prescriptions[:] = [
        replace(one, id=FIRST_PRESCRIPTION_ID + place)
        for place, one in enumerate(kept.prescriptions)
    ]
    kept.documents[:] = [
        replace(one, id=FIRST_DOCUMENT_ID + place) for place, one in enumerate(kept.documents)
    ]
    kept.files[:] = [replace(one, id=FIRST_FILE_ID + place) for place, one in enumerate(kept.files)]
