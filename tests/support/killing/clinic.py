"""The smallest clinic that has everything: what a journey is killed over.

Four patients, one of them entered twice and one known to Odoo already; visits, notes, log
lines, files, prescriptions, invoices; and two days on which something of each kind happens.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from workbench.sandbox.clinic import Clinic, generate
from workbench.sandbox.practicehub.account import Account
from workbench.sandbox.practicehub.links import Signer
from workbench.sandbox.practicehub.switches import Switches

KEY = "key"
MOST = {"appointments": 9, "clinical_notes": 4, "patient_logs": 5, "invoices": 4, "payments": 4,
        "files": 5, "documents": 2}  # fmt: skip
"""How many of a resource are left, from here and there; of the others all."""

TWICE, KNOWN, MOVES = 102, 103, 104
"""Patients: who was entered twice, whom Odoo has as a contact, who moves house later."""

LATER = datetime(2026, 11, 22, 18)  # noqa: DTZ001 - PracticeHub's times have no zone
"""When all that happens later is entered."""


def small_clinic() -> Clinic:
    """Make the clinic as it is when the migration begins."""
    clinic = generate(seed=7, patients=4)
    for name, count in MOST.items():
        rows = clinic[name]
        clinic.add(name, rows[:: max(1, len(rows) // count)][:count])
    kept = {row["id"] for row in clinic["appointments"]}
    clinic.visits = {number: one for number, one in clinic.visits.items() if number in kept}
    entered = clinic.people[TWICE]
    clinic.people[TWICE] = replace(
        entered, birth="1984-07-19", first_name="Ilse", last_name="Brouwer",
        email="ilse.brouwer@example.org", phone="+31 20 555 0101",
    )  # fmt: skip
    clinic.keep_patient(clinic.people[TWICE])
    clinic.people[KNOWN] = replace(
        clinic.people[KNOWN], first_name="Joost", last_name="Kramer", email="joost@example.org"
    )
    clinic.keep_patient(clinic.people[KNOWN])
    clinic.keep_patient(
        replace(clinic.people[TWICE], id=clinic.next_id("patients"), patient_number="202699999",
                street="Achterweg 3")
    )  # fmt: skip
    return clinic


def clinic_later() -> Clinic:
    """Make the clinic as it is two days later: come, changed, gone, and come again."""
    clinic = small_clinic()
    newcomer = replace(
        clinic.people[MOVES], id=clinic.next_id("patients"), patient_number="202699998",
        first_name="Vera", last_name="Nieuwenhuis", birth="1990-02-03", phone=None, mobile=None,
        email="vera@example.org", created=LATER, updated=LATER,
    )  # fmt: skip
    clinic.keep_patient(newcomer)
    clinic.keep_patient(replace(clinic.people[MOVES], street="Nieuwe Weg 12", updated=LATER))
    for name in ("files", "patient_logs", "clinical_notes", "invoices"):
        clinic.copy_newest(name, LATER)
    gone, again, changed, *_ = sorted(clinic.visits)
    remade = replace(clinic.visits[again], id=clinic.next_id("appointments"),
                     created=LATER, updated=LATER)  # fmt: skip
    new = replace(clinic.visits[changed], id=clinic.next_id("appointments"), patient=newcomer.id,
                  created=LATER, updated=LATER)  # fmt: skip
    other = next(one.status for one in clinic.visits.values()
                 if one.status is not clinic.visits[changed].status)  # fmt: skip
    clinic.keep_visit(replace(clinic.visits[changed], status=other, updated=LATER))
    clinic.remove("appointments", gone)
    clinic.remove("appointments", again)
    clinic.keep_visit(remade)
    clinic.keep_visit(new)
    return clinic


def account(clinic: Clinic, host: str) -> Account:
    """Make the account of the clinic, its files behind addresses at `host`."""
    return Account(clinic, Switches(rate=0), api_key=KEY, signer=Signer(host))
