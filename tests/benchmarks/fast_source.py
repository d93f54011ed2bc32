"""A PracticeHub with very many appointments, answering as fast as a short script can.

A process of its own: it reads how many records to have from its input, says on which port it
listens, serves until its input is closed, and then tells how often it was asked. It has no pace,
no faults and no memory of its own; what a simulator must get right is the simulator's to show.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

KINDS = 499
"""Different texts of records: so many that a page does not repeat itself."""

PATIENTS = 400_009
"""A prime: the patients of neighbouring records lie far apart, as in a clinic."""

WORDS = (
    "back neck knee shoulder pain stiff better worse since last week month morning evening "
    "after work sport running lifting sitting asked agreed plan home exercises twice daily "
    "review follow up letter sent referred image clear no change slowly improving mobility "
    "strength balance posture sleep tired headache numb tingling left right both sides"
)
ORDERS: dict[str, Callable[[int, int, int], tuple[int, int]]] = {
    "eq": lambda low, _high, one: (max(low, one), one),
    "gt": lambda low, high, one: (max(low, one + 1), high),
    "gte": lambda low, high, one: (max(low, one), high),
    "lt": lambda low, high, one: (low, min(high, one - 1)),
    "lte": lambda low, high, one: (low, min(high, one)),
}


def templates() -> list[bytes]:
    """Invent the records, two places left open in each: its id and its patient's."""
    luck = random.Random(7)  # noqa: S311 - invented texts, not a secret
    words, found = WORDS.split(), []
    for number in range(KINDS):
        day = f"20{luck.randint(10, 26)}-{luck.randint(1, 12):02}-{luck.randint(1, 28):02}"
        start, stop = luck.randint(7, 12), luck.randint(13, 18)
        text = " ".join(luck.choices(words, k=luck.randint(30, 90)))
        row = {
            "id": "ID", "patient_id": "PATIENT", "practitioner_id": luck.randint(1, 40),
            "appointment_type_id": luck.randint(1, 30), "location_id": luck.randint(1, 8),
            "start": f"{day} {start:02}:15:00", "end": f"{day} {stop:02}:45:00",
            "status": luck.choice(["pending", "arrived", "processed", "cancelled", "missed"]),
            "note": f"<p>{text}</p>", "online": str(number % 2), "price": "48.50",
            "created": f"{day} 08:00:0{number % 10}", "updated": f"{day} 19:30:0{number % 10}",
            "series_id": None, "reminder_sent": number % 3 == 0, "colour": f"#{number:06x}",
        }  # fmt: skip
        written = json.dumps(row).replace('"ID"', "%d").replace('"PATIENT"', "%d")
        found.append(written.encode())
    return found


class Source(asyncio.Protocol):
    """One connection; everything that all connections share is in the class's `shelf`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is there whole; a GET has no body."""
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            request, _, self._heard = self._heard.partition(b"\r\n\r\n")
            body = self._shelf.answer(request.split(b" ", 2)[1].decode())
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                % len(body) + body
            )  # fmt: skip


class Shelf:
    """The records, newest first, with ids from 1 up to how many there are."""

    def __init__(self, records: int) -> None:
        self.records = records
        self.requests = 0
        self._templates = templates()

    def answer(self, target: str) -> bytes:
        """Write one page; every list but the appointments is there and empty."""
        self.requests += 1
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        low, high = 1, self.records if parts.path.endswith("/appointments") else 0
        if "id" in query:  # all other filters are ignored, as PracticeHub does
            low, high = _window(query["id"], low, high)
        total = max(high - low + 1, 0)
        page, size = int(query.get("page", 1)), min(int(query.get("page_size", 100)), 100)
        newest = high - (page - 1) * size
        rows = [
            self._templates[one % KINDS] % (one, one * 7919 % PATIENTS + 1)
            for one in range(newest, max(newest - size, low - 1), -1)
        ]
        links = {"self": f"http://127.0.0.1{target}", "previous": None}
        if newest - size >= low:
            links["next"] = f"http://127.0.0.1{parts.path}?" + urlencode(
                {**query, "page": page + 1, "page_size": size}
            )
        envelope = json.dumps({"total_entries": total, "links": links}).encode()
        return b'%b, "data": [%b]}' % (envelope[:-1], b", ".join(rows))


def _window(condition: str, low: int, high: int) -> tuple[int, int]:
    operator, _, bounds = condition.partition(":")
    if operator == "between":
        first, last = map(int, bounds.split(","))
        return max(low, first), min(high, last)
    return ORDERS[operator](low, high, int(bounds)) if operator in ORDERS else (low, high)


async def serve(records: int) -> int:
    """Serve until the input is closed; returns how many requests were answered."""
    shelf = Shelf(records)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Source(shelf), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    return shelf.requests


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(serve(int(sys.stdin.readline())))}\n")
