"""Nothing but GET can leave the source room: proved by reading every line of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench import practicehub

ROOM = sorted(Path(practicehub.__file__).parent.glob("*.py"))
ASKING = {"request", "build_request", "stream"}
WRITING = {"post", "patch", "delete", "head", "options"}
NETWORK = {"httpx"}
OTHER_WAYS = {
    "aiohttp", "asyncio", "ftplib", "h11", "http.client", "httpcore", "pycurl", "requests",
    "smtplib", "socketserver", "ssl", "subprocess", "telnetlib", "urllib.request",
    "urllib3", "websockets", "xmlrpc",
}  # fmt: skip


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, str]]:
    """Find every call of a method: the call, what it is called on, and the method's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, ast.unparse(node.func.value), node.func.attr


@pytest.mark.parametrize("module", ROOM, ids=[one.stem for one in ROOM])
def test_no_line_of_the_source_room_could_send_anything_but_get(module: Path) -> None:
    """The room knows one way to the network, and asks it for nothing but GET."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names] if isinstance(node, ast.Import)
            else [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
            if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert not {one for one in imported if one in OTHER_WAYS or one.split(".")[0] in OTHER_WAYS}
    for call, on, verb in calls(tree):
        assert verb not in WRITING, f"{on}.{verb}"
        assert verb != "put" or "http" not in on, f"{on}.{verb}"
        if verb in ASKING:
            assert call.args, f"{on}.{verb}"
            assert isinstance(call.args[0], ast.Constant), f"{on}.{verb}"
            assert call.args[0].value == "GET", f"{on}.{verb}"
        assert on != "httpx" or verb in {"Client", "HTTPTransport", "Timeout", "Limits", "URL"}
        assert on != "socket", f"a socket of its own: socket.{verb}"


def test_the_room_has_exactly_two_ways_out() -> None:
    """One is for the API, behind its GET-only transport; one is for files, without the key."""
    makers = {
        module.stem
        for module in ROOM
        for _, on, verb in calls(ast.parse(module.read_text(encoding="utf-8")))
        if on in NETWORK and verb in {"Client", "HTTPTransport"}
    }

    assert makers == {"client", "download"}
    assert "x-practicehub-key" not in Path(practicehub.__file__).with_name("download.py").read_text(
        encoding="utf-8"
    )
