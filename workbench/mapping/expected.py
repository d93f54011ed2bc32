"""The exact values that Odoo is to hold for each record, and what becomes of the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from workbench.errors import GateError
from workbench.mapping.answers import Response, answering, answers_of
from workbench.mapping.apply import Applied, Applier, kept_lines, source_id_of, unknown_fields
from workbench.mapping.authors import author_of
from workbench.mapping.context import Context
from workbench.mapping.model import Mapping as Map
from workbench.mapping.notes import note
from workbench.mapping.outcome import (
    NO_PATIENT,
    ORPHAN,
    SHARERS,
    Expected,
    held_back,
    message_values,
    owner_of,
    pharmacy_findings,
    unknown_findings,
)
from workbench.mapping.patients import PatientExpecter
from workbench.mapping.rows import LoadRow, Ref, RefKind, Value
from workbench.mapping.templates import shipped
from workbench.mapping.visits import VisitExpecter
from workbench.staging import normalise
from workbench.staging.findings import Finding
from workbench.staging.paths import filled_paths, is_empty, only
from workbench.state import Fate, FileState, HeldFile, IssueKind, id_text
from workbench.state.ids import singular

Record = Mapping[str, object]

UNCERTAIN_MIME = frozenset({"application/octet-stream"})
"""Odoo puts its own guess in the place of these."""


class Expecter:
    """Says of every record what Odoo is expected to hold because of it. Pure and repeatable.

    Args:
        mapping: the confirmed map.
        context: what lookups know.
    """

    def __init__(self, mapping: Map, context: Context) -> None:
        self._mapping = mapping
        self._context = context
        self._appliers: dict[tuple[str, str], Applier] = {}

    @cached_property
    def _patients(self) -> PatientExpecter:
        return PatientExpecter(self._mapping, self._context)

    @cached_property
    def _answered(self) -> dict[str, frozenset[str]]:
        """Answers that feed a field of the patient, by resource."""
        return {
            one: frozenset(row.path for row in answers_of(self._mapping, one))
            for one in answering(self._mapping)
        }

    @cached_property
    def _visits(self) -> VisitExpecter:
        return VisitExpecter(self._mapping, self._context)

    def patient(
        self,
        record: Record,
        *,
        prescriptions: Sequence[Record] = (),
        merged: Sequence[Record] = (),
        responses: Sequence[Response] = (),
    ) -> Expected:
        """Expect a contact of a patient; of one merged into another, an alias.

        Args:
            record: the patient.
            prescriptions: the patient's own and those of the patients merged into it.
            merged: the records of the patients merged into this one. What they know and it
                does not is filled in; where they differ, a note keeps their values.
            responses: what they all answered to forms, with the resource of each. An answer
                that feeds a field fills it where neither record does.
        """
        return self._patients(
            record, prescriptions=prescriptions, merged=merged, responses=responses
        )

    def patient_name(self, record: Record) -> str:
        """Give the name of a patient's contact, also while the patient waits for a decision."""
        return self._patients.name_of(record)

    def appointment(self, record: Record) -> Expected:
        """Expect a lead, an event or both of a visit; nothing of a block without a patient."""
        return self._visits(record)

    def prescription(self, record: Record) -> Expected:
        """Expect nothing of its own of a prescription: it stands in its patient's list."""
        source_id = source_id_of(record)
        waiting = self._unknown("prescriptions", record)
        if waiting:
            return held_back(waiting, unknown_findings("prescriptions", source_id, waiting))
        key, stop = self._patient_of("prescriptions", record, source_id)
        if key is None:
            return stop or Expected(fate=Fate.EXCLUDED, reason=NO_PATIENT)
        reason = "stands in its patient's list of prescriptions"
        outside = pharmacy_findings(record, source_id, self._mapping)
        return Expected(fate=Fate.MERGED, reason=reason, issues=outside, within=key)

    def message(self, resource: str, record: Record) -> Expected:
        """Expect a note on the patient with all that the record says, at its own time."""
        source_id = source_id_of(record)
        waiting = self._unknown(resource, record)
        applier = self._applier(resource, "mail.message")
        applied = applier(record, source_id)
        issues = applied.findings + unknown_findings(resource, source_id, waiting)
        if waiting or applied.waiting:
            return held_back([*waiting, *applied.waiting], issues)
        key, stop = self._patient_of(resource, record, source_id)
        if key is None:
            return stop or Expected(fate=Fate.EXCLUDED, reason=NO_PATIENT)
        # an answer that feeds a field of the patient stays readable in its place as well
        kept = applier.kept | self._answered.get(resource, frozenset())
        title = shipped().of(resource, patient=True).title
        author = author_of(
            resource, record, kept=kept, mapping=self._mapping, context=self._context
        )
        lines = [*author.lines, *self._payment_method(record), *_pairs(applied.unread)]
        values: dict[str, Value] = message_values(
            key, title, note(title, only(record, kept), lines=lines), self._context
        )
        own = {
            name: value for name, value in applied.values.items() if name not in {"id", "res_id"}
        }
        values |= {name: value for name, value in own.items() if value is not None}
        values |= author.values
        # everything kept is in the body, and the title says what the record is
        sources = {
            "body": ", ".join(f"{resource}.{path}" for path in sorted(kept & filled_paths(record))),
            **author.sources,
            **applied.sources,
        }
        row = LoadRow(
            "mail.message", f"{singular(resource)}_{source_id}", resource, source_id, values,
            sources={name: told for name, told in sources.items() if name in values},
        )  # fmt: skip
        return Expected((row,), Fate.CREATED, issues=_without_orphans(issues))

    def attachment(self, resource: str, record: Record, held: HeldFile) -> Expected:
        """Expect an attachment on the patient, byte for byte what was fetched.

        Raises:
            GateError: the file has not been fetched yet.
        """
        source_id = source_id_of(record)
        waiting = self._unknown(resource, record)
        applier = self._applier(resource, "ir.attachment")
        applied = applier(record, source_id)
        issues = applied.findings + unknown_findings(resource, source_id, waiting)
        if waiting or applied.waiting:
            return held_back([*waiting, *applied.waiting], issues)
        hangs_on = normalise.pick(record.get("entity_type")) or "patient"
        if hangs_on != "patient":
            reason = f"it hangs on a {hangs_on}, not on a patient"
            return Expected(fate=Fate.EXCLUDED, reason=reason)
        key, stop = self._patient_of(resource, record, source_id)
        if key is None:
            return stop or Expected(fate=Fate.EXCLUDED, reason=NO_PATIENT)
        if resource == "prescriptions":  # the record itself was told of the same
            issues = [*issues, *pharmacy_findings(record, source_id, self._mapping)]
        if held.state is FileState.PENDING:
            what = f"The file of {singular(resource)} {source_id} has not been fetched yet."
            raise GateError(what, do="Finish the phase extract first.")
        if held.state is not FileState.HELD or held.sha256 is None:
            missing = Finding(
                IssueKind.FILE_MISSING, resource, source_id, resource, "every file is fetched",
                "listed; the record has no attachment",
            )  # fmt: skip
            reason = held.reason or "the file is not to be had"
            return Expected(fate=Fate.REJECTED, reason=reason,
                            issues=(missing, *_of_pharmacies(issues)))  # fmt: skip
        self._describe(resource, applied, kept_lines(record, applier.kept), applier.kept)
        row = self._attachment_row(resource, source_id, key, applied, held)
        return Expected((row,), Fate.CREATED, issues=_without_orphans(issues))

    def _describe(
        self,
        resource: str,
        applied: Applied,
        kept: Sequence[tuple[str, str]],
        paths: Iterable[str],
    ) -> None:
        """Put what is kept of the record, and what could not be read, into the description."""
        told = applied.values.get("description")
        lines = [f"{label}: {normalise.line(text).value or text}" for label, text in kept]
        lines = [*([told] if isinstance(told, str) else []), *lines, *applied.unread]
        if lines:
            applied.values["description"] = "\n".join(lines)
        if kept:
            named = [f"{resource}.{path}" for path in sorted(paths)]
            own = applied.sources.get("description")
            applied.sources["description"] = ", ".join([*([own] if own else []), *named])

    def _attachment_row(
        self, resource: str, source_id: str, key: str, applied: Applied, held: HeldFile
    ) -> LoadRow:
        values = dict(applied.values)
        for name in ("id", "datas"):
            values.pop(name, None)
        if values.get("mimetype") is None or values["mimetype"] in UNCERTAIN_MIME:
            values.pop("mimetype", None)
        values |= {
            "name": values.get("name") or f"{singular(resource)} {source_id}",
            "res_model": "res.partner",
            "res_id": Ref(RefKind.RECORD, key),
            "type": "binary",
            "checksum": held.sha1,
            "file_size": held.size,
        }
        return LoadRow(
            "ir.attachment", f"{singular(resource)}_{source_id}", resource, source_id, values,
            blob=held.sha256,
            sources={name: told for name, told in applied.sources.items() if name in values},
        )  # fmt: skip

    def reference(self, resource: str, record: Record) -> Expected:
        """Expect nothing of its own of a record that others refer to; say where it went."""
        source_id = source_id_of(record)
        waiting = self._unknown(resource, record)
        if waiting:
            return held_back(waiting, unknown_findings(resource, source_id, waiting))
        if resource == "practitioners":
            who = self._context.practitioners.get(source_id)
            if who is not None and who.login:
                return Expected(fate=Fate.MERGED, reason=f"is the Odoo user {who.login}")
            return Expected(fate=Fate.EXCLUDED, reason="kept by name on the visits")
        template = shipped().resources.get(resource)
        if template is not None and template.reason:
            return Expected(fate=Fate.MERGED, reason=template.reason)
        reason = "kept in the run folder: nothing in it refers to a patient"
        return Expected(fate=Fate.EXCLUDED, reason=reason)

    def _applier(self, resource: str, model: str) -> Applier:
        key = (resource, model)
        if key not in self._appliers:
            self._appliers[key] = Applier(
                self._mapping, self._context, resource=resource, model=model
            )
        return self._appliers[key]

    def _unknown(self, resource: str, record: Record) -> list[str]:
        return unknown_fields(self._mapping, resource, record)

    def _patient_of(
        self, resource: str, record: Record, source_id: str
    ) -> tuple[str | None, Expected | None]:
        """Give the external id of a record's patient, or what to expect without one."""
        one = owner_of(record)
        if one is None:
            return None, Expected(fate=Fate.EXCLUDED, reason=NO_PATIENT)
        key = self._context.patient_key(one)
        if key is not None:
            return key, None
        named = SHARERS if is_empty(record.get("patient_id")) else "patient_id"
        orphan = Finding(IssueKind.ORPHAN, resource, source_id, f"{resource}.{named}",
                         "every relation leads somewhere", "not loaded")  # fmt: skip
        return None, Expected(fate=Fate.REJECTED, reason=ORPHAN, issues=(orphan,))

    def _payment_method(self, record: Record) -> list[tuple[str, str]]:
        key = id_text(record.get("payment_type_id"))
        name = self._context.payment_methods.get(key or "")
        return [("Payment method", name)] if name else []


def _of_pharmacies(issues: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(one for one in issues if one.kind is IssueKind.PHARMACY_OUTSIDE)


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, text) for name, _, text in (line.partition(": ") for line in lines)]


def _without_orphans(issues: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(one for one in issues if one.kind is not IssueKind.ORPHAN))
