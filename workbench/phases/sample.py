"""06 sample: a few patients loaded for real, compared field by field, approved by a person."""

from __future__ import annotations

from workbench import panels, show
from workbench.phases import duplicates, gates, knowledge, loading, proving, sampling
from workbench.phases.finding import Finding
from workbench.phases.reporting import write_sample
from workbench.phases.steps import Steps, alone
from workbench.proof import choose, different_cells
from workbench.reports import charts, coverage_lines, coverage_tables, verdict_table
from workbench.state import Question

SUBJECT = "sample"
"""Of the decision, of the comparison, and the document with the patients' ids."""
REASONS = "sample_reasons"
"""The document that says why they were chosen."""
FEWEST, MOST = 50, 200
"""Patients of a usual sample."""
REJECTED = (
    "Decide anew what is wrong, in 03_map.ipynb or with `workbench decide`, and run again: the "
    "sample is loaded anew and asked about anew. Or decide `sample: approve` after all."
)
"""What to do after a rejection."""


class Sample(Steps):
    """The verbs of 06_sample."""

    name = "sample"

    def prefixes(self) -> tuple[str, ...]:
        """Wait for the approval, and for duplicates that are still open."""
        return (gates.DUPLICATE, SUBJECT)

    @alone
    def choose(self) -> show.Stack:
        """Choose patients so that every field, value, location and relation is among them."""
        ground = sampling.ground(self)
        size = self.config.migration.sample_size
        choice = choose(ground.facts, size=size, wanted=ground.wanted)
        before = self.store.journey.document_hash(SUBJECT)
        with self.store.transaction():
            if self.store.journey.set_document(SUBJECT, choice.patients()) != before:
                self.store.journey.set_meta(proving.SAMPLE_STALE, "it was chosen anew")
            self.store.journey.set_document(
                REASONS, choice.reasons() | {"clinical": sorted(self._hidden())}
            )
        return show.Stack(
            (
                show.Lines(
                    f"{len(choice.ids)} of {len(ground.facts.patients):,} patients",
                    [*_size_words(size, len(ground.facts.patients)), *coverage_lines(choice)],
                ),
                *coverage_tables(choice, hidden=self._hidden(), mask=self._mask),
            )
        )

    @alone
    def load(self) -> show.Table:
        """Load the sample the way everything will be loaded."""
        duplicates.settle(self)
        self.store.journey.set_meta(proving.SAMPLE_STALE, "it was loaded")
        done = loading.load_all(self, patients=self._patients())
        loading.note_held(self)
        return loading.as_table("The sample, loaded", done)

    @alone
    def compare(self) -> show.Stack:
        """Read the sample back and compare source, expected and actual, field by field."""
        found = proving.compare_all(self, SUBJECT, patients=self._patients(), keep_equal=True)
        self.store.journey.set_meta(proving.SAMPLE_STALE, "")
        self.store.decisions.ask(
            [
                Question(
                    SUBJECT, self.name, "Is the sample in Odoo as it should be?",
                    ("approve", "reject"),
                    basis={**gates.basis(self.store, self.name),
                           "verdicts": [[v.model, v.field, v.verdict, v.rule, v.count]
                                        for v in found.verdicts]},
                    reasons=(f"{found.cells} cells compared, {found.different} differ",),
                )
            ]
        )  # fmt: skip
        write_sample(self.run)
        return show.Stack((charts.verdicts(found.verdicts), verdict_table(found.verdicts)))

    @alone
    def approve(self) -> object:
        """Ask a person whether the full load may do the same for everybody."""
        return panels.sample(self.run)

    def judge(self) -> Finding:
        """Say whether the sample was compared and not rejected; a person judges what differs."""
        verdicts = self.store.proof.verdicts(SUBJECT)
        missing = []
        if stale := self.store.journey.meta(proving.SAMPLE_STALE):
            missing.append(f"the sample was not compared since {stale}")
        elif not verdicts:
            missing.append("the sample was not compared")
        decision = self.store.decisions.get(SUBJECT)
        rejected = decision is not None and not decision.is_open and decision.choice == "reject"
        if decision is not None and rejected:
            missing.append(f"the sample was rejected by {decision.decided_by}")
        return Finding(
            tuple(missing),
            (
                ("patients", len(self._patients())),
                ("cells compared", sum(v.count for v in verdicts)),
                ("cells that differ", different_cells(verdicts)),
            ),
            REJECTED if rejected else "",
        )

    def _patients(self) -> set[str]:
        found = self.store.journey.document(SUBJECT)
        return set(found["ids"]) if isinstance(found, dict) else set()

    def _hidden(self) -> set[str]:
        """Name the clinical fields: beside a patient's number their values stay masked."""
        return {row.field for row in knowledge.draft(self).mapping.rows if row.clinical}

    def _mask(self, value: object) -> str:
        return str(value) if self.config.migration.show_patient_data else self.run.mask(value)


def _size_words(size: int, patients: int) -> list[str]:
    """Say where a size is unusual; a clinic with fewer patients is tried as a whole."""
    if patients <= size:
        return ["all there are"]
    if size < FEWEST:
        return [f"fewer than the usual {FEWEST} to {MOST}: see below what they do not cover"]
    if size > MOST:
        return [f"more than the usual {FEWEST} to {MOST}: a person looks through them longer"]
    return []
