"""Where the sandbox keeps its things, and how it keeps secrets and locks."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from workbench.errors import SandboxError, UsageError
from workbench.sandbox import cache, practicehub
from workbench.sandbox.odoo import account, instance


def test_the_cache_goes_where_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WORKBENCH_CACHE decides before the desktop's cache folder."""
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "own/cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "desktop"))

    assert cache.cache_dir() == tmp_path / "own/cache"
    assert (tmp_path / "own/cache").is_dir()


def test_the_cache_follows_the_desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a choice, the desktop's cache folder holds one of the workbench's name."""
    monkeypatch.delenv("WORKBENCH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache.cache_dir() == tmp_path / cache.NAME


def test_root_with_a_closed_home_uses_the_system_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers run unprivileged and cannot enter a closed home, so the cache lies elsewhere."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in ("WORKBENCH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(cache, "SYSTEM_CACHE", tmp_path / "var")
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    assert cache.cache_dir() == tmp_path / "var" / cache.NAME


def test_a_cache_that_cannot_be_made_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file where the folder should be ends in a sentence that names it."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(SandboxError, match="WORKBENCH_CACHE"):
        cache.cache_dir()


def test_a_secret_is_written_for_its_owner_only(tmp_path: Path) -> None:
    """The file has its final mode before the first byte is in it, and replaces the old one."""
    target = tmp_path / "secret"
    target.write_text("old")
    target.chmod(0o644)
    cache.write_private(target, "new")

    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_second_holder_waits_and_says_so(tmp_path: Path) -> None:
    """Two set-ups of the sandbox never run at once; the second tells that it waits."""
    told: list[str] = []
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        def tell(sentence: str) -> None:
            told.append(sentence)
            waiting.set()

        with cache.locked(tmp_path / "lock", progress=tell):
            order.append("second")

    with cache.locked(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]
    assert len(told) == 1


@pytest.mark.parametrize("name", ["Demo", "../x", "", "a b", "1st"])
def test_an_instance_needs_a_plain_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that could lead out of the cache folder is refused, by both halves alike."""
    monkeypatch.setenv("WORKBENCH_SANDBOX_INSTANCE", name)
    with pytest.raises(UsageError):
        instance.current_instance()
    with pytest.raises(UsageError):
        practicehub.status()
    monkeypatch.delenv("WORKBENCH_SANDBOX_INSTANCE")
    with pytest.raises(UsageError):
        practicehub.status(name)


def test_what_lies_behind_a_closed_door_is_not_readable(tmp_path: Path) -> None:
    """An unprivileged account reads a file only if every folder above lets it pass."""
    stranger = account.Account("nobody", 2**31 - 2, 2**31 - 2, other=True)
    root = Path("/")
    public = Path("/usr/bin/env")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").touch()

    assert stranger.may_enter(root)
    assert stranger.may_read(public)
    assert not stranger.may_read(closed / "file")
    assert not stranger.may_read(tmp_path / "missing")


def test_a_cache_behind_a_closed_door_moves_what_servers_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may choose a cache that the servers' account cannot reach; they get one of their own."""
    door = tmp_path / "door"
    (door / "cache").mkdir(parents=True)
    door.chmod(0o700)
    stranger = account.Account("nobody", 2**31 - 2, 2**31 - 2, other=True)
    monkeypatch.setenv("WORKBENCH_CACHE", str(door / "cache"))
    monkeypatch.setattr(account, "server_account", lambda: stranger)
    monkeypatch.setattr(account, "SYSTEM_CACHE", tmp_path / "var")
    first = account.runtime_dir()

    assert first.is_relative_to(tmp_path / "var")
    assert account.runtime_dir() == first
