"""What stands in the free fields: our own sentences, some of them the HTML a web editor leaves."""

from __future__ import annotations

import random

from workbench.sandbox.clinic.randomness import chance, pick

LOCATIONS = ("Amsterdam Centrum", "Haarlem", "Utrecht Oost")
VISIT_TYPES = (
    "Initial consultation",
    "Follow-up",
    "Adjustment",
    "Physiotherapy",
    "Sports massage",
    "X-ray review",
    "Nazorg",
)
VISIT_MINUTES = (60, 20, 15, 30, 45, 30, 20)
BLOOD_TYPES: tuple[tuple[str | None, int], ...] = (
    ("O+", 30), ("A+", 28), ("B+", 8), ("AB+", 3), ("O-", 6), ("A-", 6), ("B-", 2), ("AB-", 1),
    (None, 12), ("", 3), ("unknown", 1),
)  # fmt: skip
CONTACT_STATUSES: tuple[tuple[str | None, int], ...] = (
    ("Active", 70), ("Inactive", 15), ("Prospect", 6), ("Former", 6), (None, 3),
)  # fmt: skip
ALLERGIES = (
    "Penicillin",
    "Pollen & house dust",
    "None known",
    "Latex (gloves!)",
    "Noten, schaaldieren",
    "Ibuprofen - gives a rash",
    "Cacahuètes",
)
OCCUPATIONS = (
    "Teacher",
    "Carpenter",
    "Nurse",
    "Retired",
    "Student",
    "Bus driver",
    "Verpleegkundige",
)
SPORTS = ("Running", "Rowing", "None", "Field hockey", "Cycling", "Yoga")
REASONS = ("Back pain", "Neck pain", "Running injury", "Headache", "Check-up", "After a fall")
REFERRERS: tuple[tuple[str, str | None], ...] = (
    ("Dr. M. Vos", "m.vos@example.org"),
    ("Dr. Élise Fontaine", "e.fontaine@example.org"),
    ("Huisartsenpraktijk De Linde", "post.linde@example.net"),
    ("Dr. T. Okafor", None),
)
INSURERS = ("Zorgwijzer Verzekeringen", "Goudvink Zorg", "Northmoor Health", "Seguros Alameda")
MEDICATIONS = (
    ("Ibuprofen", "400 mg", "three times a day after meals"),
    ("Paracetamol", "500 mg", "up to four times a day"),
    ("Naproxen", "250 mg", "twice a day"),
    ("Diclofenac gel", "1 %", "apply thinly, twice a day"),
    ("Vitamin D3", "800 IU", "once a day"),
    ("Omeprazol", "20 mg", "'s ochtends"),
)
FORM_QUESTIONS = ("Do you smoke?", "How did you hear of us?", "Hours of sport a week")
CONSENT = (
    "The clinic keeps the answers on this form for the time the law asks for. They are read by "
    "the people who treat you and by nobody else, and you may ask for a copy at any time."
)

_REMARKS = (
    "Prefers mornings",
    "Bring last scan",
    "Door code: see card",
    "Pays by card &amp; asks for a receipt",
    "Liever op woensdag",
    "Uses a walking stick, room on the ground floor",
    "Pain score &lt; 4 since March",
    "Née Müller; écrit toujours avant de venir",
)
_FINDINGS = (
    "Range of motion improved",
    "Stiff between C5 and C7",
    "No pain at rest",
    "Tender left of L4",
    "Oefeningen goed gedaan",
    "Balance better than last time",
)
_HISTORY = (
    "Appendectomy as a child",
    "Fracture of the left wrist",
    "Asthma, mild",
    "High blood pressure under treatment",
    "Knee surgery (meniscus)",
)


def sticky_note(rng: random.Random, index: int) -> str | None:
    """Write the note that sticks to a patient: HTML, null or empty; one carries a script."""
    if index == 3:  # noqa: PLR2004 - one record that would run code if shown unsanitised
        return '<p>Call first<script>alert("x")</script><img src="x" onerror="alert(1)"></p>'
    if not chance(rng, 0.61):
        return pick(rng, (None, None, ""))
    lines = [pick(rng, _REMARKS) for _ in range(rng.randrange(1, 4))]
    if chance(rng, 0.5):
        return "<p>" + "</p><p>".join(lines) + "</p>"
    return "<br>".join(lines) + "&nbsp;"


def medical_history(rng: random.Random) -> str:
    """Write a medical history: a few lines, plain or HTML."""
    lines = [
        f"{rng.randrange(1975, 2024)}: {pick(rng, _HISTORY)}" for _ in range(rng.randrange(1, 4))
    ]
    return "<br>".join(lines) if chance(rng, 0.5) else "\n".join(lines)


def finding(rng: random.Random) -> str:
    """Write what a practitioner noted in one line of HTML."""
    text = f"{pick(rng, _FINDINGS)}&nbsp;- {pick(rng, _FINDINGS).lower()}"
    return f"<p>{text}</p>" if chance(rng, 0.6) else text


def remark(rng: random.Random) -> str:
    """Write what the desk noted in one line of HTML."""
    return f"{pick(rng, _REMARKS)}<br>"
