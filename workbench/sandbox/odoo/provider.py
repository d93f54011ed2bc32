"""Where the Odoo comes from: one the user points at, or Debian's package unpacked privately.

Never anything else: without a real Odoo there is an error, not an imitation.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.errors import MissingPartError, SandboxError
from workbench.sandbox.apt import PrivateApt, codename, unpack
from workbench.sandbox.cache import Progress, made

MODULES = ("crm", "contacts", "calendar")
OLDEST_SERIES = 19
"""JSON-2 came with Odoo 19, and the sandbox is driven through it."""

PACKAGES = ("odoo-19",)
"""Debian packages that the workbench is tried with, newest first."""

SUITE = "sid"
LIBRARY = "usr/lib/python3/dist-packages"

# The web client's parts that Debian keeps in packages of their own. Of two in a group the first
# that the suite offers is taken: Odoo draws its icons with Font Awesome 4, which sid has moved.
WEB_PACKAGES = (
    ("libjs-jquery",),
    ("libjs-jquery-form",),
    ("libjs-underscore",),
    ("fonts-roboto-unhinted",),
    ("fonts-montserrat",),
    ("fonts-font-awesome-legacy", "fonts-font-awesome"),
)

Manifest = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Source:
    """An Odoo on disk: who brought it, its version, what to put on the Python path, its addons."""

    provider: str
    version: str
    root: Path
    addons: tuple[Path, ...]


def provide(home: Path, *, progress: Progress) -> Source:
    """Find or fetch an Odoo 19 or newer; a fetched one stays for the next time.

    $WORKBENCH_ODOO_SOURCE (a checkout of Odoo, or the folder that holds its `odoo` package)
    goes before Debian's package.

    Raises:
        MissingPartError: the folder named holds no such Odoo; or none is named, and this
            machine cannot fetch Debian's package.
        SandboxError: fetching or unpacking failed; what is half done is done again next time.
    """
    named = os.environ.get("WORKBENCH_ODOO_SOURCE")
    if named:
        return _pointed_at(Path(named).expanduser().absolute())
    record = home / "odoo.json"
    if record.exists():
        kept = json.loads(record.read_text(encoding="utf-8"))
        root = Path(kept["root"])
        if root.exists():
            return Source(kept["provider"], kept["version"], root, (root / "odoo/addons",))
    source, packages = _from_debian(home, progress=progress)
    known = {**asdict(source), "root": str(source.root), "packages": packages}
    del known["addons"]
    draft = record.with_suffix(".part")
    draft.write_text(json.dumps(known, indent=1), encoding="utf-8")
    draft.replace(record)
    return source


def _pointed_at(root: Path) -> Source:
    release = root / "odoo" / "release.py"
    text = release.read_text(encoding="utf-8") if release.exists() else ""
    series = re.search(r"^version_info = \((\d+), (\d+)", text, re.MULTILINE)
    if series is None or int(series[1]) < OLDEST_SERIES:
        what = f"WORKBENCH_ODOO_SOURCE ({root}) holds no Odoo of version {OLDEST_SERIES} or newer."
        raise MissingPartError(
            what,
            do="Point it at a checkout of Odoo, or unset it to have Debian's package fetched.",
        )
    addons = tuple(folder for folder in (root / "addons", root / "odoo/addons") if folder.is_dir())
    return Source("WORKBENCH_ODOO_SOURCE", f"{series[1]}.{series[2]}", root, addons)


def _from_debian(home: Path, *, progress: Progress) -> tuple[Source, list[str]]:
    try:
        codename()
    except MissingPartError as error:
        what = f"{error.what} No Odoo was named either."
        raise MissingPartError(
            what,
            do="Set WORKBENCH_ODOO_SOURCE to a checkout of Odoo 19, or use a Debian machine "
            "(or templates/sandbox/compose.yaml with Docker).",
        ) from error
    apt = PrivateApt(home / "apt", suite=SUITE)
    progress(f"Reading the package list of Debian {SUITE}")
    apt.update()
    package = next((name for name in PACKAGES if apt.has(name)), None)
    if package is None:
        what = f"Debian {SUITE} no longer offers {' or '.join(PACKAGES)}."
        raise MissingPartError(
            what,
            do="Set WORKBENCH_ODOO_SOURCE to a checkout of Odoo 19.",
        )
    web = [next((one for one in group if apt.has(one)), group[-1]) for group in WEB_PACKAGES]
    progress(f"Downloading {package} and the web client's parts (about 135 MB)")
    shutil.rmtree(home / "packages", ignore_errors=True)
    files = apt.download([package, *web], home / "packages")
    main = next(file for file in files if file.name.startswith(f"{package}_"))
    version = main.name.split("_")[1]  # an epoch stays "%3a": a colon would split PYTHONPATH
    tree = home / f"odoo-{version}"
    draft = tree.with_name(f"{tree.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(tree, ignore_errors=True)
    progress(f"Unpacking {package} {version}")
    _unpack_needed(main, draft)
    for file in files:
        if file != main:
            unpack(file, draft)
    _mend_links(draft)
    draft.replace(tree)
    shutil.rmtree(home / "packages")
    names = [file.stem for file in files]
    root = tree / LIBRARY
    return Source(f"Debian {package}", version, root, (root / "odoo/addons",)), names


def closure(manifests: Mapping[str, Manifest], wanted: Iterable[str]) -> set[str]:
    """Return the modules that Odoo will install when `wanted` are asked for.

    Their dependencies, and every module that installs itself once all it waits for are there.

    Raises:
        SandboxError: a module or a dependency has no manifest.
    """
    chosen = {"base", "web", *wanted}
    while True:
        grown = set(chosen)
        for name in chosen:
            if name not in manifests:
                what = f"This Odoo has no module {name}."
                raise SandboxError(what)
            grown.update(_names(manifests[name].get("depends", ["base"])))
        for name, manifest in manifests.items():
            auto = manifest.get("auto_install", False)
            waits_for = _names(manifest.get("depends", []) if auto is True else auto)
            if auto and waits_for <= grown:
                grown.add(name)
        if grown == chosen:
            return chosen
        chosen = grown


def _names(value: object) -> set[str]:
    return {str(one) for one in value} if isinstance(value, (list, tuple, set)) else set()


def _unpack_needed(package: Path, root: Path) -> None:
    """Unpack the server and the modules that will be installed: a quarter of the whole.

    Of all other modules the manifest is kept: Odoo's own data names categories that only they
    declare.
    """
    made(root)
    addons = f"./{LIBRARY}/odoo/addons"
    _extract(package, root, ["--wildcards", f"{addons}/*/__manifest__.py"])
    found = sorted((root / LIBRARY / "odoo/addons").glob("*/__manifest__.py"))
    manifests = {
        path.parent.name: ast.literal_eval(path.read_text(encoding="utf-8")) for path in found
    }
    keep = closure(manifests, MODULES)
    unwanted = root / "unwanted"
    dropped = [f"{addons}/{name}" for name in sorted(manifests.keys() - keep)]
    unwanted.write_text("\n".join(dropped), encoding="utf-8")
    _extract(package, root, ["-X", str(unwanted), f"./{LIBRARY}/odoo", "./usr/share/doc"])
    unwanted.unlink()


def _extract(package: Path, root: Path, words: list[str]) -> None:
    """Pipe the package's content through tar, which picks what is asked for."""
    reader = subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with reader:
        answer = subprocess.run(
            ["tar", "-x", "--no-same-owner", "-C", root, *words],
            stdin=reader.stdout,
            capture_output=True,
            text=True,
            check=False,
            umask=0o022,
        )
    if answer.returncode or reader.returncode:
        what = f"{package.name} cannot be unpacked ({answer.stderr.strip()[-200:]})."
        raise SandboxError(
            what,
            do="See that the disk has 600 MB to spare, then try again.",
        )


def _mend_links(root: Path) -> None:
    """Point links of the web client that lead nowhere at the file of that name, wherever it is.

    Debian moves font files between packages and folders faster than Odoo's package follows.
    """
    by_name = {path.name: path for path in (root / "usr/share").rglob("*") if path.is_file()}
    lost = []
    for link in (root / LIBRARY / "odoo/addons").rglob("*"):
        if link.is_symlink() and not link.exists():
            substitute = by_name.get(link.name)
            if substitute is None:
                lost.append(link.name)
                continue
            link.unlink()
            link.symlink_to(os.path.relpath(substitute, link.parent))
    scripts = sorted(name for name in lost if name.endswith((".js", ".css")))
    if scripts:
        what = f"Debian's packages lack {', '.join(scripts)}, without which Odoo's pages fail."
        raise SandboxError(
            what,
            do="Set WORKBENCH_ODOO_SOURCE to a checkout of Odoo 19.",
        )
