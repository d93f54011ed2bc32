"""Debian packages without installing any: a private apt beside the system's own.

Lists, cache and state lie in a folder of ours; the source is the machine's own Debian mirror
with another suite. Signatures are checked with Debian's archive keyring. The system's package
lists, packages and database are only ever read.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import MissingPartError, SandboxError
from workbench.sandbox.cache import made

SOURCES = Path("/etc/apt")
DPKG_STATUS = Path("/var/lib/dpkg/status")
KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)

# The system's own configuration is read first (it may hold a proxy); this is read last.
# Hooks are cleared because they act on the system, preferences because they pin its packages.
CONFIGURATION = """\
Dir::State "{home}/state";
Dir::State::Lists "{home}/lists";
Dir::State::status "{status}";
Dir::Cache "{home}/cache";
Dir::Log "{home}/log";
Dir::Etc::SourceList "{home}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
Debug::NoLocking "true";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
"""


@dataclass(frozen=True, slots=True)
class Mirror:
    """One source of the machine: its address, suites and components."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrivateApt:
    """apt-get with state of its own, over one suite of the machine's Debian mirror.

    `sees_installed` decides what a closure is measured against: the packages of this machine,
    or nothing at all.
    """

    home: Path
    suite: str
    sees_installed: bool = False

    def update(self) -> None:
        """Fetch the suite's package list, from the first mirror that has it.

        Raises:
            MissingPartError: not a Debian machine, or apt-get, dpkg-deb or the keyring is missing.
            SandboxError: no mirror gave a list that the keyring confirms.
        """
        for program in ("apt-get", "dpkg-deb", "tar"):
            if shutil.which(program) is None:
                what = f"{program} is not on this machine, so Debian's packages cannot be fetched."
                raise MissingPartError(
                    what,
                )
        keyring = next((path for path in KEYRINGS if path.exists()), None)
        if keyring is None:
            what = "Debian's archive keyring is not on this machine."
            raise MissingPartError(
                what,
                do="Install the package debian-archive-keyring, then try again.",
            )
        for name in ("state", "lists/partial", "cache/archives/partial", "log"):
            made(self.home / name)
        status = DPKG_STATUS
        if not self.sees_installed:
            status = self.home / "status"
            status.touch()
        self._configuration.write_text(
            CONFIGURATION.format(home=self.home, status=status), encoding="utf-8"
        )
        refusals = []
        for mirror in mirrors():
            (self.home / "sources.list").write_text(
                f"deb [signed-by={keyring}] {mirror.uri} {self.suite} main\n", encoding="utf-8"
            )
            answer = self._run("update", "--error-on=any")
            if answer.returncode == 0:
                return
            refusals.append(_last_line(answer.stderr))
        what = (
            f"No Debian mirror of this machine gave the package list of {self.suite} "
            f"({'; '.join(refusals) or 'none is configured'})."
        )
        raise SandboxError(
            what,
            do="See that the network and the sources under /etc/apt are in order, then try again.",
        )

    def has(self, package: str) -> bool:
        """Say whether the suite offers `package`."""
        return self._run("--print-uris", "download", package).returncode == 0

    def closure(self, packages: Sequence[str]) -> list[str]:
        """Name `packages` and every package they need that is not installed, each once.

        Raises:
            SandboxError: the suite cannot satisfy them together.
        """
        answer = self._run("--print-uris", "-y", "install", *packages)
        if answer.returncode:
            what = (
                f"The packages {', '.join(packages)} cannot be had from Debian {self.suite} "
                f"({_last_line(answer.stderr)})."
            )
            raise SandboxError(
                what,
            )
        files = re.findall(r"^'[^']+' (\S+?)_\S+ \d+", answer.stdout, re.MULTILINE)
        return sorted({*files, *packages})

    def download(self, packages: Sequence[str], into: Path) -> list[Path]:
        """Fetch the packages' files, checked against the signed list; ordered by name.

        Raises:
            SandboxError: one of them could not be fetched.
        """
        made(into)
        answer = self._run("download", *packages, cwd=into)
        if answer.returncode:
            what = f"Debian's packages could not be downloaded ({_last_line(answer.stderr)})."
            raise SandboxError(
                what,
                do="See that the network is up and the disk has room, then try again.",
            )
        return sorted(into.glob("*.deb"))

    @property
    def _configuration(self) -> Path:
        return self.home / "apt.conf"

    def _run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["apt-get", "-q", "-c", str(self._configuration), *words],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )


def unpack(package: Path, root: Path) -> None:
    """Unpack a whole package below `root`, running none of its scripts.

    Raises:
        SandboxError: the file is not a sound package, or the disk is full.
    """
    answer = subprocess.run(
        ["dpkg-deb", "-x", package, root], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        what = f"{package.name} cannot be unpacked ({_last_line(answer.stderr)})."
        raise SandboxError(what)


def codename() -> str:
    """Return this Debian's suite, for example "bookworm".

    Raises:
        MissingPartError: this is not a Debian machine.
    """
    release = Path("/etc/os-release")
    pairs = dict(
        line.split("=", 1)
        for line in (release.read_text(encoding="utf-8") if release.exists() else "").splitlines()
        if "=" in line
    )
    if pairs.get("ID", "").strip('"') != "debian":
        what = "This machine is not a Debian, so Debian's packages do not fit it."
        raise MissingPartError(what)
    return pairs.get("VERSION_CODENAME", "sid").strip('"')


def mirrors(sources: Path = SOURCES) -> list[Mirror]:
    """List the machine's sources that may be Debian mirrors, likeliest first, each once.

    Only a source with the component main comes into question. Which of them really is Debian
    is not guessed: the archive keyring decides when the list is fetched.
    """
    found: dict[str, Mirror] = {}
    own = {codename(), "oldstable", "stable", "testing", "unstable", "sid"}
    for mirror in _configured(sources):
        plain = own & set(mirror.suites) and "main" in mirror.components
        if plain and mirror.uri not in found:
            found[mirror.uri] = mirror
    return sorted(found.values(), key=lambda mirror: not _looks_like_debian(mirror.uri))


def _looks_like_debian(uri: str) -> bool:
    return uri.rstrip("/").endswith(("/debian", "debian.list"))


def _configured(sources: Path) -> Iterator[Mirror]:
    """Read one-line sources first, deb822 after them, as they come."""
    lists = [sources / "sources.list", *sorted((sources / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                yield from _one_line(line)
    for path in sorted((sources / "sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            yield from _deb822(stanza)


def _one_line(line: str) -> Iterator[Mirror]:
    words = shlex.split(re.sub(r"\[[^\]]*\]", " ", line.split("#", 1)[0]))
    if len(words) > 3 and words[0] == "deb":  # noqa: PLR2004 - type, address, suite, components
        yield Mirror(words[1], (words[2],), tuple(words[3:]))


def _deb822(stanza: str) -> Iterator[Mirror]:
    text = "\n".join(line for line in stanza.splitlines() if not line.startswith("#"))
    fields = {
        name.lower(): value.split()
        for name, value in re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", text, re.MULTILINE)
    }
    wanted = "deb" in fields.get("types", []) and fields.get("enabled") != ["no"]
    for uri in fields.get("uris", []) if wanted else []:
        yield Mirror(uri, tuple(fields.get("suites", [])), tuple(fields.get("components", [])))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
