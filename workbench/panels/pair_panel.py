"""The panel over pairs: two records side by side, and what a person says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from workbench.panels.asking import current, stamp, stand
from workbench.panels.desk import Show, reasons
from workbench.panels.frame import NO_NAMES, said
from workbench.panels.listed import ListPanel
from workbench.panels.pair_desk import FOLLOWS, DuplicatesDesk
from workbench.panels.pairs import Agreement, Fact, Pair, short_names
from workbench.panels.reveal import Curtain
from workbench.state import Decision

_STATIC = Path(__file__).parent / "static"


class PairView(anywidget.AnyWidget):
    """Draws one pair; values in its traits are masked, whatever is on the screen.

    Real values go to the browser as a message of the moment, so that no notebook that is
    saved with its widgets holds one; a page that is loaded anew is masked.

    Args:
        on: what to do when the browser says so, by kind of message.
    """

    _esm = _STATIC / "pair.js"
    _css = _STATIC / "pair.css"
    pair = traitlets.Dict().tag(sync=True)
    drawn = traitlets.Int(0).tag(sync=True)

    def __init__(self, on: Mapping[str, Callable[[Mapping[str, object]], None]]) -> None:
        super().__init__()
        self._on = on
        self.on_msg(lambda _widget, content, _buffers: self.told(content))

    def draw(self, pair: dict[str, Any]) -> None:
        """Show a pair, masked, and give every button back its use."""
        with self.hold_sync():
            self.pair = pair
            self.drawn += 1  # the same pair once more is drawn too: a button waits for it

    def reveal(self, subject: str, values: list[tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
        """Put real values in the place of the masked ones of this pair."""
        self.send({"kind": "reveal", "subject": subject, "values": values})

    def focus_pair(self) -> None:
        """Put the focus on the pair's heading."""
        self.send({"kind": "focus"})

    def told(self, content: Mapping[str, object]) -> None:
        """Take what the browser says."""
        act = self._on.get(str(content.get("kind")))
        if act is not None:
            act(content)

    def __repr__(self) -> str:
        """Say nothing of the content: a repr may be saved in a notebook."""
        return "PairView()"


class PairPanel(ListPanel):
    """Ask of one pair after the other; holds nothing that is not in the run."""

    desk: DuplicatesDesk

    def __init__(self, desk: DuplicatesDesk, curtain: Curtain) -> None:
        self._at = 0
        self._curtain = curtain
        self._policy = curtain.aside
        self.ahead = ipywidgets.HTML()
        self.view = PairView(
            {
                "ready": lambda _: self._show(real=self._policy),
                "show": lambda content: self._show(real=bool(content.get("real"))),
                "go": lambda content: self._go(1 if content.get("by") == 1 else -1),
                "decide": lambda content: self._decide(
                    *(str(content.get(key, "")) for key in ("subject", "choice", "comment"))
                ),
            }
        )
        super().__init__(desk, Show.OPEN, parts=[self.ahead, self.view])
        if not desk.counts().open:
            self.show.value = Show.ALL  # what was decided is shown, where nothing is open
        self.refresh()

    def _list(self) -> None:
        self._listed = self.desk.ordered(self.show.value)
        self._at = 0
        self._draw()

    def _draw(self, trouble: Mapping[str, str] | None = None) -> None:
        self._keep_listed()
        self._at = max(0, min(self._at, len(self._listed) - 1))
        drawn = self._listed[self._at : self._at + 1]
        self._seen = {one.subject: one for one in drawn}
        self._count()
        self.ahead.value = said(self.desk.contradictions())
        if not drawn:
            self.view.draw({})
            return
        asked = drawn[0]
        pair = self.desk.pair(asked)
        self.view.draw(self._described(asked, pair, (trouble or {}).get(asked.subject, "")))
        self._send_values(asked, pair)

    def _described(self, asked: Decision, pair: Pair, trouble: str) -> dict[str, Any]:
        names = short_names(asked)
        return {
            "subject": asked.subject,
            "place": f"Pair {self._at + 1:,} of {len(self._listed):,}: {names}",
            "names": names,
            "left": pair.left,
            "right": pair.right,
            "core": [self._fact(fact, pair) for fact in pair.core],
            "others": [self._fact(fact, pair) for fact in pair.others],
            "more": pair.more,
            "notes": " ".join(pair.notes),
            "why": reasons(asked),
            "options": [
                {"value": one, "proposed": one == asked.proposal, "follows": FOLLOWS.get(one, "")}
                for one in asked.options
            ],
            "current": current(asked),
            "comment": asked.comment,
            "hint": NO_NAMES,
            "standing": stand(asked),
            "stamp": stamp(asked),
            "trouble": trouble,
            "first": self._at == 0,
            "last": self._at + 1 >= len(self._listed),
        }

    def _fact(self, fact: Fact, pair: Pair) -> dict[str, Any]:
        words = {
            Agreement.LEFT: f"only in {pair.left}", Agreement.RIGHT: f"only in {pair.right}",
        }  # fmt: skip
        return {
            "label": fact.label,
            "left": [one if fact.counted else self._curtain.masked(one) for one in fact.left],
            "right": [one if fact.counted else self._curtain.masked(one) for one in fact.right],
            "sign": fact.agreement.sign,
            "word": words.get(fact.agreement, fact.agreement.value),
            "kind": fact.agreement.name.lower(),
        }

    def _send_values(self, asked: Decision, pair: Pair) -> None:
        if not self._curtain.aside:
            return
        self._curtain.note(asked.subject, by=str(self.person.value).strip())
        self.view.reveal(
            asked.subject, [(fact.left, fact.right) for fact in (*pair.core, *pair.others)]
        )

    def _show(self, *, real: bool) -> None:
        def act() -> None:
            self._curtain.aside = real
            for asked in self.drawn:
                self._send_values(asked, self.desk.pair(asked))

        self.status.guard(act)

    def _go(self, by: int) -> None:
        def act() -> None:
            self._at += by
            self._draw()
            self.view.focus_pair()

        self.status.guard(act)

    def _go_on(self, subject: str) -> None:
        """Move to the next open pair; with none left, stay and show what was recorded."""
        del subject
        order = [*range(self._at, len(self._listed)), *range(self._at)]
        following = next((at for at in order if self._listed[at].is_open), None)
        if following is not None:
            self._at = following
            self._draw()
        self.view.focus_pair()
