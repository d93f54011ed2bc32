// Draws records before and after. Real values come as a message of the moment and live in the
// page alone; the model holds masked ones, so that a saved notebook has nothing else.
const COLUMNS = ["Record", "Before", "After", "To be said"];

function make(tag, text) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  return made;
}

function render({ model, el }) {
  el.dataset.wb = "preview";
  const summary = make("p", "");
  const label = make("label", "");
  label.className = "wb-show-real";
  const box = make("input", "");
  box.type = "checkbox";
  label.append(box, make("span", "Show real values here (on this screen only, never saved)"));
  const table = make("table", "");
  table.className = "wb-grid";
  const caption = make("caption", "");
  const head = make("thead", "");
  const columns = make("tr", "");
  for (const name of COLUMNS) {
    const th = make("th", name);
    th.scope = "col";
    columns.append(th);
  }
  head.append(columns);
  const body = make("tbody", "");
  table.append(caption, head, body);
  el.append(summary, label, table);

  const fill = (rows, real) => {
    caption.textContent = real
      ? "Preview with real values: patient data"
      : "Preview, masked: a for letters, 9 for digits";
    body.replaceChildren(
      ...rows.map(([record, ...cells]) => {
        const tr = make("tr", "");
        const th = make("th", record);
        th.scope = "row";
        tr.append(th, ...cells.map((cell) => make("td", cell)));
        return tr;
      }),
    );
    table.hidden = rows.length === 0;
    label.hidden = rows.length === 0;
  };
  const draw = () => {
    summary.textContent = model.get("summary");
    fill(model.get("rows"), false);
  };
  const hear = (message) => {
    if (message.do === "real" && box.checked) fill(message.rows, true);
    if (message.do === "hide") {
      box.checked = model.get("aside");
      draw();
      if (box.checked) ask();
    }
  };
  const ask = () => {
    if (!box.checked) draw();
    model.send({ do: "show", on: box.checked });
  };
  box.addEventListener("change", ask);
  model.on("change:rows", draw);
  model.on("change:summary", draw);
  model.on("msg:custom", hear);
  draw();
  box.checked = model.get("aside"); // a page that is loaded anew is masked, unless all are not
  model.send({ do: "show", on: box.checked });
  return () => {
    model.off("change:rows", draw);
    model.off("change:summary", draw);
    model.off("msg:custom", hear);
  };
}

export default { render };
