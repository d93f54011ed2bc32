"""What an answer to a form might feed: a reason for people to read, never a proposal."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from workbench.mapping import wording
from workbench.mapping.matching import Matcher
from workbench.mapping.templates import shipped
from workbench.staging.forms import is_answer, question_of
from workbench.staging.profile import FieldProfile

MODEL = "res.partner."


def hint(profile: FieldProfile) -> tuple[str, ...]:
    """Say which field of the patient a form's question asks for, by its words; else nothing.

    The answer stays in its note: what a patient once wrote on a form is not what the clinic
    holds of the patient, so only a person lets it fill a field.
    """
    asked = " ".join(wording.words(question_of(profile.path)))
    if not is_answer(profile.path) or not profile.filled or not asked:
        return ()
    for match in _patients().matches(replace(profile, path=asked)):
        entry = match.entry
        if entry.target.startswith(MODEL) and not (entry.part or entry.fixed):
            return (f"the question may ask for {entry.target}, which it can fill where empty",)
    return ()


@lru_cache(maxsize=1)
def _patients() -> Matcher:
    return Matcher(shipped().resources["patients"], spoken=True)
