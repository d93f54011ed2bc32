// Draws how every field compared, from the traits: a number in words' columns, a bar beside it.
// The bar only repeats the number; it is not read aloud.
const KINDS = ["equal", "tolerated", "different"];

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function render({ model, el }) {
  const root = made("section", { class: "wb-sample" });
  el.append(root);
  let open = false;

  function bar(field, kind) {
    const cells = KINDS.reduce((sum, one) => sum + field[one], 0);
    const line = made("span", { class: "wb-bar", "data-kind": kind, "aria-hidden": "true" });
    // what is there is seen, however little of the whole it is
    line.style.width = `${Math.max((100 * field[kind]) / cells, 3)}%`;
    return made("span", { class: "wb-bar-room", "aria-hidden": "true" }, field[kind] ? line : "");
  }

  function row_of(field) {
    const look = made("button", { class: "wb-button", type: "button", "data-key": field.name },
      "Look", made("span", { class: "wb-heard" }, ` at ${field.name}`));
    look.addEventListener("click", () => model.send({ kind: "look", field: field.name }));
    return made("tr", { role: "row" },
      made("th", { role: "rowheader", scope: "row" }, field.name),
      ...KINDS.map((kind) => made("td", { role: "cell", "data-head": kind },
        made("span", { class: "wb-count" }, field[kind].toLocaleString("en")), bar(field, kind))),
      made("td", { role: "cell", "data-head": "by rule" }, field.rules || "–"),
      made("td", { role: "cell" }, field.tolerated + field.different ? look : ""));
  }

  function table(caption, fields) {
    const heads = ["field", ...KINDS, "by rule", "look"];
    return made("table", { role: "table", class: "wb-fields" }, made("caption", {}, caption),
      made("thead", { role: "rowgroup" }, made("tr", { role: "row" },
        ...heads.map((name) => made("th", { role: "columnheader", scope: "col" }, name)))),
      made("tbody", { role: "rowgroup" }, ...fields.map(row_of)));
  }

  function draw() {
    const fields = model.get("fields");
    const apart = fields.filter((field) => field.tolerated + field.different);
    const same = fields.filter((field) => !(field.tolerated + field.different));
    const parts = [made("p", {}, made("strong", {}, model.get("sums")))];
    if (apart.length) parts.push(table("Fields that are not equal everywhere", apart));
    if (same.length) {
      const words = `${same.length} ${same.length === 1 ? "field is" : "fields are"} equal everywhere`;
      const box = made("details", {}, made("summary", {}, words), table("Equal everywhere", same));
      box.open = open || !apart.length;
      box.addEventListener("toggle", () => { open = box.open; });
      parts.push(box);
    }
    root.replaceChildren(...parts);
  }

  model.on("change:fields", draw);
  model.on("change:sums", draw);
  draw();
  return () => {
    model.off("change:fields", draw);
    model.off("change:sums", draw);
  };
}

export default { render };
