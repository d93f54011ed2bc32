"""The workflow page's half about the clinic: each working, in the order a visit meets them."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.reports.workflow_care import (
    forms_section,
    messages_section,
    money_section,
    packages_section,
    plans_section,
    states_section,
)
from workbench.reports.workflow_facts import HeldWorkings
from workbench.reports.workflow_visits import (
    booking_section,
    endings_section,
    places_section,
    types_section,
    weeks_section,
)
from workbench.reports.workflow_words import Described


def describe(held: HeldWorkings) -> Iterator[Described]:
    """Tell each working, in the order a visit goes through them."""
    facts = held.facts
    yield types_section(facts)
    yield endings_section(facts, held.decided.stages)
    yield weeks_section(facts)
    yield places_section(facts)
    yield booking_section(facts)
    yield messages_section(facts)
    yield states_section(facts)
    yield forms_section(facts)
    yield plans_section(facts)
    yield packages_section(facts)
    yield money_section(facts)
