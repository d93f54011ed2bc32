"""HTML: told from plain text, made safe, or turned into plain text."""

from __future__ import annotations

import html as entities
import re
from html.entities import html5
from html.parser import HTMLParser

import nh3

from workbench.staging.findings import Clean
from workbench.staging.normalise import composed, text, visible
from workbench.state import IssueKind

_BLOCK_TAGS = "p div ul ol li h1 h2 h3 h4 blockquote pre hr table thead tbody tr td th"
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_INLINE_TAGS = "br b strong i em u s code a span sub sup"
_TAGS = _BLOCKS | frozenset(_INLINE_TAGS.split())
_OTHER_TAGS = (
    "abbr acronym address applet area article aside audio base bdi bdo big body button canvas "
    "caption center cite col colgroup data datalist dd del details dfn dialog dir dl dt embed "
    "fieldset figcaption figure font footer form frame frameset h5 h6 head header html iframe img "
    "input ins kbd label legend link main map mark marquee math menu meta meter nav nobr noscript "
    "object optgroup option output param picture progress q rp rt ruby samp script section select "
    "small source strike style summary svg template textarea tfoot time title track tt var video "
    "wbr xml"
)
_KNOWN = _TAGS | frozenset(_OTHER_TAGS.split())
_BLOCK = re.compile(rf"<({'|'.join(sorted(_BLOCKS))})[ >]")
_SILENT = frozenset({"script", "style"})
_LINES = frozenset({"br", "hr"})
DEEPEST = 150
"""Elements within one another. Odoo drops, without a word, what lies deeper than some 250."""
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_ADDRESSES = frozenset({"src", "srcset", "srcdoc", "data", "action", "formaction", "background"})
# a tag's name may hold a colon or dash (Word's <o:p>); of the rest, only that it ends is asked
_BRACKET = re.compile(
    r"<(?:/?(?P<name>[a-zA-Z][a-zA-Z0-9:_-]*)(?P<rest>(?:[\s/][^<>]*)?)>"
    r"|(?P<aside>!doctype\b[^<>]*>|!\[[^<>]*\]>|\?xml[^<>]*>))?",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CLOSING = re.compile(r"</([a-zA-Z][a-zA-Z0-9:_-]*)\s*>")
_TAG = re.compile(r"<(/?)([a-z0-9]+)[^<>]*>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|(?P<name>[a-zA-Z][a-zA-Z0-9]{1,30}));")


def looks_like_html(value: str) -> bool:
    """Say whether a text holds tags or entities; "a < b" and "<see below>" are neither."""
    if "<" in value and _brackets(value)[1]:
        return True
    return "&" in value and any(
        found["name"] is None or f"{found['name']};" in html5 for found in _ENTITY.finditer(value)
    )


def _brackets(raw: str) -> tuple[str, bool]:
    """Escape every "<" that begins no markup; say whether any begins a tag."""
    closed = frozenset(name.lower() for name in _CLOSING.findall(raw))
    tags = 0

    def one(found: re.Match[str]) -> str:
        nonlocal tags
        if found["aside"]:
            return found[0]
        tag = _is_tag(found, closed)
        tags += tag
        return found[0] if tag else f"&lt;{found[0][1:]}"

    # where no comment ends any more, none begins: looking for its end each time would take ages
    end = raw.rfind("-->") + 3 if "-->" in raw else 0
    made, place = [], 0
    for comment in _COMMENT.finditer(raw, 0, end):
        made += [_BRACKET.sub(one, raw[place : comment.start()]), comment[0]]
        place = comment.end()
    made.append(_BRACKET.sub(one, raw[place:]))
    return "".join(made), tags > 0


def _is_tag(found: re.Match[str], closed: frozenset[str]) -> bool:
    """Whether a bracket begins a tag: one of HTML's, or one that is closed somewhere."""
    name = (found["name"] or "").lower()
    if name in _KNOWN or ":" in name:
        rest = found["rest"].strip(" \t\r\n/")
        return not rest or "=" in rest
    return name in closed


def safe_html(value: object) -> Clean:
    """Make HTML of a text or of HTML: simple tags only, one block around the whole.

    Scripts, styles, pictures, comments, addresses of other kinds than web, mail and
    telephone, and all attributes but a link's go; so do tags that lie too deep for Odoo, not
    their words. That something went is noted, unless it said only how the text looks (a class,
    a colour). What is left is what Odoo's own
    cleaning keeps. Doing it twice changes nothing more.
    """
    read = text(value)
    if not isinstance(read.value, str):
        return read
    if not looks_like_html(read.value):
        body = entities.escape(read.value, quote=False).replace("\n", "<br>")
        return Clean(f"<p>{body}</p>", read.notes)
    raw, _ = _brackets(read.value)
    notes = (*read.notes, IssueKind.HTML_REDUCED) if _reduced(raw) else read.notes
    body = _clean(raw)
    if not _plain(body):
        return Clean(None, notes)
    if not _one_block(body):
        body = _clean(f"<div>{body}</div>" if _BLOCK.search(body) else f"<p>{body}</p>")
    body, cut = _shallow(body)
    if cut:
        notes = tuple(dict.fromkeys((*notes, IssueKind.HTML_REDUCED)))
    return Clean(body, notes)


def _shallow(body: str) -> tuple[str, bool]:
    """Take out the tags that lie too deep, never their words; says whether there were any."""
    depth = deepest = 0

    def one(found: re.Match[str]) -> str:
        nonlocal depth, deepest
        closes, name = found[1], found[2]
        if name in _LINES:
            return found[0]
        depth += -1 if closes else 1
        level = depth + 1 if closes else depth
        deepest = max(deepest, level)
        if level <= DEEPEST:
            return found[0]
        return " " if name in _BLOCKS else ""

    made = _TAG.sub(one, body)
    return made, deepest > DEEPEST


def _clean(raw: str) -> str:
    made = _sanitised(raw)
    # an entity may have stood for an invisible character, in a link's address as well
    shown = composed(visible(made))
    return (made if shown == made else _sanitised(shown)).strip()


def _sanitised(raw: str) -> str:
    made = nh3.clean(
        raw,
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes={"a": {"href"}},
        url_schemes=set(_SCHEMES),
        link_rel=None,
        strip_comments=True,
    )
    # Odoo writes a no-break space as the character, never as the entity
    return made.replace("&nbsp;", "\u00a0")


def _reduced(raw: str) -> bool:
    reader = _Losses()
    reader.feed(raw)
    reader.close()
    return reader.found


class _Losses(HTMLParser):
    """Looks for what cleaning takes out and is more than the look of a text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= tag not in _TAGS
        for name, told in attrs:
            self.found |= name.startswith("on") or name in _ADDRESSES
            self.found |= name == "href" and not (tag == "a" and _may_lead(told or ""))

    def handle_comment(self, data: str) -> None:
        self.found |= bool(data.strip())


def _may_lead(address: str) -> bool:
    scheme = re.match(r"[^/?#:]*:", re.sub(r"[\x00-\x20]", "", address))
    return scheme is None or scheme[0][:-1].lower() in _SCHEMES


def _one_block(body: str) -> bool:
    """Whether one block element spans the whole."""
    first = re.match(r"<([a-z0-9]+)[ >]", body)
    if first is None or first.group(1) not in _BLOCKS or not body.endswith(f"</{first.group(1)}>"):
        return False
    depth = 0
    for found in re.finditer(rf"<(/?){first.group(1)}[ >]", body):
        depth += -1 if found.group(1) else 1
        if depth == 0:
            return found.end() >= len(body) - 1
    return False


def plain_text(value: object) -> Clean:
    """Give plain text: of HTML its words and line breaks, of anything else itself."""
    read = text(value)
    if not isinstance(read.value, str) or not looks_like_html(read.value):
        return read
    shown = text(_plain(_brackets(read.value)[0]))
    return Clean(shown.value, tuple(dict.fromkeys((*read.notes, *shown.notes))))


def _plain(raw: str) -> str:
    reader = _Words()
    reader.feed(raw)
    reader.close()
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in reader.words().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br" or tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(data)

    def _break(self) -> None:
        self._parts.append("\n")

    def words(self) -> str:
        return "".join(self._parts)
