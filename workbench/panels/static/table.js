// Draws a table of questions from the traits. Texts are set as text, never as HTML. What a
// person has chosen or written and not confirmed is kept here until the line itself changes.
const OTHER = "\u0000another";
const CHOOSE = "(choose)";

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A button acts once until it is drawn anew. It is not `disabled`: that would take the focus
// from it, and who works by keyboard would have to begin again at the top of the page.
function once(button, act) {
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    act();
  });
}

function render({ model, el }) {
  const drafts = new Map();
  let wanted = "";
  let real = null; // { drawn, values }: real values for what is drawn, or is about to be
  const root = made("div", { class: "wb-table" });
  el.append(root);

  function draft_of(line) {
    const held = drafts.get(line.subject);
    if (held && held.stamp === line.stamp) return held;
    const offered = line.options.some((group) => group.choices.some(([c]) => c === line.current));
    const fresh = {
      stamp: line.stamp,
      choice: line.current && !offered && line.free ? OTHER : offered ? line.current : "",
      other: offered ? "" : line.current,
      comment: line.comment,
    };
    drafts.set(line.subject, fresh);
    return fresh;
  }

  function picker(line, draft) {
    const select = made("select", {
      "aria-label": line.label, "data-wb": "choice", "data-key": `choice ${line.subject}`,
    });
    select.append(made("option", { value: "" }, CHOOSE));
    for (const group of line.options) {
      const box = group.label ? made("optgroup", { label: group.label }) : select;
      for (const [value, words] of group.choices) box.append(made("option", { value }, words));
      if (box !== select) select.append(box);
    }
    if (line.free) select.append(made("option", { value: OTHER }, "another: write it"));
    select.value = draft.choice;
    return select;
  }

  function field(line, kind, words, value, hint) {
    const input = made("input", {
      type: "text", "data-wb": kind, "data-key": `${kind} ${line.subject}`, placeholder: hint,
      "aria-label": words, autocomplete: "off",
    });
    input.value = value;
    return input;
  }

  function choice_cell(line, confirm) {
    const draft = draft_of(line);
    const select = picker(line, draft);
    const other = field(line, "other", `Another: ${line.label}`, draft.other, "write it");
    const comment = field(line, "comment", `Comment on ${line.about}`, draft.comment,
      model.get("hint"));
    const wanted = () => (select.value === OTHER ? other.value.trim() : select.value);
    const weigh = () => {
      const value = wanted();
      other.hidden = select.value !== OTHER;
      // a reason is asked for where somebody departs from what is proposed
      comment.hidden = !value || (value === line.proposal && !draft.comment);
    };
    select.addEventListener("change", () => {
      draft.choice = select.value;
      weigh(); // the focus stays: arrow keys pass by an option without choosing it
    });
    other.addEventListener("input", () => { draft.other = other.value; weigh(); });
    comment.addEventListener("input", () => { draft.comment = comment.value; });
    once(confirm, () => model.send({
      kind: "decide", subject: line.subject, choice: wanted(), comment: comment.value,
    }));
    weigh();
    return line.free ? [select, other, comment] : [select, comment];
  }

  function table_row(line, heads) {
    const row = made("tr", { role: "row", "data-state": line.open ? "open" : "decided" });
    const cell = (name, ...content) =>
      made("td", { role: "cell", "data-head": name }, ...content.filter(Boolean));
    const shown = (real && real.drawn === model.get("drawn") && real.values[line.subject]) || [];
    line.cells.forEach((one, index) => {
      const text = made("span", { class: "wb-known" }, shown[index] ?? one.text);
      const sign = one.sign && made("span", { class: "wb-sign" }, one.sign);
      const number = /^[\d,]+$/.test(one.text) && index > 0;
      const inside = index ? cell(heads[index], text, sign)
        : made("th", { role: "rowheader", scope: "row", "data-head": heads[index] }, text, ...(sign ? [sign] : []));
      if (number) inside.classList.add("wb-number");
      row.append(inside);
    });
    const known = line.cells.length;
    const confirm = made("button", {
      class: "wb-button", type: "button", "data-wb": "confirm", "data-key": `confirm ${line.subject}`,
    }, "Confirm", made("span", { class: "wb-heard" }, ` ${line.about}`));
    row.append(
      cell(heads[known], ...choice_cell(line, confirm)),
      cell(heads[known + 1], made("span", {}, line.why)),
      cell(heads[known + 2], confirm, made("span", { class: "wb-standing" }, line.standing),
        line.trouble && made("span", { class: "wb-trouble" }, `⚠ Not done: ${line.trouble}`)),
    );
    return row;
  }

  function section_of(section, heads) {
    const table = made("table", { role: "table" }, made("caption", {}, section.caption),
      made("thead", { role: "rowgroup" }, made("tr", { role: "row" },
        ...heads.map((name) => made("th", { role: "columnheader", scope: "col" }, name)))),
      made("tbody", { role: "rowgroup" }, ...section.lines.map((line) => table_row(line, heads))));
    const parts = [table];
    if (section.accept) {
      const accept = made("button", {
        class: "wb-button", type: "button", "data-key": `accept ${section.name}`,
      }, section.accept);
      once(accept, () => model.send({ kind: "accept", section: section.name }));
      parts.push(accept);
    }
    return made("div", { class: "wb-section" }, ...parts);
  }

  function at(key) {
    return [...root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  }

  function draw() {
    const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    const heads = model.get("heads");
    const sections = model.get("sections");
    root.replaceChildren(...sections.map((section) => section_of(section, heads)));
    if (!sections.length) root.append(made("p", {}, "No question is listed here."));
    const next = at(wanted) || at(key);
    if (next) next.focus();
    wanted = "";
  }

  // a message may overtake the lines that it is about: then it is kept until they are drawn
  const told = (message) => {
    if (message.kind === "reveal") {
      real = message;
      if (real.drawn === model.get("drawn")) draw();
    }
    if (message.kind !== "focus") return;
    const key = `choice ${message.subject}`;
    wanted = at(key) ? "" : key;
    at(key)?.focus();
  };
  const anew = () => {
    // values of other lines are not kept for the moment when somebody comes back to them
    if (real && real.drawn < model.get("drawn")) real = null;
    draw();
  };
  model.on("change:drawn", anew);
  model.on("msg:custom", told);
  draw();
  model.send({ kind: "ready" });
  return () => {
    model.off("change:drawn", anew);
    model.off("msg:custom", told);
  };
}

export default { render };
