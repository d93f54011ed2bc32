"""The map's page as the map phase leaves it, of a whole clinic that was really read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.journey.canaries import canaries, found_in
from tests.support import source
from tests.support.language_model import Model, language_model
from tests.support.made_runs import write_config
from tests.support.pages import table
from workbench.odoo import Lookups, Odoo
from workbench.run import Run
from workbench.sandbox.clinic import generate
from workbench.sandbox.practicehub import running

PATIENTS = 40
REASON = "Nobody reads it <any more>"


@pytest.fixture
def model() -> Iterator[Model]:
    """Run a stand-in for a language model that suggests to keep everything."""
    with language_model() as made:
        made.says = lambda question: [{"n": one["n"], "target": "keep", "reason": "no field for it"}
                                      for one in question["fields"]]  # fmt: skip
        yield made


@pytest.fixture
def run(tmp_path: Path, model: Model) -> Iterator[Run]:
    """Give a run whose map was confirmed, one field dropped for a reason that was typed."""
    llm = ("[odoo]", f'[proposals]\nllm_url = "{model.url}"\nllm_model = "small"\n\n[odoo]')
    made = Run.create(write_config(tmp_path, llm), tmp_path / "runs" / "clinic")
    held = {
        "odoo_fields": {"res.partner": {"name": {"type": "char", "string": "Name"}},
                        "crm.lead": {"name": {"type": "char", "string": "Opportunity"}}},
        "odoo_users": {},
        "odoo_offered": {"languages": ["en_US", "nl_NL"], "stages": []},
    }  # fmt: skip
    for name, document in held.items():
        made.store.journey.set_document(name, document)
    made.lookups = Lookups(cast("Odoo", None))  # all that Odoo would be asked for is held
    with running(rate=0, patients=PATIENTS, files=False) as (connection, _control):
        made.source = source.client(connection, made.folder)
        with made.source:
            made.connect.totals()
            made.audit.pages()
            made.audit.fields()
            made.audit.proposals()
            decisions = made.store.decisions
            decisions.decide("field:patients.note", "drop", by="Noor Visser", comment=REASON)
            for _round in range(3):  # an answer may raise a question about its values
                decisions.accept_proposed(by="Noor Visser")
                for one in decisions.open():
                    choice = one.options[0] if one.options else "name only"
                    decisions.decide(one.subject, choice, by="Noor Visser")
                made.map.confirm()
            yield made


def test_the_page_is_there_once_the_map_is_confirmed(run: Run) -> None:
    """Every field that was met has its row, and the reason somebody typed stands as typed."""
    text = (run.folder / "reports" / "mapping.html").read_text("utf-8")

    fields = run.store.staging.fields()
    rows = [f"{resource}.{cells[0]}"
            for resource in {one.resource for one in fields}
            for cells in table(text, f"{resource}, field by field")]  # fmt: skip
    assert sorted(rows) == sorted(one.path for one in fields)
    note = next(c for c in table(text, "patients, field by field") if c[0] == "note")
    assert (note[2], note[5]) == ("dropped", REASON)
    assert "<any more>" not in text
    confirmed = run.store.journey.document_hash("mapping")
    assert confirmed is not None
    assert confirmed in text
    noted = {path for path, *_ in run.store.journey.artefacts()}
    assert "reports/mapping.html" in noted


def test_the_page_and_the_language_model_name_no_patient(run: Run, model: Model) -> None:
    """Nothing that could tell who a patient is stands on the page or was sent to the model."""
    wanted = canaries(generate(patients=PATIENTS))
    raw = " ".join(str(one.data) for one in run.store.source.records("patients"))
    page = (run.folder / "reports" / "mapping.html").read_text("utf-8")
    sent = b" ".join(body for _path, _headers, body in model.requests).decode()

    assert len(found_in(raw, wanted)) > 200
    assert model.requests
    assert found_in(page, wanted) == set()
    assert found_in(sent, wanted) == set()
