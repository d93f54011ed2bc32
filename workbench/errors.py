"""Every error the workbench raises on purpose.

WorkbenchError                       1  something failed; says what, what is safe, what to do
├── UsageError                       2  the person or the configuration asked for the impossible
│   ├── ConfigError                  2  migration.toml is missing, misspelt or contradictory
│   │   └── SourceRegionError        2  no region of PracticeHub knows the account
│   ├── SecretError                  2  a secret reference leads nowhere
│   └── RunFolderError               2  the folder is not this migration's
├── DecisionNeededError              3  a person must decide first
├── GateError                        4  a phase may not start yet
│   └── BusyError                    4  the run is in use by another process
├── EvidenceError                    5  the evidence does not verify
├── PhaseFailedError                 1  a phase ended, and its own figures say it is not done
├── StateError                       1  the run's own files cannot be read or written
│   └── StorageFullError             1  the disk is full
├── EngineError                      1  a notebook did not run to its end
│   ├── KernelDiedError              1  its kernel was killed
│   ├── CellTimeoutError             1  one cell took longer than allowed
│   └── CellsSkippedError            1  cells were left that never ran
├── SourceError                      1  PracticeHub
│   ├── SourceUnreachableError       1  no answer
│   ├── SourceAuthError              1  the key was refused
│   ├── SourceRefusedError           1  a final 4xx
│   │   └── SourceMissingError       1  no such resource or record there
│   └── SourceShapeError             1  an answer of another shape
├── MappingError                     2  the map is wrong
├── DestinationError                 1  Odoo
│   ├── OdooUnreachableError         1  no answer
│   ├── OdooAuthError                1  the key was refused
│   ├── OdooDatabaseError            1  no such database
│   ├── OdooRightsError              1  the user may not do this
│   ├── OdooRefusedError             1  Odoo answered with an error
│   ├── OdooServerError              1  Odoo's own server is in trouble: a full disk, no memory
│   ├── LookupFailedError            1  a reference leads to nothing in Odoo, or to several
│   └── OdooOutcomeUnknownError      1  sent, and no answer came back
└── SandboxError                     1  the sandbox could not be brought up
    └── MissingPartError             1  a program or package is not installed

Catch WorkbenchError at the edge (cli, phases) only. Numbers and ids are attributes; a
record, a payload, a query string or a key never is.
"""

from __future__ import annotations

import errno
from typing import ClassVar


class WorkbenchError(Exception):
    """Base of the tree: carries what is safe and what to do next."""

    exit_code: ClassVar[int] = 1
    safe: str = "Everything recorded in the run folder so far is kept."
    do: str = "Run the same command again; it goes on where it stopped."

    def __init__(self, what: str, *, safe: str | None = None, do: str | None = None) -> None:
        """Say what happened; `safe` and `do` replace the class's sentences where they must."""
        super().__init__(what)
        self.what = what
        if safe is not None:
            self.safe = safe
        if do is not None:
            self.do = do

    def __str__(self) -> str:
        """Give the three sentences, a line each: they are all a person sees."""
        return f"{self.what}\n{self.safe}\n{self.do}"

    def _render_traceback_(self) -> list[str]:
        """Show the same three sentences in a notebook, where others show a traceback."""
        return str(self).split("\n")


class UsageError(WorkbenchError):
    """A person or the configuration asked for something that cannot be done."""

    exit_code = 2
    safe = "Nothing was started and nothing was changed."
    do = "Correct the command and try again; `workbench --help` lists the verbs."


class ConfigError(UsageError):
    """migration.toml is missing, misspelt or contradictory."""

    do = "Correct migration.toml; `workbench init FILE` writes a commented example."


class SourceRegionError(ConfigError):
    """No region of PracticeHub knows the account."""

    safe = "Nothing was read. The key went to practicehub.io only."
    do = "Copy account and region from the address the clinic logs in at, into migration.toml."


class SecretError(UsageError):
    """A secret reference (env:, keyring:, file:) leads nowhere."""

    do = "Set the secret where the reference points, or correct the reference."


class RunFolderError(UsageError):
    """The run folder belongs to another account or database, or is not a run folder."""

    do = "Name another folder with --run, or use the configuration this folder was made with."


class DecisionNeededError(WorkbenchError):
    """A person must decide before the phase can go on."""

    exit_code = 3
    safe = "Everything done so far is kept; nothing waits on a clock."
    do = "Decide in the phase's notebook, or with `workbench decide`, then run again."


class GateError(WorkbenchError):
    """A phase may not start: what it builds on is not there or has changed."""

    exit_code = 4
    safe = "The phase did not start; nothing was changed."
    do = "Finish the phase named above first."


class BusyError(GateError):
    """Another process is working in the run folder."""

    safe = "The other process goes on undisturbed; this one changed nothing."
    do = "Wait for it to end; `workbench status` shows how far it is."


class EvidenceError(WorkbenchError):
    """The evidence does not verify."""

    exit_code = 5
    safe = "Verifying only reads; neither the folder nor Odoo was changed."
    do = "Keep the folder as it is, and compare it with a copy made when it was sealed."


class PhaseFailedError(WorkbenchError):
    """A phase ran to its end, and its own figures say that it is not done."""

    do = "Look at what is named above, mend it, and run the phase again."


