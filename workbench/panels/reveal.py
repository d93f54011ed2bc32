"""Whether values of patients are shown: masked, until somebody asks to see them."""

from __future__ import annotations

from workbench.config import Config
from workbench.masking import Masker, plain
from workbench.state import Store

SHOWN = "values shown"
"""The ledger's word for it that a person looked at patients' values in a panel."""


class Curtain:
    """Masks the values of a run as all its outputs do, until a person draws it aside.

    What is drawn aside lasts as long as the panel, and leaves a row in the ledger for each
    thing that was looked at. A value that goes to the browser goes as a message of the moment:
    in a widget's state it could be saved in the notebook.

    Args:
        store: the run's state.
        config: `show_patient_data` draws the curtain aside from the beginning.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._mask = Masker.of(store)
        self._told: set[str] = set()
        self.aside = config.migration.show_patient_data

    def masked(self, value: object) -> str:
        """Mask a value; equal values look equal."""
        return self._mask(value)

    def look(self, value: object) -> str:
        """Give a value as it is, or masked while the curtain is closed."""
        return plain(value) if self.aside else self._mask(value)

    def note(self, subject: str, *, by: str) -> None:
        """Keep in the ledger that values were shown, once for each subject and panel."""
        if subject in self._told:
            return
        with self._store.transaction():
            self._store.ledger.append(SHOWN, subject, actor=by)
        self._told.add(subject)
