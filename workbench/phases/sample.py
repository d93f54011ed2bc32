"""06 sample: a few patients loaded for real, compared field by field, approved by a person."""

from __future__ import annotations

from workbench import panels, show
from workbench.phases import duplicates, gates, knowledge, loading, proving
from workbench.phases.finding import Finding
from workbench.phases.reporting import write_sample
from workbench.phases.steps import Steps, alone
from workbench.proof import FactGatherer, choose
from workbench.reports import charts
from workbench.state import Question

SUBJECT = "sample"
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
        mapping = knowledge.draft(self).mapping
        gatherer = FactGatherer(value_fields=set(mapping.values))
        about: set[str] = set()
        goes = duplicates.settle(self)
        for resource in self.store.source.resources():
            for record in self.store.source.records(resource):
                patient = record.source_id if resource == "patients" else record.patient_id
                if patient is not None and patient not in goes:
                    gatherer.add(patient, resource, record.data)
                    about.add(resource)
        known = {r.source_id for r in self.store.source.records("patients")}
        facts = [fact for fact in gatherer.facts() if fact.id in known]
        wanted = {f"field:{row.field}" for row in mapping.rows if row.resource in about}
        choice = choose(facts, size=self.config.migration.sample_size, wanted=wanted)
        self.store.journey.set_document("sample", choice.as_json())
        return show.Stack(
            (
                show.Lines(
                    f"{len(choice.ids)} patients",
                    [f"{sum(map(len, choice.covers.values())):,} things to try are covered",
                     f"{len(choice.left_over):,} are not: the sample is too small for them"],
                ),
                show.Table(
                    "Which record covers what",
                    ("patient", "is the first to cover", "for example"),
                    [(f"patient_{one}", len(keys), _example(keys))
                     for one, keys in choice.covers.items() if keys],
                ),
                show.Table(
                    f"{len(choice.impossible)} field(s) that no patient's records have filled",
                    ("field",),
                    [(key.removeprefix("field:"),) for key in choice.impossible],
                ),
            )
        )  # fmt: skip

    @alone
    def load(self) -> show.Table:
        """Load the sample the way everything will be loaded."""
        duplicates.settle(self)
        done = loading.load_all(self, patients=self._patients())
        loading.note_held(self)
        return loading.as_table("The sample, loaded", done)

    @alone
    def compare(self) -> show.Stack:
        """Read the sample back and compare source, expected and actual, field by field."""
        found = proving.compare_all(self, "sample", patients=self._patients(), keep_equal=True)
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
        return show.Stack((charts.verdicts(found.verdicts), proving.verdict_table(found)))

    @alone
    def approve(self) -> object:
        """Ask a person whether the full load may do the same for everybody."""
        return panels.sample(self.run)

    def judge(self) -> Finding:
        """Say whether the sample was compared and not rejected; a person judges what differs."""
        verdicts = self.store.proof.verdicts("sample")
        different = sum(v.count for v in verdicts if v.verdict == "different")
        missing = []
        if not verdicts:
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
                ("cells that differ", different),
            ),
            REJECTED if rejected else "",
        )

    def _patients(self) -> set[str]:
        found = self.store.journey.document("sample")
        return set(found["ids"]) if isinstance(found, dict) else set()


def _example(keys: tuple[str, ...]) -> str:
    """Name what a patient covers, without the values that make a key."""
    return ", ".join(sorted({key.partition("=")[0] for key in keys})[:3])
