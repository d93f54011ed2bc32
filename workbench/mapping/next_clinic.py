"""What of a confirmed map the next clinic can start from."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import replace

from workbench.mapping.model import Mapping
from workbench.mapping.templates import shipped
from workbench.staging.normalise import folded
from workbench.staging.profile import SEVERAL

HEAD = """\
# What became of every PracticeHub field of one clinic: a start for the next one.
# Read it, change it, then in the next clinic's run: workbench decide DIR THIS_FILE --by NAME
# as: mapped | combined | lookup | kept | dropped    to: model and field    with: transform
"""


def for_next_clinic(mapping: Mapping, counts: MappingOf[str, MappingOf[str, int]]) -> Mapping:
    """Take out of a map what is of one clinic, one account or one patient.

    Practitioners, pairs of duplicates, the account, its zone and its country go. Of value
    maps go those of ids, which are the account's own, and every value that fewer than three
    records have and that is no word we know: it may be something said of one person.

    Args:
        mapping: the confirmed map.
        counts: source field → value → how many records have it; one not named has none.
    """
    words = shipped().stage_words.keys()
    values = {
        source: {
            value: target
            for value, target in known.items()
            if counts.get(source, {}).get(value, 0) >= SEVERAL or {value, folded(value)} & words
        }
        for source, known in mapping.values.items()
        if not is_of_account(source)
    }
    return replace(
        mapping, values=values, practitioners={}, duplicates={}, account="", zone="UTC", region=""
    )


def is_of_account(field: str) -> bool:
    """Whether a field's values are ids that mean something in one account alone."""
    last = field.rpartition(".")[2]
    return last == "id" or last.endswith(("_id", "Id"))
