"""The verbs of the command line, and the one place that prints errors.

Rooms are imported inside the verbs: `workbench status` must answer at once.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from workbench.errors import (
    INTERRUPTED,
    STOPPED,
    DecisionNeededError,
    UsageError,
    WorkbenchError,
    of_system,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.run import Run

app = typer.Typer(
    help="Moves a clinic from PracticeHub to Odoo CRM, with proof that anyone can check.",
    epilog="Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a person must decide, "
    "4 a gate refused, 5 the evidence does not verify, 130 stopped by Ctrl-C.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sandbox_app = typer.Typer(
    help="A PracticeHub simulator and a real Odoo, both on this machine.", no_args_is_help=True
)
app.add_typer(sandbox_app, name="sandbox")

ConfigFile = Annotated[Path, typer.Argument(metavar="FILE", help="the migration.toml")]
RunDir = Annotated[Path, typer.Argument(metavar="DIR", help="the run folder")]
By = Annotated[str, typer.Option("--by", help="the name of the person who decides")]
Only = Annotated[str, typer.Option("--only", help="odoo or practicehub; both where left out")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command()
def demo(
    patients: Annotated[int, typer.Option(min=20, help="patients in the synthetic clinic")] = 200,
    vocabulary: Annotated[str, typer.Option(help="brief or observed")] = "brief",
    rate: Annotated[
        float, typer.Option(min=0.1, max=1000, help="requests a second the sandbox allows")
    ] = 20.0,
) -> None:
    """Go through the whole journey on the sandbox, and say where to look."""
    with _whole():
        from workbench.sandbox.demo import run_demo

    run_demo(Path("runs"), patients=patients, vocabulary=vocabulary, rate=rate)


@app.command()
def init(file: ConfigFile) -> None:
    """Write a commented migration.toml."""
    from workbench import assets

    if file.exists():
        what = f"{file} exists already."
        raise UsageError(what, do="Name another file, or edit that one.")
    if not file.parent.is_dir():
        what = f"There is no folder {file.parent}."
        raise UsageError(what, do="Make the folder first.")
    text = (assets.templates() / "migration.toml").read_text("utf-8")
    with file.open("x", encoding="utf-8") as out:
        out.write(text)
    print(f"{file} is written. Fill it in, then: workbench run {file}")


@app.command()
def run(
    file: ConfigFile,
    folder: Annotated[
        Path | None, typer.Option("--run", metavar="DIR", help="default: runs/<stem of FILE>")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="PHASE", help="stop after this phase")
    ] = None,
    phase: Annotated[
        str | None,
        typer.Option(
            metavar="PHASE",
            help="run this phase only, done or not; a delta then asks "
            "for changes alone, where that is shown to work",
        ),
    ] = None,
) -> None:
    """Go on with a migration; safe to repeat.

    The phases are connect, audit, map, prepare, extract, sample, migrate, delta, reconcile.
    """
    with _whole():
        from workbench.phases import runner
        from workbench.run import Run
        from workbench.terminal import watching

    runner.check_names(until=until, only=phase)
    target = folder or Path("runs") / file.stem
    opened = Run.create(file, target)
    with watching(opened.folder / "state.sqlite"):
        runner.advance(opened, until=until, only=phase, on_phase=_tell)
    print(f"{target}: all asked for is done. `workbench status {target}` shows the sums.")


def _tell(phase: str, what: str) -> None:
    words = {"starts": "…", "done": "✓ done", "stands": "✓ done before, nothing changed since"}
    print(f"{phase:>10}  {words[what]}", file=sys.stderr, flush=True)


@app.command()
def accept(
    folder: RunDir,
    by: By,
    proposed: Annotated[
        bool, typer.Option("--proposed", help="accept every decision that has a proposal")
    ] = False,
) -> None:
    """Accept every decision that has a proposal; exit 3 while others remain."""
    if not proposed:
        what = "Nothing says what to accept."
        raise UsageError(what, do="Add --proposed to accept every decision that has a proposal.")
    with _whole():
        from workbench.phases import knowledge
        from workbench.state import person

    name = person(by, do="Name the person who decides: --by NAME.")
    opened = _open(folder)
    knowledge.ask_about_schema(opened.prepare, first=False)
    accepted = opened.store.decisions.accept_proposed(by=name)
    left = opened.store.decisions.open()
    print(f"{accepted} decision(s) accepted as proposed by {name}.")
    if left:
        named = ", ".join(decision.subject for decision in left[:10])
        what = f"{len(left)} decision(s) have no proposal: {named}."
        raise DecisionNeededError(what)


@app.command()
def decide(
    folder: RunDir,
    file: Annotated[
        Path, typer.Argument(metavar="FILE.yaml", help="`subject: choice` lines, or a map")
    ],
    by: By,
    check: Annotated[
        bool, typer.Option("--check", help="say what would be recorded, and record nothing")
    ] = False,
) -> None:
    """Record decisions from a file: all of them, or none where one is wrong.

    The file holds `subject: choice` lines, or a map: mapping.yaml, one that another clinic
    confirmed (mapping-template.yaml), or one written by hand.
    """
    with _whole():
        from workbench.phases import decisions_file

    print("\n".join(decisions_file.decide(_open(folder), file, by=by, dry=check)))


@app.command()
def status(folder: RunDir, as_json: AsJson = False) -> None:
    """Show phases, counts, open decisions and the forecast."""
    with _whole():
        from workbench.phases import status as snapshots

    opened = _open(folder)
    found = snapshots.snapshot(opened)
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(snapshots.page(opened, found))


@app.command()
def rollback(
    folder: RunDir,
    yes: Annotated[bool, typer.Option("--yes", help="take it out; without, only say what")] = False,
    take: Annotated[
        list[str] | None,
        typer.Option(metavar="EXTERNAL_ID", help="take along what people changed; repeatable"),
    ] = None,
    take_all: Annotated[
        bool, typer.Option("--take-all", help="take along all that people changed and can go")
    ] = False,
) -> None:
    """Take out of Odoo what this run made, and prove it.

    What people changed since stays, unless it is taken along.
    """
    with _whole():
        from workbench.phases import gates, runner
        from workbench.terminal import watching

    opened = _open(folder)
    gates.check(opened, "rollback")
    with opened.exclusive():
        opened.rollback.known(take or [])
        if take_all:
            opened.rollback.replan_all()
        else:
            opened.rollback.replan(take or [])
        print(opened.rollback.plan())
        if not yes:
            what = "Nothing was taken out: --yes is missing."
            raise UsageError(what, do=f"workbench rollback {folder} --yes")
        opened.rollback.approve(by="workbench rollback --yes")
        with watching(opened.folder / "state.sqlite"):
            runner.advance(opened, only="rollback", on_phase=_tell)
    print(opened.rollback.result())


@app.command()
def verify(
    folder: RunDir,
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="the ledger head that the sign-off prints")
    ] = None,
    signer: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="whose signature it must be: a public key (.pub), or "
                                          "OpenSSH's allowed signers"),
    ] = None,
) -> None:  # fmt: skip
    """Check the evidence offline, without credentials; exit 5 when anything is off."""
    with _whole():
        from workbench.proof import check_head, read_signer
        from workbench.proof import verify as verify_folder

    if head is not None:
        head = check_head(head)
    if signer is not None:
        read_signer(signer)
    found = verify_folder(folder, head=head, signer=signer)
    print("\n".join(found.lines()))
    found.demand()


@app.command()
def lab(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="the run folder")] = None,
) -> None:
    """Open JupyterLab at the notebooks, bound to a run."""
    from workbench import assets
    from workbench.phases.lab import working_copies
    from workbench.run import RUN_VARIABLE

    environment = dict(os.environ)
    notebooks = assets.notebooks()
    if folder is not None:
        opened = _open(folder)
        notebooks = working_copies(opened)
        environment[RUN_VARIABLE] = str(opened.folder)
    command = [sys.executable, "-m", "jupyter", "lab", "--ip=127.0.0.1",
               f"--ServerApp.root_dir={notebooks}"]  # fmt: skip
    if os.geteuid() == 0:
        command.append("--allow-root")
    with subprocess.Popen(command, env=environment) as server:
        while server.poll() is None:
            with contextlib.suppress(KeyboardInterrupt):  # JupyterLab asks, and then ends itself
                server.wait()
    raise typer.Exit(server.returncode)


@sandbox_app.command("up")
def sandbox_up(
    only: Only = "",
    as_json: AsJson = False,
    vocabulary: Annotated[str, typer.Option(help="brief or observed")] = "brief",
    patients: Annotated[int, typer.Option(min=1, help="patients in the clinic")] = 200,
    rate: Annotated[float, typer.Option(help="requests a second allowed")] = 1.0,
) -> None:
    """Start the sandbox; harmless where it runs already."""
    from workbench.sandbox import control

    found = control.up(only, vocabulary=vocabulary, patients=patients, rate=rate,
                       say=lambda line: print(line, file=sys.stderr, flush=True))  # fmt: skip
    print(json.dumps(found, indent=2) if as_json else control.as_text(found))


@sandbox_app.command("down")
def sandbox_down(only: Only = "", as_json: AsJson = False) -> None:
    """Stop the sandbox; what it downloaded is kept for the next time."""
    from workbench.sandbox import control

    control.down(only)
    print(json.dumps({"running": False}) if as_json else "The sandbox is down.")


@sandbox_app.command("status")
def sandbox_status(only: Only = "", as_json: AsJson = False) -> None:
    """Say what of the sandbox runs."""
    from workbench.sandbox import control

    found = control.status(only)
    print(json.dumps(found, indent=2) if as_json else control.as_text(found))


@contextlib.contextmanager
def _whole() -> Iterator[None]:
    """Let imports end before Ctrl-C is heard, which takes a moment.

    An interrupt in the making of a class of pydantic's becomes an error of pydantic's own, and
    nobody could tell it from a defect.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _open(folder: Path) -> Run:
    with _whole():
        from workbench.run import Run

    return Run.open(folder)


