"""Choices: a field's row in the words of a decision, and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.decided_map import ODOO_FIELDS, Vocabulary, world
from workbench.errors import MappingError
from workbench.mapping import Disposition, MapRow, as_choice, choice_faults, decided
from workbench.mapping.options import MapOptions
from workbench.mapping.yaml_io import dump_line, load_line
from workbench.staging.times import Order

OPTIONS = MapOptions(timezone="Europe/Amsterdam", country="NL")
PROPOSED = [
    MapRow("patients.shoe", Disposition.MAPPED, "res.partner.x_shoe", "text", "char"),
    MapRow("patients.born", Disposition.MAPPED, "res.partner.x_born", "date", "date",
           order=Order.EITHER),
    MapRow("patients.last", Disposition.COMBINED, "res.partner.name", "full_name", "char", "last"),
    MapRow("patients.kind", Disposition.LOOKUP, "res.partner.x_kind", "selection", "selection"),
    MapRow("clinical_notes.text", Disposition.KEPT, "mail.message.body"),
    MapRow("patients.old", Disposition.DROPPED, why="never filled"),
]  # fmt: skip
TEXTS = st.text(max_size=12) | st.sampled_from(["drop", "keep", "a: b", "{as: kept}", "no", "\n"])
WANTED = st.builds(
    MapRow,
    field=st.just(""),
    disposition=st.sampled_from([one for one in Disposition if one is not Disposition.DROPPED]),
    target=st.sampled_from(["res.partner.x_shoe", "res.partner.comment", "crm.lead.x_a", "archive",
                            "mail.message.body", "res.partner.name", "res.partner.x_born"]),
    transform=st.sampled_from(["", "text", "date", "full_name", "selection", "html", "phone"]),
    type=st.sampled_from(["", "char", "date", "html", "selection"]),
    part=TEXTS,
    also=st.lists(TEXTS, max_size=2).map(tuple),
    clinical=st.booleans(),
    label=TEXTS,
    why=TEXTS,
    order=st.sampled_from(Order),
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.sampled_from(PROPOSED), WANTED)
def test_any_row_can_be_said_as_a_choice(proposed: MapRow, wanted: MapRow) -> None:
    """Whatever a panel or a map wants of a field, its decision reads back as exactly that."""
    row = MapRow.from_json({**wanted.as_json(), "field": proposed.field})
    choice = as_choice(row, proposed, ODOO_FIELDS, options=OPTIONS)

    assert decided(proposed, choice, ODOO_FIELDS, "", options=OPTIONS) == row
    assert load_line(row.field, dump_line(row)) == row
    assert "\n" not in choice


@pytest.mark.parametrize("vocabulary", ["brief", "observed"])
def test_what_was_proposed_is_said_in_a_word(vocabulary: Vocabulary) -> None:
    """A decision that follows the proposal is a target, "keep" or "drop", and without fault."""
    for proposal in world(vocabulary).proposals:
        row = proposal.row
        choice = as_choice(row, row, ODOO_FIELDS, options=OPTIONS)

        assert choice == row.choice
        assert choice_faults(row, choice, row.why, ODOO_FIELDS, options=OPTIONS) == []


def test_a_dropped_field_keeps_its_reason_beside_the_choice() -> None:
    """The reason is the comment of the decision, as a panel writes it."""
    row = MapRow("patients.shoe", Disposition.DROPPED, why="worn: out")
    choice = as_choice(row, PROPOSED[0], ODOO_FIELDS, options=OPTIONS)

    assert choice == "drop"
    assert decided(PROPOSED[0], choice, ODOO_FIELDS, "worn: out", options=OPTIONS) == row


@pytest.mark.parametrize(
    "text",
    ["{", "{as: mapped", "{so: so}", "[as, mapped]", "{as: &a kept}", "{as: *a}", "",
     "{as: [kept]}", "{as: kept}\n---\n{as: kept}", "{as: !!str kept}", "{" * 5_000, "\x00",
     "\ud800"],
)  # fmt: skip
def test_a_line_that_is_none_is_told_without_a_traceback(text: str) -> None:
    """Whoever types a line into a choice reads a sentence about what is wrong with it."""
    with pytest.raises(MappingError) as caught:
        load_line("patients.shoe", text)

    assert caught.value.what.startswith("patients.shoe ")
