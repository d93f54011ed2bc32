"""What a verdict means, for somebody who has never seen a mapping."""

from __future__ import annotations

_WORDS = {
    "html_equivalent": "Odoo cleans HTML as it stores it. The text, its tags and its links are "
    "the same; only how they are written differs.",
    "empty_is_false": "Nothing was given. Odoo writes an empty text, and a yes or no that nobody "
    "answered, as “no”.",
    "empty_is_zero": "No number was given. Odoo has no empty number and shows a 0.",
    "float_rounding": "The same number, apart by less than a billionth of it.",
    "more_links": "Every link that was expected is there; Odoo or a person has added others.",
    "empty_file": "The file holds 0 bytes. Odoo keeps no checksum of nothing.",
    "odoo_value_stays": "The contact was in Odoo before and keeps what it held; what PracticeHub "
    "says otherwise stands in a note on it.",
    "kept_by_decision": "Somebody changed this in Odoo, and a person decided that Odoo's value "
    "stays.",
    "absent": "Odoo has no record of this external id.",
    "not_read": "Odoo's answer did not hold this field.",
    "unresolved": "What this field should point to is not in Odoo.",
}  # fmt: skip

_VERDICTS = {
    "equal": "What Odoo returns is what was expected.",
    "different": "What Odoo returns is not what was expected, and no tolerance covers it.",
}


def explained(rule: str, *, verdict: str = "") -> str:
    """Say in a sentence what a rule means, or a verdict that no rule stands behind.

    Args:
        rule: a name of `proof.Rule`, or "" where the verdict needs none.
        verdict: "equal" or "different"; used where there is no rule.

    Raises:
        KeyError: neither is known.
    """
    return _WORDS[rule] if rule else _VERDICTS[verdict]
