"""A person answers `keep`: nothing of it is mapped, and all of it can be read in Odoo."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.journey.support import PERSON, Journey, journey
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("journey-both")]

KEPT = ("patients.allergies", "appointments.visit_type", "files.mime_type", "documents.file_name")


@pytest.fixture(scope="module")
def kept(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> (
    Iterator[Journey]
):  # fmt: skip
    """20 patients, visits in the calendar alone, some fields kept; through to the sign-off."""
    place = tmp_path_factory.mktemp("kept")
    with journey(place, patients=20, appointments_to="calendar.event", here=True) as made:
        assert made.run("--until", "map").code == 3
        answers = {f"field:{one}": "keep" for one in KEPT}
        file = place / "keep.yaml"
        file.write_text(yaml.safe_dump(answers), encoding="utf-8")
        assert made.workbench("decide", str(made.folder), str(file), "--by", PERSON).code in {0, 3}
        made.travel()
        yield made


def shown(value: object) -> str:
    """Give a text of Odoo as it reads."""
    return html.unescape(str(value or ""))


def told(made: Journey, model: str, name: str) -> dict[str, str]:
    """Give one text field of all our records of a model, by external id."""
    ids = {number: key for key, number in made.external_ids(model).items()}
    return {ids[row["id"]]: shown(row[name]) for row in made.rows(model, [], name)
            if row["id"] in ids}  # fmt: skip


def filled(made: Journey, field: str) -> list[dict[str, Any]]:
    """Give the clinic's records in which a field is filled."""
    resource, _, name = field.partition(".")
    return [one for one in made.clinic[resource] if one.get(name)]


def test_every_kept_value_of_a_file_stands_in_its_description(kept: Journey) -> None:
    """What an attachment has no field for is read beside it."""
    texts = told(kept, "ir.attachment", "description")
    for field, singular in (("files.mime_type", "file"), ("documents.file_name", "document")):
        there = [(one, texts.get(f"{singular}_{one['id']}")) for one in filled(kept, field)]
        loaded = [(one, text) for one, text in there if text is not None]
        assert len(loaded) > 5
        name = field.partition(".")[2]
        assert [one["id"] for one, text in loaded if str(one[name]) not in text] == []


def test_every_kept_value_of_a_visit_stands_in_its_event(kept: Journey) -> None:
    """There is no lead to hold it."""
    texts = told(kept, "calendar.event", "description")
    visits = [one for one in filled(kept, "appointments.visit_type") if one["patient_id"]]
    assert len(visits) > 50
    assert [one["id"] for one in visits
            if str(one["visit_type"]) not in texts[f"appointment_{one['id']}"]] == []  # fmt: skip


def test_every_kept_value_of_a_patient_stands_in_a_note(kept: Journey) -> None:
    """A merged patient's too, in the note that tells of the merging."""
    texts = told(kept, "mail.message", "body")
    survivors = {link.external_id for link in kept.store.destination.links(model="res.partner")
                 if link.how.value == "merged"}  # fmt: skip
    patients = filled(kept, "patients.allergies")
    assert len(patients) > 3
    missing = []
    for one in patients:
        key = f"patient_{one['id']}"
        note = texts[f"{key}_values" if key in survivors else f"{key}_kept"]
        words = str(one["allergies"]).split()
        missing += [one["id"]] * (not all(word in note for word in words))
    assert missing == []


def test_nothing_differs_and_nothing_is_without_a_fate(kept: Journey) -> None:
    """What is kept was read back and compared like everything else."""
    status = kept.status()
    assert {name: terms["unresolved"] for name, terms in status["resources"].items()
            if terms["unresolved"]} == {}  # fmt: skip
    verdicts = kept.store.proof.verdicts("all")
    assert [(one.model, one.field) for one in verdicts if one.verdict == "different"] == []
    assert {("ir.attachment", "description"), ("calendar.event", "description")} <= {
        (one.model, one.field) for one in verdicts
    }
