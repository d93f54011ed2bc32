"""Decisions written in a file: text only, each subject once, every fault named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.made_runs import made_run
from workbench.errors import UsageError
from workbench.mapping import Disposition, MapRow
from workbench.mapping.yaml_nodes import parse
from workbench.phases.decisions_file import decide, read_decisions
from workbench.run import Run
from workbench.state import Question

NOOR = "Noor Visser"
NAME = "decisions.yaml"
USERS = {"pia@example.org": ["Pia Smit", "pia@example.org", True]}
ROWS = [
    MapRow("patients.shoe", Disposition.MAPPED, "res.partner.x_shoe", "text", "char"),
    MapRow("patients.born", Disposition.MAPPED, "res.partner.x_born", "date", "date"),
    MapRow("patients.id", Disposition.MAPPED, "res.partner.x_practicehub_id", "identifier", "char"),
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Make a run that has asked about two fields, a value, a practitioner and the sample."""
    run = made_run(tmp_path)
    store = run.store
    store.journey.set_document("proposals", {"rows": [row.as_json() for row in ROWS]})
    store.journey.set_document("odoo_fields", {"res.partner": {"comment": {"type": "html"}}})
    store.journey.set_document("odoo_users", USERS)
    store.decisions.ask(
        [
            *(
                Question(f"field:{row.field}", "map", "What?", [row.target, "keep", "drop"],
                         basis=1, open_value=row.path != "id")
                for row in ROWS
            ),
            Question("value:patients.locale=no", "map", "What?", ["nb_NO"], basis=1),
            Question("value:patients.status=x", "map", "What?", ["X"], basis=1, open_value=True),
            Question("practitioner:17", "map", "Who?", ["invite", "name only"], basis=1,
                     open_value=True),
            Question("sample", "sample", "Is it right?", ["approve", "reject"], basis=1),
        ]
    )  # fmt: skip
    return run


def said(run: Run, text: str | bytes, *, dry: bool = False) -> list[str]:
    """Decide from a file that holds this."""
    file = run.folder.parent / NAME
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return decide(run, file, by=NOOR, dry=dry)


def entries(run: Run) -> int:
    """Count the rows of the ledger."""
    return sum(1 for _ in run.store.ledger.entries())


