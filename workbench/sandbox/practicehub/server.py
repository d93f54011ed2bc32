"""The simulator's process: API, file host and control port on three loopback ports."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import threading
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import Config

from workbench.sandbox.cache import write_private
from workbench.sandbox.clinic import generate
from workbench.sandbox.practicehub.account import Account
from workbench.sandbox.practicehub.api import PREFIX, Api
from workbench.sandbox.practicehub.connection import PracticeHubConnection
from workbench.sandbox.practicehub.controlport import ControlPort
from workbench.sandbox.practicehub.filehost import FileHost
from workbench.sandbox.practicehub.links import Signer
from workbench.sandbox.practicehub.order import Order
from workbench.sandbox.practicehub.switches import Switches

LOOPBACK = "127.0.0.1"
ORDER = "order.json"
READY = "connection.json"
PARENT_CHECK_SECONDS = 0.5


def serve(folder: Path) -> None:
    """Serve the account ordered in `folder` until a signal, or the parent's end, stops it.

    Writes `connection.json` (0600) once every port is open and the clinic is made.
    """
    order = Order.read(folder / ORDER)
    plugs = [_plug(port) for port in order.ports]
    ports = [plug.getsockname()[1] for plug in plugs]
    parameters = order.parameters
    clinic = generate(
        seed=parameters.seed,
        patients=parameters.patients,
        vocabulary=parameters.vocabulary,
        files=parameters.files,
    )
    account = Account(
        clinic,
        Switches(rate=parameters.rate, latency=parameters.latency),
        api_key=order.api_key,
        signer=Signer(f"http://{LOOPBACK}:{ports[1]}"),
    )
    control = ControlPort(account, token=order.control_token, parameters=parameters.as_json())
    api = uvicorn.Server(_config(Api(account)))
    others = [uvicorn.Server(_config(FileHost(account))), uvicorn.Server(_config(control))]
    # A loop of their own: drawing a file must not make a request at the API look early or late.
    aside = threading.Thread(target=_serve_aside, args=(others, plugs[1:]), daemon=True)
    aside.start()
    connection = PracticeHubConnection(
        base_url=f"http://{LOOPBACK}:{ports[0]}{PREFIX}",
        api_key=order.api_key,
        app_details="workbench=sandbox@example.org",
        control_url=f"http://{LOOPBACK}:{ports[2]}/control",
        control_token=order.control_token,
    )
    ready = {
        "pid": os.getpid(),
        "ports": ports,
        "parameters": parameters.as_json(),
        "connection": connection.as_json(),
    }
    write_private(folder / READY, json.dumps(ready))
    if order.parent:
        threading.Thread(target=_watch_parent, args=(order.parent, api), daemon=True).start()
    try:
        api.run(sockets=[plugs[0]])
    finally:
        (folder / READY).unlink(missing_ok=True)
        for server in others:
            server.should_exit = True
        aside.join(timeout=2)
        if order.parent and os.getppid() != order.parent:
            shutil.rmtree(folder, ignore_errors=True)  # nobody is left to clear it away


def _plug(port: int) -> socket.socket:
    """Bind a loopback port: the one it had before if that is free, so that addresses stay."""
    for wanted in (port, 0):
        # The protocol is named because asyncio sends at once only where it reads TCP there.
        plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            plug.bind((LOOPBACK, wanted))
            # Listening at once: whoever connects from now on waits instead of being refused.
            plug.listen(128)
        except OSError:
            plug.close()
            if wanted == 0:
                raise
        else:
            return plug
    raise AssertionError(port)


def _config(app: ASGIApp) -> Config:
    return Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


def _serve_aside(servers: list[uvicorn.Server], plugs: list[socket.socket]) -> None:
    async def both() -> None:
        await asyncio.gather(
            *(server.serve(sockets=[plug]) for server, plug in zip(servers, plugs, strict=True))
        )

    asyncio.run(both())


def _watch_parent(parent: int, api: uvicorn.Server) -> None:
    """End with the process that wanted this simulator for itself."""
    waiting = threading.Event()
    while os.getppid() == parent:
        waiting.wait(PARENT_CHECK_SECONDS)
    api.should_exit = True
