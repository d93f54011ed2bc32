"""A Chromium for the browser tests: one that is here, or Debian's, unpacked privately.

Nothing is installed into the system. Debian's package and every library it needs that the
machine lacks are unpacked in the cache folder, and started through a small wrapper that says
where the libraries and fonts lie.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import MissingPartError
from workbench.sandbox.apt import PrivateApt, codename, unpack
from workbench.sandbox.cache import cache_dir, locked

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WRAPPER = """\
#!/bin/sh
LD_LIBRARY_PATH={libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}
FONTCONFIG_FILE={fonts}
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec {program} "$@"
"""

FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{root}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{root}/fontcache</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
"""


def chromium() -> Path:
    """Return a Chromium that can be started, fetched on first use if the machine has none.

    $WORKBENCH_CHROMIUM, else one on the path, else one that Playwright installed, else Debian's.

    Raises:
        MissingPartError: the one named is not there; or none is found and this is no Debian.
        SandboxError: Debian's package could not be fetched.
    """
    named = os.environ.get("WORKBENCH_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            what = f"WORKBENCH_CHROMIUM ({named}) is not a program."
            raise MissingPartError(what, do="Correct it, or unset it to have one fetched.")
        return Path(named)
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    return Path(found) if found else (_of_playwright() or _of_debian())


def launch(playwright: Playwright) -> Browser:
    """Start a headless Chromium; the caller closes it."""
    flags = list(FLAGS)
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's own sandbox refuses root
    return playwright.chromium.launch(executable_path=chromium(), headless=True, args=flags)


def _of_playwright() -> Path | None:
    """Look where `playwright install` puts its browsers; the newest comes first."""
    home = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folder = Path(home) if home else Path.home() / ".cache/ms-playwright"
    found = sorted(folder.glob("chromium-*/chrome-linux*/chrome"), reverse=True)
    return found[0] if found else None


def _of_debian() -> Path:
    home = cache_dir() / "browser"
    with locked(home / "lock"):
        root = home / "chromium"
        wrapper = root / "start"
        if not wrapper.exists():
            _unpack_debian(home, root)
            _write_wrapper(root, wrapper)
        return wrapper


def _unpack_debian(home: Path, root: Path) -> None:
    try:
        suite = codename()
    except MissingPartError as error:
        what = f"No Chromium was found. {error.what}"
        do = "Install Chromium (or run `playwright install chromium`), then try again."
        raise MissingPartError(what, do=do) from error
    apt = PrivateApt(home / "apt", suite=suite, sees_installed=True)
    apt.update()
    packages = home / "packages"
    for folder in (packages, root):
        shutil.rmtree(folder, ignore_errors=True)
    for package in apt.download(apt.closure(PACKAGES), packages):
        unpack(package, root)
    shutil.rmtree(packages)


def _write_wrapper(root: Path, wrapper: Path) -> None:
    """Written last: a folder without it was interrupted, and is made anew."""
    folders = {path.parent for path in root.glob("**/*.so*")}
    libraries = sorted(folders - {root / "usr/lib/chromium"})
    fonts = root / "fonts.conf"
    fonts.write_text(FONTS.format(root=root), encoding="utf-8")
    draft = wrapper.with_suffix(".part")
    text = WRAPPER.format(
        libraries=shlex.quote(":".join(str(folder) for folder in libraries)),
        fonts=shlex.quote(str(fonts)),
        program=shlex.quote(str(root / "usr/lib/chromium/chromium")),
    )
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o755)
    draft.replace(wrapper)


if __name__ == "__main__":
    sys.stdout.write(f"{chromium()}\n")
