"""The panel of the map's fields: a list, what is known of each, a preview, and the choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.mapping import Disposition, MapRow
from workbench.mapping.model import field_subject
from workbench.panels.desk import Show, spoken
from workbench.panels.fields_bulk import Bulk
from workbench.panels.fields_desk import FieldsDesk, Filter, Sure
from workbench.panels.fields_detail import detail, heading, progress
from workbench.panels.fields_facts import FieldFacts
from workbench.panels.fields_form import FieldForm
from workbench.panels.fields_preview import Preview, Record, preview
from workbench.panels.fields_table import FieldsTable, PreviewTable
from workbench.panels.frame import Frame, said, toolbar
from workbench.panels.listing import Listing
from workbench.panels.reveal import Curtain
from workbench.panels.views import FIELDS, RunLike
from workbench.state import Decision, Store

PAGE = 15
"""Fields on a page of the list."""
LOOKED_AT = 200
"""Records of a resource that previews are made of."""

_ANY = ""
_WHICH = "Which comes first in its dates, the day or the month? The records do not tell."
_NO_PREVIEW = Preview((), "No preview: what is set here does not fit together.")


def fields(run: RunLike, facts: Callable[[], FieldFacts]) -> FieldsPanel | Listing:
    """Ask what becomes of each source field.

    Args:
        run: the run; headless, a table is given.
        facts: gathers what is known of the fields, as it stands when it is called.
    """
    desk = FieldsDesk(run.store, facts, brief=FIELDS)
    if run.headless:
        return Listing.of(desk)
    return FieldsPanel(desk, run.store, curtain=Curtain(run.store, run.config))


class FieldsPanel(Frame):
    """Ask a person about fields; holds nothing that is not in the run.

    A confirmed field stays in its place in the list, so that the person sees what was
    recorded; `refresh()` lists anew.
    """

    desk: FieldsDesk
    children: tuple[ipywidgets.Widget, ...]

    def __init__(self, desk: FieldsDesk, store: Store, *, curtain: Curtain) -> None:
        self._store = store
        self._curtain = curtain
        self._listed: list[str] = []
        self._page = 0
        self._seen: Decision | None = None
        self._records: dict[str, list[Record]] = {}
        self.progress = ipywidgets.HTML()
        self.show = ipywidgets.Dropdown(
            description="Show", options=[(show.value, show) for show in Show], value=Show.OPEN
        )
        self.sure = ipywidgets.Dropdown(
            description="Sure", options=[(sure.value, sure) for sure in Sure], value=Sure.ANY
        )
        self.resource = ipywidgets.Dropdown(
            description="Resource", options=[("any", _ANY), *((r, r) for r in desk.resources())]
        )
        self.text = ipywidgets.Text(description="Name contains", placeholder="any")
        self.reload = ipywidgets.Button(description="List anew")
        self.table = FieldsTable(self.open_field)
        self.previous = ipywidgets.Button(description="Previous page")
        self.place = ipywidgets.HTML()
        self.next = ipywidgets.Button(description="Next page")
        self.heading = ipywidgets.HTML()
        self.known = ipywidgets.HTML()
        self.form = FieldForm(lambda: self.status.guard(self._weigh))
        self.echo = ipywidgets.HTML()
        self.preview = PreviewTable(self._values_shown, aside=curtain.aside)
        self.confirm = ipywidgets.Button(button_style="primary")
        self.back = ipywidgets.Button(description="Back to the list")
        self.bulk = Bulk(desk, self._accept)
        self._pager = toolbar(self.previous, self.place, self.next)
        self._detail = ipywidgets.VBox(
            [self.heading, self.known, self.form, self.preview, self.echo,
             toolbar(self.confirm, self.back)]
        )  # fmt: skip
        self._detail.add_class("wb-field")
        narrow = toolbar(self.show, self.sure, self.resource, self.text, self.reload)
        super().__init__(desk, self.progress, narrow, self.table, self._pager, self._detail,
                         self.bulk)  # fmt: skip
        self.add_class("wb-fields-panel")
        # what was done is said beside the field, not above a list as long as the screen
        parts = [part for part in self.children if part is not self.status]
        at = parts.index(self._detail)
        self.children = (*parts[:at], self.status, *parts[at:])
        for widget in (self.show, self.sure, self.resource, self.text):
            widget.observe(lambda _: self.refresh(), names=["value"])
        self.reload.on_click(lambda _: self.refresh())
        self.previous.on_click(lambda _: self._turn(-1))
        self.next.on_click(lambda _: self._turn(1))
        self.confirm.on_click(lambda _: self._confirm())
        self.back.on_click(lambda _: self.table.focus())
        self.refresh()

    # the list ------------------------------------------------------------------------------

    def refresh(self) -> None:
        """List the fields anew, from the run as it stands now, beginning at page 1."""
        self.status.guard(self._list)

    def _list(self) -> None:
        listed = self.desk.listed(self._filter)
        self._listed = [spoken(one.subject) for one in listed]
        self._page = 0
        self._records = {}
        self.bulk.offer(listed)
        if self._field not in self._listed:
            self._show(self._listed[0] if self._listed else "")
        self._draw()

    @property
    def _filter(self) -> Filter:
        return Filter(self.show.value, self.sure.value, self.resource.value, self.text.value)

    @property
    def _field(self) -> str:
        """The field that is open now, or ""."""
        return spoken(self._seen.subject) if self._seen else ""

    def _draw(self) -> None:
        shown = self._listed[self._page * PAGE : (self._page + 1) * PAGE]
        now = {spoken(one.subject): one for one in self.desk.questions()}
        pages = max(1, -(-len(self._listed) // PAGE))
        self.place.value = f"Page {self._page + 1} of {pages}"
        many = "no field" if not self._listed else f"{len(self._listed)} fields"
        caption = f"{many}, least certain first. Arrow keys move, Enter opens a field."
        self.table.show(
            [self.desk.line(now[field]) for field in shown if field in now],
            caption="No field is listed here." if not self._listed else caption,
            chosen=self._field,
        )
        self.previous.disabled = self._page == 0
        self.next.disabled = self._page + 1 >= pages
        self._pager.layout.display = "none" if pages == 1 else None
        self.progress.value = progress(self.desk.by_resource())

    def _turn(self, by: int) -> None:
        def act() -> None:
            self._page += by
            self._draw()
            self.status.say(self.place.value)
            self.table.focus()

        self.status.guard(act)

    # one field -----------------------------------------------------------------------------

    def open_field(self, field: str) -> None:
        """Show a field and put the focus there, as its button in the list does."""

        def act() -> None:
            self._show(field)
            self._draw()
            self.form.fate.focus()

        self.status.guard(act)

    def _show(self, field: str) -> None:
        """Put a field as it stands now into the detail; none, and there is no detail."""
        self._detail.layout.display = None if field else "none"
        if field != self._field:
            self.preview.hide()
        if not field:
            self._seen = None
            return
        seen = self.desk.standing_of(field)
        facts = self.desk.facts
        proposed = facts.proposed(field)
        self._seen = seen
        self.heading.value = heading(seen)
        self.known.value = detail(seen, facts.profiles.get(field))
        self.form.show(
            self.desk.row_of(seen), proposed, facts=facts,
            comment="" if seen.is_open else seen.comment, fixed=not seen.open_value,
        )  # fmt: skip
        self.confirm.description = f"Confirm {field}"
        self._weigh()

    def _weigh(self) -> None:
        """Say what would be recorded, what is wrong with it, and what it does to records."""
        row = self.form.row()
        faults = (
            [_WHICH] if row.order.is_open else self.desk.faults_of(row, self.form.comment.value)
        )
        if faults:
            self.echo.value = _paragraphs(f"⚠ {fault}" for fault in faults)
            dropped = row.disposition is Disposition.DROPPED
            self.preview.show(self._tried(row, [row]) if dropped else _NO_PREVIEW)
            return
        beside = self.desk.rows_beside(row)
        would = f"Would be recorded: {self.desk.choice_of(row)}"
        warnings = (f"⚠ {warning}" for warning in self.desk.warnings_of(row, beside))
        self.echo.value = _paragraphs([would, *warnings])
        self.preview.show(self._tried(row, beside))

    def _tried(self, row: MapRow, beside: Sequence[MapRow]) -> Preview:
        held = self._records.get(row.resource)
        if held is None:
            sample = self._store.source.sample(row.resource, LOOKED_AT)
            held = self._records[row.resource] = [(one.source_id, one.data) for one in sample]
        return preview(row, beside, held, facts=self.desk.facts)

    def _values_shown(self) -> None:
        subject = field_subject(self._field)
        self.status.guard(lambda: self._curtain.note(subject, by=self.person.value.strip()))

    # deciding ------------------------------------------------------------------------------

    def _confirm(self) -> None:
        def act() -> None:
            seen = self._seen
            assert seen is not None, "the button is shown with its field"  # noqa: S101
            self.confirm.disabled = True
            try:
                choice = self.desk.choice_of(self.form.row())
                comment = self.form.comment.value
                self.desk.choose(seen, choice, by=self._named(), comment=comment)
            except WorkbenchError as error:
                self._catch_up(seen)
                self.echo.value = _paragraphs([f"⚠ Not done: {error.what} {error.do}"])
                raise
            finally:
                self.confirm.disabled = False
            self._go_on(spoken(seen.subject))

        self.status.guard(act)

    def _catch_up(self, seen: Decision) -> None:
        """Show what stands now where somebody else was faster; else leave what was typed."""
        now = next((one for one in self.desk.questions() if one.subject == seen.subject), None)
        if now is not None and now != seen:
            self.desk.look_anew()
            self._show(spoken(seen.subject))
            self._draw()

    def _go_on(self, done: str) -> None:
        """Open the next field of the list that is open, or show what was recorded."""
        waiting = {spoken(one.subject) for one in self.desk.questions(Show.OPEN)}
        at = self._listed.index(done) if done in self._listed else 0
        after = [*self._listed[at + 1 :], *self._listed[:at]]
        following = next((field for field in after if field in waiting), "")
        self._show(following or done)
        if self._field in self._listed:
            self._page = self._listed.index(self._field) // PAGE
        self._draw()
        self.bulk.offer([one for one in self.desk.questions() if self._filter.fits(one)])
        goes_on = f" Next: {following}." if following else ""
        self.status.say(f"Recorded: {done}. {self.desk.counts()}.{goes_on}")
        if following:
            self.form.fate.focus()
        else:
            self.back.focus()

    def _accept(self, seen: Sequence[Decision]) -> None:
        def act() -> None:
            accepted = self.desk.accept(seen, by=self._named())
            self._show(self._field)
            self._list()
            self.status.say(f"{accepted} {self.desk.counts()}.", trouble=not accepted.taken)
            if self._listed:
                self.table.focus()
            else:
                self.show.focus()

        self.status.guard(act)


def _paragraphs(lines: Iterable[str]) -> str:
    return "".join(map(said, lines))
