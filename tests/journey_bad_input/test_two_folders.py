"""One migration in two run folders: begun anew beside the first, or copied to another place.

Both load into one Odoo. Whatever each of them knows, a record is there once, what people wrote
stays, and what one folder took out the other does not call done.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.journey.support import KEY_VARIABLE, Journey, journey
from tests.support import driving
from tests.support.content import Content, content, unlike
from workbench.errors import DecisionNeededError, RunFolderError, SecretError, WorkbenchError
from workbench.proof import verify
from workbench.sandbox.odoo import OdooConnection

pytestmark = [pytest.mark.odoo, pytest.mark.xdist_group("two-folders")]

PATIENT, STREET = "patient_101", "Kerkplein 1"


@dataclass
class Two:
    """What was seen of a first folder, of its copy elsewhere, and of a second one."""

    made: Journey
    second: Path
    copy: Path
    refused: dict[str, WorkbenchError] = field(default_factory=dict)
    ids: list[dict[str, int]] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    streets: list[str] = field(default_factory=list)
    left: int = -1
    phases: Mapping[str, str] = field(default_factory=dict)

    def look(self) -> None:
        """Keep what Odoo holds now."""
        self.ids.append(self.made.external_ids())
        self.contents.append(content(self.made.odoo.dsn))

    def street(self) -> None:
        """Keep the patient's street as it is now."""
        number = self.made.external_ids("res.partner")[PATIENT]
        row = self.made.rows("res.partner", [["id", "=", number]], "street")[0]
        self.streets.append(row["street"])


@pytest.fixture(scope="module")
def two(odoo_server: OdooConnection, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Prepare; copy; load from both; begin anew; edit; load from there, and roll back."""
    place = tmp_path_factory.mktemp("two")
    with ExitStack() as stack:
        made = stack.enter_context(journey(place, patients=4, sample_size=5))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv(KEY_VARIABLE, made.source.api_key)
        copy = place / "another machine" / "clinic"
        found = Two(made, made.folder.with_name("again"), copy)
        driving.travel(made.config, made.folder, until="prepare")
        _move(found)
        config = copy.with_name("clinic.toml")
        driving.travel(made.config, made.folder, until="migrate")
        found.look()
        driving.travel(config, copy, until="migrate")
        found.look()
        driving.travel(made.config, found.second, until="prepare")
        _edit(found)
        found.street()
        try:
            driving.advance(made.config, found.second, until="sample")
        except DecisionNeededError:
            found.asked = [
                one["subject"] for one in driving.standing(found.second)["decisions_open"]
            ]
        found.street()
        driving.travel(made.config, found.second, until="migrate")
        found.look()
        found.street()
        driving.roll_back(found.second)
        found.left = len(made.external_ids())
        try:
            driving.advance(made.config, made.folder, only="delta")
        except WorkbenchError as error:
            found.refused["after the rollback"] = error
        found.phases = driving.standing(made.folder)["phases"]
        yield found


def _move(found: Two) -> None:
    """Copy the folder to where nothing of its surroundings is, and try it there."""
    made, copy = found.made, found.copy
    shutil.copytree(made.folder, copy)
    config, key = copy.with_name("clinic.toml"), made.config.with_name("odoo.key")
    away = key.rename(key.with_suffix(".away"))  # on another machine it is not there
    text = made.config.read_text(encoding="utf-8")
    config.write_text(text, encoding="utf-8")
    _tried(found, "no key", config)
    config.with_name("odoo.key").write_bytes(away.read_bytes())
    away.rename(key)
    for what, old, new in (
        ("another clinic", "brightspine", "otherclinic"),
        ("another database", made.odoo.database, "prod"),
    ):
        other = copy.with_name("other.toml")
        other.write_text(text.replace(old, new), encoding="utf-8")
        _tried(found, what, other)


def _tried(found: Two, what: str, config: Path) -> None:
    try:
        driving.advance(config, found.copy, until="sample")
    except WorkbenchError as error:
        found.refused[what] = error


def _edit(found: Two) -> None:
    """Let somebody change a street in Odoo."""
    number = found.made.external_ids("res.partner")[PATIENT]
    found.made.ask("res.partner", "write", ids=[number], vals={"street": STREET},
                   context={"tracking_disable": True})  # fmt: skip


def test_a_folder_moved_away_from_its_key_says_where_it_looked(two: Two) -> None:
    """The reference is relative to the configuration, which is not where it was."""
    error = two.refused["no key"]

    assert isinstance(error, SecretError)
    assert f"looked for in {two.copy.parent}" in error.what
    assert verify(two.copy).ok


@pytest.mark.parametrize("what", ["another clinic", "another database"])
def test_a_folder_goes_on_for_nobody_else(two: Two, what: str) -> None:
    """A copied folder with somebody else's configuration is refused before anything is asked."""
    error = two.refused[what]

    assert isinstance(error, RunFolderError)
    assert "belongs to" in error.what


def test_a_copy_that_goes_on_beside_its_original_makes_nothing_twice(two: Two) -> None:
    """Both load; neither knows of the other; each record is there once, as it was."""
    assert len(two.ids[0]) > 50
    assert two.ids[1] == two.ids[0]
    assert unlike(two.contents[0], two.contents[1]) == {}


def test_a_migration_begun_anew_finds_what_the_first_one_made(two: Two) -> None:
    """A new folder makes no second field and no second record, and loses none."""
    changed = unlike(two.contents[1], two.contents[2])

    assert two.ids[2] == two.ids[0]
    assert changed.keys() <= {"res_partner"}  # the street alone, which somebody edited


def test_what_people_wrote_since_is_not_overwritten_by_a_folder_that_never_saw_it(two: Two) -> None:
    """The second folder never sent a street; it asks, and Odoo's stays as it was proposed."""
    assert two.asked == [f"conflict:{PATIENT}.street", "sample"]
    assert two.streets == [STREET, STREET, STREET]


def test_what_one_folder_took_out_the_other_does_not_call_done(two: Two) -> None:
    """A delta in the first folder asks Odoo whether its records are still there."""
    assert two.left == 0
    assert "no longer in Odoo" in two.refused["after the rollback"].what
    assert two.phases["delta"] != "done"
