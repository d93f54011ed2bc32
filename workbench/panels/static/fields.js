// Draws one page of the list of fields from its traits. Every text is set as text.
const COLUMNS = ["Field", "Filled", "Looks like", "Becomes", "Sure", "Stands"];
const CELLS = ["filled", "looks_like", "becomes", "sure", "standing"];
// Said aloud as a table also where a narrow window draws each line as a card.
const ROLES = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", td: "cell" };

function make(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (ROLES[tag]) made.setAttribute("role", ROLES[tag]);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// A long path may go on in the next line behind its points and underscores.
function breakable(element, text) {
  for (const piece of text.split(/(?<=[._])/)) {
    element.append(piece, document.createElement("wbr"));
  }
  return element;
}

function render({ model, el }) {
  const table = make("table", "", { class: "wb-grid", "data-wb": "fields" });
  const caption = make("caption", "");
  const head = make("thead", "");
  const columns = make("tr", "");
  for (const name of COLUMNS) columns.append(make("th", name, { scope: "col", role: "columnheader" }));
  head.append(columns);
  const body = make("tbody", "");
  table.append(caption, head, body);
  el.classList.add("wb-fields-list");
  el.append(table);

  const buttons = () => [...body.querySelectorAll("button")];
  const stop = (at) => {
    for (const one of buttons()) one.tabIndex = one === at ? 0 : -1;
  };
  const line = (row) => {
    const tr = make("tr", "");
    const name = make("th", "", { scope: "row", role: "rowheader" });
    const button = breakable(make("button", "", { type: "button", class: "wb-open" }), row.field);
    button.dataset.field = row.field;
    button.addEventListener("click", () => model.send({ do: "open", field: row.field }));
    name.append(button);
    const cells = CELLS.map((cell, index) => {
      const about = { "data-cell": cell, "data-head": COLUMNS[index + 1] };
      return breakable(make("td", "", about), row[cell]);
    });
    tr.append(name, ...cells);
    return tr;
  };
  const mark = () => {
    const chosen = model.get("chosen");
    const all = buttons();
    for (const one of all) {
      const here = one.dataset.field === chosen;
      one.closest("tr").toggleAttribute("data-chosen", here);
      if (here) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
    stop(all.find((one) => one.dataset.field === chosen) || all[0]);
  };
  const draw = () => {
    const held = body.contains(document.activeElement) && document.activeElement.dataset.field;
    caption.textContent = model.get("caption");
    body.replaceChildren(...model.get("rows").map(line));
    mark();
    const again = held && buttons().find((one) => one.dataset.field === held);
    if (again) again.focus();
  };
  const walk = (event) => {
    const all = buttons();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    stop(next);
    next.focus();
  };
  const hear = (message) => {
    if (message.do !== "focus") return;
    const next = buttons().find((one) => one.tabIndex === 0);
    if (next) next.focus();
  };
  body.addEventListener("keydown", walk);
  model.on("change:rows", draw);
  model.on("change:caption", draw);
  model.on("change:chosen", mark);
  model.on("msg:custom", hear);
  draw();
  return () => {
    model.off("change:rows", draw);
    model.off("change:caption", draw);
    model.off("change:chosen", mark);
    model.off("msg:custom", hear);
  };
}

export default { render };
