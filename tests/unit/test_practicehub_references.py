"""References that lead nowhere are on the issue list, once each, and name no value."""

from __future__ import annotations

from pathlib import Path

from tests.support.small_run import store_page
from workbench.practicehub import list_dangling
from workbench.state import IssueKind, Store

Row = dict[str, object]
NOT_LOADED = "not loaded"


def held(folder: Path, **lists: list[Row]) -> Store:
    """Make a store that holds these lists, each read to its end."""
    store = Store(folder / "state.sqlite")
    for name, rows in lists.items():
        store_page(folder, store, name, rows)
    return store


def listed(store: Store) -> list[tuple[str, str, str, str]]:
    """Give kind, record and field of every issue, and what happens."""
    return [
        (one.kind.value, f"{one.resource} {one.source_id}".strip(), one.field, one.outcome)
        for one in store.staging.issues()
    ]


def test_every_parent_field_that_leads_nowhere_is_listed(tmp_path: Path) -> None:
    """Visit 5 is whole; visit 6 names a type, and visit 7 a patient, that nobody lists."""
    store = held(
        tmp_path,
        patients=[{"id": 1}],
        practitioners=[{"id": 3}],
        appointment_types=[{"id": 2}],
        appointments=[
            {"id": 5, "patient_id": "1", "practitioner_id": 3, "appointment_type_id": 2},
            {"id": 6, "patient_id": 1, "practitioner_id": None, "appointment_type_id": 4},
            {"id": 7, "patient_id": 99, "practitioner_id": 3},
        ],
        payment_methods=[{"id": 1}],
        payments=[{"id": 8, "patient_id": 1, "payment_type_id": "9"}],
        invoices=[{"id": 9, "patient_id": "98", "appointment_id": "77"}],
    )

    list_dangling(store, phase="extract")

    number = "the number is kept in place of a name"
    assert sorted(listed(store)) == [
        ("orphan", "appointments 7", "appointments.patient_id", "loaded without its patient"),
        ("orphan", "invoices 9", "invoices.patient_id", NOT_LOADED),
        ("reference_unknown", "appointments 6", "appointments.appointment_type_id", number),
        ("reference_unknown", "invoices 9", "invoices.appointment_id", number),
        ("reference_unknown", "payments 8", "payments.payment_type_id", number),
    ]


def test_all_sharers_of_a_package_are_looked_up(tmp_path: Path) -> None:
    """One whose owner is gone is not loaded; one whose second sharer is gone is."""
    store = held(
        tmp_path,
        patients=[{"id": 1}],
        patient_packages=[
            {"id": 1, "patient_id": None, "subscribed_patients": [{"patient_id": 99}]},
            {"id": 2, "subscribed_patients": [{"patient_id": 1}, {"patient_id": 99}]},
        ],
    )

    list_dangling(store, phase="extract")

    field = "patient_packages.subscribed_patients[].patient_id"
    assert listed(store) == [
        ("orphan", "patient_packages 1", field, NOT_LOADED),
        ("orphan", "patient_packages 2", field,
         "listed; the record belongs to another patient, who is there"),
    ]  # fmt: skip


def test_a_list_that_the_account_does_not_give_is_told_once(tmp_path: Path) -> None:
    """A thousand visits at places that nobody lists are one line, not a thousand."""
    store = held(
        tmp_path,
        patients=[{"id": 1}],
        appointments=[{"id": n, "patient_id": 1, "location_id": n} for n in range(5)],
    )
    store.source.mark_absent("locations", note="404")

    list_dangling(store, phase="extract")
    list_dangling(store, phase="delta")

    assert [(one.source_id, one.field, one.rule) for one in store.staging.issues()] == [
        ("", "appointments.location_id", "PracticeHub gives no list of locations")
    ]


def test_nothing_is_said_while_the_parents_are_still_being_read(tmp_path: Path) -> None:
    """A patient on a page to come is no lost patient."""
    store = Store(tmp_path / "state.sqlite")
    store_page(tmp_path, store, "patients", [{"id": 1}], last=False)
    store_page(tmp_path, store, "appointments", [{"id": 5, "patient_id": 2}])

    list_dangling(store, phase="extract")

    assert listed(store) == []


def test_what_leads_somewhere_by_now_is_taken_off_the_list(tmp_path: Path) -> None:
    """A patient who turns up in a later pass is an orphan's parent found."""
    lost: Row = {"id": 5, "patient_id": 2, "practitioner_id": 3}
    store = held(tmp_path, patients=[{"id": 1}], practitioners=[{"id": 4}], appointments=[lost])
    list_dangling(store, phase="extract")
    before = {kind for kind, *_ in listed(store)}

    store_page(tmp_path, store, "patients", [{"id": 1}, {"id": 2}], generation=1)
    list_dangling(store, phase="delta")

    assert before == {"orphan", "reference_unknown"}
    assert [kind for kind, *_ in listed(store)] == ["reference_unknown"]


def test_a_parent_deleted_in_practicehub_leaves_an_orphan(tmp_path: Path) -> None:
    """A record that is gone from PracticeHub is no parent, though it is kept in the run."""
    visit: Row = {"id": 5, "patient_id": 1}
    store = held(tmp_path, patients=[{"id": 1}, {"id": 2}], appointments=[visit])
    list_dangling(store, phase="extract")
    before = listed(store)

    store.source.mark_gone("patients", ["1"])
    list_dangling(store, phase="delta")

    assert before == []
    assert [one.kind for one in store.staging.issues()] == [IssueKind.ORPHAN]


def test_no_id_and_no_value_of_a_reference_is_written(tmp_path: Path) -> None:
    """An issue names the record and the field; what stood in it stays in the data."""
    store = held(tmp_path, patients=[{"id": 1}], recalls=[{"id": 5, "patient_id": "geheim-77"}])

    list_dangling(store, phase="extract")

    (one,) = store.staging.issues()
    assert (one.resource, one.field) == ("recalls", "recalls.patient_id")
    assert "geheim" not in repr(one)