class StateError(WorkbenchError):
    """The run's own files cannot be read or written."""

    do = "Restore the run folder from its copy, or start a new run in another folder."


class StorageFullError(StateError):
    """The disk that holds the run folder is full."""

    safe = "Every page committed before is kept; the one in hand is asked for again."
    do = "Free some space on the disk that holds the run folder, then run again."


class EngineError(WorkbenchError):
    """A notebook did not run to its end."""

    do = "Look at the saved notebook, mend the cause, and run the phase again."


class KernelDiedError(EngineError):
    """The notebook's kernel was killed (out of memory, or by hand)."""

    do = "See that the machine has memory to spare, then run the phase again."


class CellTimeoutError(EngineError):
    """One cell took longer than was allowed."""


class CellsSkippedError(EngineError):
    """The notebook ended early: cells were left that never ran."""


class SourceError(WorkbenchError):
    """Something went wrong between us and PracticeHub."""

    safe = "Every page read is kept. PracticeHub is only ever read from."


class SourceUnreachableError(SourceError):
    """PracticeHub gave no answer."""

    do = "See that the address is right and the network is up, then run again."


class SourceAuthError(SourceError):
    """PracticeHub refused the key."""

    do = "Make or copy a key under Settings > Developers in PracticeHub, and set it again."


class SourceRefusedError(SourceError):
    """PracticeHub refused a request for good (a 4xx that a repeat will not change)."""

    do = "The status says why; a retry alone will not help."


class SourceMissingError(SourceRefusedError):
    """PracticeHub has no such resource or record at this address."""

    do = "See that account, region and base_url in migration.toml are those of the clinic."


class SourceShapeError(SourceError):
    """PracticeHub answered with something that is not its known envelope."""

    do = "Run again; if it comes back, keep the run folder and report the resource's name."


class MappingError(WorkbenchError):
    """The map is wrong: it would lose or garble a field."""

    exit_code = 2
    safe = "Nothing was sent to Odoo."
    do = "Decide anew what is named above, then confirm the map again."


class DestinationError(WorkbenchError):
    """Something went wrong between us and Odoo."""

    safe = "Each write is recorded before it is sent, so none can happen twice."


class OdooUnreachableError(DestinationError):
    """Odoo gave no answer."""

    do = "See that Odoo is up and its address is right, then run again."


class OdooAuthError(DestinationError):
    """Odoo refused the API key: it was never right, ran out, or was revoked meanwhile."""

    safe = "What was written before is kept and recorded; nothing was written with this key."
    do = (
        "Make an API key in Odoo for the same user (Preferences > Account Security), put it "
        "where `api_key` under [odoo] points, and run again: it goes on where it stopped."
    )


class OdooDatabaseError(DestinationError):
    """Odoo has no database of that name."""

    do = (
        "Correct `database` under [odoo] in migration.toml, or `url`; on Odoo's own cloud see "
        "that the database has not run out or been renamed."
    )


class OdooRightsError(DestinationError):
    """The Odoo user may not do what is needed."""

    do = "Give the user the rights named above, or use another user's key."


class OdooRefusedError(DestinationError):
    """Odoo answered with an error; `name` is its kind ("odoo.exceptions.ValidationError")."""

    do = "The kind of error is named above; `workbench status` shows what is done."

    def __init__(
        self, what: str, *, name: str = "", safe: str | None = None, do: str | None = None
    ) -> None:
        """Keep the kind beside the sentence."""
        super().__init__(what, safe=safe, do=do)
        self.name = name


class OdooServerError(DestinationError):
    """Odoo's own server cannot work: its disk is full, its database is gone, it has no memory."""

    safe = (
        "What Odoo took before stays and is known; the call that failed left nothing behind. "
        "No record was given up because of it."
    )
    do = "Have the server put right by who runs it, then run again; it goes on where it stopped."


class LookupFailedError(DestinationError):
    """A reference (a country, a user, another record) leads to nothing in Odoo, or to several."""

    do = "Make what is named above in Odoo, or decide the value anew, then run again."


class OdooOutcomeUnknownError(DestinationError):
    """A write was sent and no answer came back: it may or may not have happened."""

    do = "Run again: the first thing done is to ask Odoo what it holds."


class SandboxError(WorkbenchError):
    """The sandbox could not be brought up."""

    safe = "Nothing outside the sandbox's own cache folder was touched."
    do = "Run `workbench sandbox down`, then `workbench sandbox up` again."


class MissingPartError(SandboxError):
    """A program or package that the sandbox needs is not installed."""

    do = "Install what is named above, then try again."


INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as shells have it (128 + SIGINT)."""
STOPPED = (
    "Stopped by Ctrl-C.\nEverything recorded so far is kept, and nothing in PracticeHub was "
    "changed.\nRun the same command again; it goes on where it stopped."
)
"""What a person sees then; Ctrl-C is a wish and no error."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def of_system(error: OSError) -> StateError | None:
    """Tell the operating system's refusal of a file as an error of the tree.

    Returns:
        StorageFullError where no room is left (or allowed), StateError naming the file
        where it names one, and None where it is about something else than a file.
    """
    if error.errno in _FULL:
        what = "The disk that holds the run folder is full."
        return StorageFullError(what)
    if error.filename is None or error.strerror is None:
        return None
    what = f"{error.filename} cannot be used: {error.strerror}."
    return StateError(what, do="See who may read and write it, then run the same command again.")