def main() -> None:
    """Run a verb; say what went wrong in three lines, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no ✓
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 1
    sys.exit(code)


def _run() -> int:
    try:
        ended = app(standalone_mode=False)
    except TyperException as error:  # a verb, an option or a value that typer does not know
        return _say(_misspelt(error.format_message()), error.exit_code)
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except WorkbenchError as error:
        return _say(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: nothing of it may reach a terminal
        known = of_system(error) if isinstance(error, OSError) else None
        return _say(str(known), known.exit_code) if known else _say(_defect(error), 1)
    else:
        code = ended if isinstance(ended, int) else 0
    return _say(STOPPED, code) if code == INTERRUPTED else code


def _misspelt(message: str) -> str:
    """Say in our three sentences what typer found; without a verb it has shown the help."""
    what = " ".join(message.split())
    return str(UsageError(what)) if what else ""


def _defect(error: Exception) -> str:
    """Tell a defect of ours by its class and its place; its message may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(Path(__file__).parent)]
    place = (ours or frames)[-1]
    return (
        f"A defect in the workbench: {type(error).__name__} at {Path(place.filename).name}:"
        f"{place.lineno}.\nEverything recorded so far is kept.\n"
        "Run the command again; if it comes back, report the first of these lines."
    )


def _say(text: str, code: int) -> int:
    if not text:
        return code
    with contextlib.suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)
    return code
