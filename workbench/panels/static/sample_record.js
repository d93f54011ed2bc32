// Draws one record cell by cell from the trait `record`, whose values are masked. Real values
// come as a message and live in this page alone: drawn anew, or hidden, they are gone.
const LONG = 400; // characters from which a value gets a window of its own to scroll in

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let count = 0; // names of controls: two panels on a page must not share one

function render({ model, el }) {
  const group = `wb-sample-${(count += 1)}`;
  const root = made("section", { class: "wb-sample" });
  el.append(root);
  let real = null; // { stamp, values } of what is drawn, or of what is about to be
  let shown = false; // whether real values are asked for
  let wanted = 0; // the stamp of the record that the focus waits for
  let busy = false;

  const record = () => model.get("record");

  function value_of(cell, index, name, text) {
    const told = real && real.stamp === record().stamp ? real.values[index] : null;
    const words = told ? told[["source", "expected", "actual"].indexOf(name)] : cell[name];
    const long = words.length > LONG;
    return made("td", { role: "cell", "data-head": text },
      made("span", { class: long ? "wb-value wb-long" : "wb-value", tabindex: long ? "0" : false },
        words));
  }

  function row_of(cell, index) {
    const verdict = made("td", { role: "cell", "data-head": "verdict" },
      made("span", { class: "wb-sign-of", "aria-hidden": "true" }, cell.sign),
      made("span", { class: "wb-compared" }, cell.kind),
      cell.rule ? made("code", { class: "wb-rule" }, cell.rule) : "",
      cell.why ? made("span", { class: "wb-why" }, cell.why) : "");
    return made("tr", { role: "row", "data-kind": cell.kind },
      made("th", { role: "rowheader", scope: "row" }, cell.field,
        cell.origin ? made("span", { class: "wb-origin" }, `from ${cell.origin}`) : ""),
      value_of(cell, index, "source", "PracticeHub"),
      made("td", { role: "cell", "data-head": "transform" }, cell.transform || "–"),
      value_of(cell, index, "expected", "expected"),
      value_of(cell, index, "actual", "Odoo"),
      verdict);
  }

  function table() {
    const heads = ["field", "PracticeHub", "transform", "expected", "Odoo", "verdict"];
    const { cells, place } = record();
    return made("table", { role: "table", class: "wb-cells", "aria-label": place },
      made("thead", { role: "rowgroup" }, made("tr", { role: "row" },
        ...heads.map((name) => made("th", { role: "columnheader", scope: "col" }, name)))),
      made("tbody", { role: "rowgroup" }, ...cells.map(row_of)));
  }

  function curtain() {
    const box = made("input", { type: "checkbox", "data-key": "real", id: `${group}-real` });
    box.checked = shown;
    box.addEventListener("change", () => {
      shown = box.checked;
      if (!shown) {
        real = null;
        draw();
      }
      model.send({ kind: "show", real: shown });
    });
    return made("p", { class: "wb-curtain" }, box,
      made("label", { for: `${group}-real` }, "show real values"),
      made("span", {}, "on this screen only, never saved; the ledger keeps which records were shown"));
  }

  function button(words, key, act, off) {
    const element = made("button", { class: "wb-button", type: "button", "data-key": key }, words);
    if (off) element.disabled = true;
    else element.addEventListener("click", act);
    return element;
  }

  function go(by) {
    if (busy || !record().record || (by < 0 ? record().first : record().last)) return;
    busy = true;
    model.send({ kind: "go", by });
  }

  function drawn() {
    const { place, of, counts, first, last } = record();
    return [
      made("h4", { tabindex: "-1", "data-key": "heading" }, place),
      made("p", {}, `${of}: ${counts}`),
      curtain(),
      table(),
      made("p", { class: "wb-line" },
        button("Previous record", "previous", () => go(-1), first),
        button("Next record", "next", () => go(1), last),
        made("span", {}, "The keys p and n do the same.")),
    ];
  }

  function at(key) {
    return [...root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  }

  function draw() {
    const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    if (record().record) root.replaceChildren(...drawn());
    else root.replaceChildren(made("p", { tabindex: "-1", "data-key": "heading" },
      "No record has such a cell."));
    const next = (wanted && wanted === record().stamp && at("heading")) || (key && at(key));
    if (next) next.focus();
    if (wanted === record().stamp) wanted = 0;
  }

  const anew = () => {
    busy = false;
    // values of another record are not kept for the moment when somebody comes back to it
    if (real && real.stamp < record().stamp) real = null;
    draw();
  };
  // a message may overtake the record that it is about, and is then acted on with it
  const told = (message) => {
    if (message.kind === "focus") {
      wanted = message.stamp;
      if (wanted === record().stamp) {
        wanted = 0;
        at("heading")?.focus();
      }
    }
    if (message.kind === "reveal") {
      shown = true;
      real = { stamp: message.stamp, values: message.values };
      if (real.stamp === record().stamp) draw();
    }
  };
  const keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "n" && event.key !== "p") return;
    event.preventDefault();
    go(event.key === "n" ? 1 : -1);
  };
  root.addEventListener("keydown", keys);
  model.on("change:record", anew);
  model.on("msg:custom", told);
  draw();
  model.send({ kind: "ready" });
  return () => {
    model.off("change:record", anew);
    model.off("msg:custom", told);
  };
}

export default { render };
