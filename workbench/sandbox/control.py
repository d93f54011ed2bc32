"""Both halves of the sandbox, as the command line and the demo start and stop them."""

from __future__ import annotations

from collections.abc import Callable

from workbench.errors import UsageError
from workbench.sandbox import odoo, practicehub
from workbench.sandbox.clinic import Vocabulary, practitioner_accounts

HALVES = ("practicehub", "odoo")


def up(
    only: str = "",
    *,
    vocabulary: str = "brief",
    patients: int = 200,
    rate: float = 1.0,
    say: Callable[[str], None],
) -> dict[str, dict[str, str]]:
    """Start the halves asked for; what runs already, as asked, is left as it is.

    The clinic's practitioners get Odoo users (all active ones but one), so that most are
    matched by e-mail or name and somebody has to decide about the rest.

    Args:
        only: "odoo", "practicehub", or empty for both.
        vocabulary: the simulator's field names: "brief" or "observed".
        patients: how many the synthetic clinic has.
        rate: requests a second that the simulator allows.
        say: told what is being done, in a sentence, when it takes long.

    Returns:
        For each half how to reach it, secrets included, as `sandbox up --json` prints it.

    Raises:
        UsageError: no such half or vocabulary.
        SandboxError: a half could not be started; names what to install or to look at.
    """
    spelling = _vocabulary(vocabulary)
    found: dict[str, dict[str, str]] = {}
    if "practicehub" in _halves(only):
        source = practicehub.up(vocabulary=spelling, patients=patients, rate=rate)
        found["practicehub"] = source.as_json()
    if "odoo" in _halves(only):
        destination = odoo.up(progress=say)
        odoo.add_users(destination, practitioner_accounts())
        found["odoo"] = destination.as_json()
    return found


def down(only: str = "") -> None:
    """Stop the halves asked for and wait until no process of theirs is left."""
    if "practicehub" in _halves(only):
        practicehub.down()
    if "odoo" in _halves(only):
        odoo.down()


def status(only: str = "") -> dict[str, dict[str, object]]:
    """Say what runs, without starting anything."""
    found: dict[str, dict[str, object]] = {}
    if "practicehub" in _halves(only):
        found["practicehub"] = dict(practicehub.status())
    if "odoo" in _halves(only):
        found["odoo"] = dict(odoo.status())
    return found


def as_text(found: dict[str, dict[str, str]] | dict[str, dict[str, object]]) -> str:
    """Write what `up` or `status` found for a person at a terminal."""
    lines = []
    for half, facts in found.items():
        lines.append(half)
        lines += [f"  {name}: {value}" for name, value in facts.items()]
    return "\n".join(lines)


def _halves(only: str) -> tuple[str, ...]:
    if only and only not in HALVES:
        what = f"The sandbox has no part {only!r}."
        raise UsageError(what, do="Choose odoo or practicehub.")
    return (only,) if only else HALVES


def _vocabulary(name: str) -> Vocabulary:
    if name == "brief":
        return "brief"
    if name == "observed":
        return "observed"
    what = f"There is no vocabulary {name!r}."
    raise UsageError(what, do="Choose brief or observed.")
