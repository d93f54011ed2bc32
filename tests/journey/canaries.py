"""What must never stand outside the data files, and a search that finds it however escaped."""

from __future__ import annotations

import html
import re

from tests.journey import truth
from workbench.sandbox.clinic import Clinic

SHORT = 4
"""A shorter value could stand anywhere by chance."""
DIGITS = 7
"""A shorter number too: a postcode of five digits was once the size of a notebook."""
_WORD = re.compile(r"\w+")
PERSONAL = ("first_name", "last_name", "email", "phone", "mobilephone", "address_line_1", "zip",
            "note", "date_of_birth", "emergency_contact", "medical_history", "policy_number",
            "patient_number", "city")  # fmt: skip
OTHERS = {"patient_logs": ("data",), "documents": ("title", "file_name", "description"),
          "files": ("file_name", "description"), "appointments": ("note",),
          "prescriptions": ("pharmacy_reference", "pdf_name"), "payments": ("note",)}  # fmt: skip


def canaries(clinic: Clinic) -> set[str]:
    """Give everything that could tell who a patient is or what ails them."""
    staff = {name for one in clinic["practitioners"]
             for name in (one["first_name"], one["last_name"])}  # fmt: skip
    found = {str(one[name]) for one in clinic["patients"] for name in PERSONAL if one[name]}
    found |= {truth.full_name(one) for one in clinic["patients"]}
    found |= {str(one[name]) for resource, names in OTHERS.items() for one in clinic[resource]
              for name in names if one[name]}  # fmt: skip
    found |= {str(leaf) for one in clinic["clinical_notes"] for leaf in truth.leaves(one["data"])}
    found -= staff | {"Subjective", "Objective", "Assessment", "Plan"}
    return {one for one in found if len(one) >= (DIGITS if one.isdigit() else SHORT)}


def readings(text: str) -> str:
    """Give a text together with what stands in it once escapes are taken away."""
    plain = re.sub(r"\\u([0-9a-fA-F]{4})", lambda one: chr(int(one[1], 16)), text)
    plain = plain.replace('\\"', '"').replace("\\n", "\n").replace("\\/", "/")
    return "\n".join((text, html.unescape(text), plain, html.unescape(plain)))


def found_in(text: str, wanted: set[str]) -> set[str]:
    """Give which values stand in a text as words of their own."""
    whole = readings(text)
    there = set(_WORD.findall(whole))
    return {one for one in wanted if _stands(one, whole, there)}


def _stands(one: str, whole: str, there: set[str]) -> bool:
    words = _WORD.findall(one)
    if not there.issuperset(words):
        return False
    return words == [one] or (
        one in whole and re.search(rf"(?<!\w){re.escape(one)}(?!\w)", whole) is not None
    )