def test_an_entry_is_a_choice_or_a_choice_with_a_comment() -> None:
    """In the file's order; every value stays the text that it is."""
    root, found = parse(
        "value:appointments.status=missed: Missed\n"
        "'value:patients.smoker=no': no\n"
        "practitioner:17: {choice: 0017, comment: 'she left: ask Pia'}\n"
        "duplicate:patient_12+patient_99: {choice: merge}\n"
        "field:patients.shoe: {as: kept, to: mail.message.body}\n"
    )
    read = read_decisions(root, name=NAME)

    assert found == []
    assert [(subject, one.choice, one.comment, one.line) for subject, one in read.items()] == [
        ("value:appointments.status=missed", "Missed", "", 1),
        ("value:patients.smoker=no", "no", "", 2),
        ("practitioner:17", "0017", "she left: ask Pia", 3),
        ("duplicate:patient_12+patient_99", "merge", "", 4),
        ("field:patients.shoe", "{as: kept, to: mail.message.body}", "", 5),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "does not hold"),
        ("# nothing yet\n", "does not hold"),
        ("{}", "does not hold"),
        ("- a\n- b\n", "does not hold"),
        ("sample", "does not hold"),
        ("sample: [approve]", "line 1: sample is neither"),
        ("sample: {choise: approve}", "line 1: sample is neither"),
        ("sample: {choice: [approve]}", "line 1: sample is neither"),
        ("sample: {choice: approve, comment: [x]}", "line 1: sample is neither"),
        ("sample: {choice: approve, by: me}", "line 1: sample is neither"),
        ("sample: approve\nsample: reject", "line 2: sample stands there twice"),
        ("sample: {choice: approve, choice: reject}", "line 1: sample says the same thing twice"),
        ("sample: approve\n---\nsample: reject", "line 2 is not YAML of one document"),
        ("sample: 'approve", "line 1 is not YAML"),
        ("? [a, b]\n: approve", "line 1: this name is no text"),
        ("a: &x {choice: *x}", "line 1 &x marks a place"),
        ("sample: \x07", "is not YAML"),
        ("!!python/object/apply:os.system ['true']", "is a tag"),
        ("\tsample: approve", "line 1 is not YAML: a tab"),
        ("sample: " + "[" * 10_000, "nested deeper"),
        ("sample: " + "x" * 5_000_000, "is larger than 2 MB"),
        (b"sample: Z\xfcrich", "line 1 is not UTF-8"),
        ("sample:", "line 1: sample: Nothing is chosen"),
        ("sample: perhaps", "line 1: sample: 'perhaps' is not a choice here: choose one of appr"),
        ("field:patients.gone: keep", "line 1: field:patients.gone: no such question"),
        ("field:patients.shoe: drop", "a reason: write it into the comment"),
        ("field:patients.shoe: somewhere", "field:patients.shoe: its target somewhere is on no"),
        ("field:patients.shoe: res.partner.nowhere", "Odoo has no field res.partner.nowhere"),
        ("field:patients.shoe: 'res.partner.comment, day first'", "reads no date"),
        ("field:patients.shoe: {as: mapped, to: res.partner.x_a, with: magic}", "no transform we"),
        ("field:patients.born: {as: mapped, to: res.partner.x_a, with: date, type: char}",
         "date cannot feed a field of type char"),
        ("field:patients.born: '{as: mapped'", "is not YAML"),
        ("field:patients.born: {as: mapped, so: so}", "so is no key of a field"),
        ("field:patients.id: keep", None),
        ("field:patients.id: res.partner.ref", "is not a choice here"),
        ("value:patients.locale=no: sv_SE", "is not a choice here: choose one of nb_NO"),
        ("value:patients.status=x: ' '", "Nothing is chosen"),
        ("practitioner:17: noor@example.org", "Odoo has no user with the login 'noor@example.org'"),
        ("practitioner:17: fallback", "No fallback_user stands in the configuration"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line(run: Run, text: str | bytes, what: str | None) -> None:
    """Nothing is guessed, nothing is run, nothing recorded; whoever mends it knows where."""
    before = entries(run)
    if what is None:
        assert said(run, text)
        return
    for dry in (True, False):
        with pytest.raises(UsageError) as caught:
            said(run, text, dry=dry)
        assert what in str(caught.value)
        assert entries(run) == before


def test_all_faults_of_a_file_are_told_at_once(run: Run) -> None:
    """The right entries wait with the wrong ones, and none is told a day later."""
    text = (
        "sample: approve\nfield:patients.shoe: drop\nfield:patients.born: res.partner.name\n"
        "practitioner:17: nobody\nvalue:patients.status=x:\n"
    )
    with pytest.raises(UsageError) as caught:
        said(run, text)

    told = caught.value.what.splitlines()
    assert told[0] == f"{NAME} has 4 fault(s):"
    assert [line.split()[1] for line in told[1:]] == ["2:", "3:", "4:", "5:"]
    assert len(run.store.decisions.open()) == 7


def test_what_fits_is_recorded_and_said_again_changes_nothing(run: Run) -> None:
    """The command may be repeated; another reason for the same choice is a new row."""
    text = (
        "sample: approve\nfield:patients.shoe: {choice: drop, comment: worn out}\n"
        "field:patients.born: 'res.partner.x_dob, day first'\n"
        "practitioner:17: pia@example.org\nvalue:patients.locale=no: nb_NO\n"
    )
    assert said(run, text, dry=True) == [f"5 decision(s) would be recorded for {NOOR}."]
    assert len(run.store.decisions.open()) == 7
    assert said(run, text) == [f"5 decision(s) recorded for {NOOR}."]
    before = entries(run)
    assert said(run, text) == [f"0 decision(s) recorded for {NOOR}. 5 stood so already."]
    assert entries(run) == before
    told = said(run, text.replace("worn out", "never worn"))
    assert told == [f"1 decision(s) recorded for {NOOR}. 4 stood so already."]


def test_a_decision_whose_subject_changed_is_recorded_anew(run: Run) -> None:
    """The same words on other records are another decision."""
    said(run, "sample: approve")
    run.store.decisions.ask([Question("sample", "sample", "?", ["approve", "reject"], basis=2)])

    assert said(run, "sample: approve") == [f"1 decision(s) recorded for {NOOR}."]
    assert run.store.decisions.choice("sample") == "approve"


def test_a_file_that_cannot_be_read_is_told(run: Run, tmp_path: Path) -> None:
    """Missing, or a folder."""
    with pytest.raises(UsageError, match="There is no file"):
        decide(run, tmp_path / "none.yaml", by=NOOR)
    with pytest.raises(UsageError, match="cannot be read: IsADirectoryError"):
        decide(run, tmp_path, by=NOOR)


def test_two_become_one_against_the_proposal_only_for_a_reason(run: Run) -> None:
    """As in the panel: nobody can tell later why two persons' care was put together."""
    twins = "duplicate:patient_12+patient_99"
    run.store.decisions.ask([Question(twins, "extract", "One?", ["keep both", "merge"], basis=1,
                                      proposal="keep both")])  # fmt: skip

    with pytest.raises(UsageError, match="merge against the proposal needs a reason"):
        said(run, f"{twins}: merge")
    assert run.store.decisions.choice(twins) is None
    said(run, f"{twins}: {{choice: merge, comment: asked the desk}}")
    assert run.store.decisions.choice(twins) == "merge"
