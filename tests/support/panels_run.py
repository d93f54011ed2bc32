"""What panels show, in a run: pick-lists, practitioners, patients who may be one; no server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.support.small_run import store_page
from workbench.config import Config
from workbench.state import Question, Store

CONFIG = Config.model_validate(
    {
        "practicehub": {"account": "brightspine", "app_details": "workbench=ops@example.org"},
        "odoo": {"url": "http://127.0.0.1:8069", "database": "clinic"},
    }
)

CANARY = "Quillonbrook"
"""A surname that no other text here holds: where it shows, a patient's value does."""
MARKUP = "<img src=x onerror=alert(1)>"
STATUSES = {"processed": 90, "missed": 7, "no show": 3, MARKUP: 1}
STAGES = ("New", "In Progress", "Completed", "Cancelled", "Missed")

USERS = {
    "kees@example.org": ["Kees Bakker", "kees@example.org", True],
    "ann@example.org": ["Ann Visser", "ann@example.org", True],
    "old@example.org": ["Old Timer", "old@example.org", False],
}
PRACTITIONERS: list[dict[str, object]] = [
    {"id": 17, "first_name": "Kees", "last_name": "Bakker", "email": "kees@example.org",
     "active": 1},
    {"id": 18, "first_name": "Mira", "last_name": "Jansen", "email": "mira@example.org",
     "active": 1},
    {"id": 19, "first_name": "Piet", "last_name": "de Groot", "email": None, "active": 0},
]  # fmt: skip
VISITS = {"17": 40, "18": 55, "19": 6}

PATIENTS: list[dict[str, object]] = [
    {"id": 12, "first_name": "Ada", "last_name": CANARY, "date_of_birth": "1980-02-03",
     "email": "ada@example.org", "phone": "020 555 0101", "city": "Utrecht",
     "patient_number": "P12", "note": MARKUP},
    {"id": 99, "first_name": "ADA", "last_name": CANARY, "date_of_birth": "1980-02-03",
     "email": "other@example.org", "phone": "+31 20 555 0101", "city": "Utrecht",
     "zip": "3511 AB"},
    {"id": 30, "first_name": "Bo", "last_name": CANARY, "date_of_birth": "1999-12-31"},
]  # fmt: skip
CONTACT = {
    "name": f"Bo {CANARY}", "birth": "", "emails": ["bo@example.org"], "phones": [],
    "street": "", "zip": "", "city": "", "ref": "", "archived": False, "company": False,
    "user": False,
}  # fmt: skip
TWINS, LINKABLE = "duplicate:patient_12+patient_99", "duplicate:patient_30+contact_45"


@dataclass
class PanelRun:
    """Stands in for a run folder that is open in JupyterLab."""

    store: Store
    headless: bool = False
    config: Config = field(default_factory=lambda: CONFIG)


def value(text: str, proposal: str | None, *, of: str = "appointments.status",
          sure: float = 0.95, free: bool = True, basis: int = 1) -> Question:  # fmt: skip
    """Ask what a value of a pick-list becomes."""
    return Question(
        subject=f"value:{of}={text}",
        phase="map",
        question=f"What does {text!r} of {of} become?",
        options=tuple(dict.fromkeys((*([proposal] if proposal else []), *STAGES))),
        basis={"seen": basis},
        proposal=proposal,
        reasons=("a word we know",),
        confidence=sure if proposal else None,
        open_value=free,
    )


def practitioner(number: int, proposal: str | None, *options: str) -> Question:
    """Ask which user a practitioner is."""
    return Question(
        subject=f"practitioner:{number}",
        phase="map",
        question="Which Odoo user is it?",
        options=tuple(dict.fromkeys((*([proposal] if proposal else []), *options, "name only"))),
        basis={"id": number},
        proposal=proposal,
        reasons=("one user has the same e-mail address" if proposal else "no user has that name",),
        confidence=0.97 if proposal else None,
        open_value=True,
    )


def pair(subject: str, proposal: str, *, sure: float = 0.9) -> Question:
    """Ask whether two records are one person."""
    becomes = ("link", "link and overwrite") if "contact" in subject else ("merge",)
    return Question(
        subject, "extract", "Are they one person?", ("keep both", *becomes), {"pair": subject},
        proposal=proposal, reasons=("same name", "same birth date"), confidence=sure,
    )  # fmt: skip


def fill(store: Store, folder: Path) -> None:
    """Put records, counts, users and questions of every kind into a run."""
    store_page(folder, store, "patients", PATIENTS)
    store_page(folder, store, "practitioners", PRACTITIONERS)
    visits: list[dict[str, object]] = [
        {"id": 500 + n, "patient_id": 12, "status": "missed"} for n in range(3)
    ]
    store_page(folder, store, "appointments", visits)
    with store.transaction():
        store.journey.set_document(
            "counts",
            {"lists": {"stage appointments.status": {"values": STATUSES, "distinct": 4},
                       "language patients.locale": {"values": {"nl": 80}, "distinct": 1}},
             "visits": {"by": VISITS}},
        )  # fmt: skip
        store.journey.set_document("odoo_users", USERS)
        store.journey.set_document("odoo_contacts", {"45": CONTACT})
    plan = [("field", "res.partner", "x_blood_type", "make", ""),
            ("field", "res.partner", "x_shoe_size", "conflict", "It is of type integer."),
            ("stage", "crm.stage", "New", "exists", "")]  # fmt: skip
    names = ("kind", "model", "name", "state", "why")
    items = [dict(zip(names, line, strict=True)) for line in plan]
    store.journey.set_document("schema_plan", {"module": "module", "items": items})
    store.decisions.ask(
        [
            Question(
                "schema",
                "prepare",
                "Make 2 fields in Odoo?",
                ("apply", "by hand"),
                ["x_blood_type"],
                "apply",
            ),
            value("processed", "Completed"),
            value("missed", "Missed", sure=0.7),
            value("no show", None),
            value(MARKUP, "New", sure=0.6),
            value("nl", "nl_NL", of="patients.locale", free=False),
            practitioner(17, "kees@example.org", "invite"),
            practitioner(18, None, "invite"),
            practitioner(19, None),
            pair(TWINS, "merge"),
            pair(LINKABLE, "keep both", sure=0.7),
        ]
    )
