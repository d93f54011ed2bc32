// Draws the plan of a rollback from the trait `plan`. Boxes that are ticked are kept here until
// a new plan is made of them; what the plan was made with comes ticked.
const PAGE = 20; // kept records on a page: thousands stay quick to draw and to tab through

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const number = (count) => count.toLocaleString("en");
const many = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

function render({ model, el }) {
  const root = made("section", { class: "wb-rollback" });
  el.append(root);
  let ticked = new Set();
  let page = 0;
  let busy = false;

  const plan = () => model.get("plan");
  const listed = () => [...plan().taken, ...plan().keep];

  function other() {
    const before = plan().taken.map((one) => one.name);
    return before.length !== ticked.size || before.some((name) => !ticked.has(name));
  }

  function table(kind, caption, heads, rows) {
    const head = (name) => made("th", {
      role: "columnheader", scope: "col", class: name === "records" && "wb-number",
    }, name);
    return made("table", { role: "table", class: kind }, made("caption", {}, caption),
      made("thead", { role: "rowgroup" }, made("tr", { role: "row" }, ...heads.map(head))),
      made("tbody", { role: "rowgroup" }, ...rows));
  }

  function goes() {
    const { remove, records, restore, unlink } = plan();
    const rows = remove.map(([name, count], index) => made("tr", { role: "row" },
      made("td", { role: "cell", "data-head": "step" }, `${index + 1}`),
      made("td", { role: "cell", "data-head": "model" }, name),
      made("td", { role: "cell", "data-head": "records", class: "wb-number" }, number(count))));
    const also = [
      restore && `Put back as it was: ${many(restore, "record")} that stood there before.`,
      unlink && `Only the external id goes, the record stays: ${number(unlink)}.`,
    ].filter(Boolean).join(" ");
    const shown = table("wb-goes", `${many(records, "record")} will go, in this order`,
      ["step", "model", "records"], rows);
    return also ? [shown, made("p", {}, also)] : [shown];
  }

  function tick(name, on) {
    if (on) ticked.add(name);
    else ticked.delete(name);
    // a record may stay for two reasons, and is one all the same
    for (const box of root.querySelectorAll("input[data-name]")) {
      if (box.dataset.name === name) box.checked = on;
    }
    model.send({ kind: "tick", other: other() });
    weigh();
  }

  function box_of(one, taken) {
    if (!one.takes) return made("span", {}, "it has to stay");
    const box = made("input", { type: "checkbox", "data-key": `take ${one.name}` });
    box.checked = ticked.has(one.name);
    box.dataset.name = one.name;
    box.addEventListener("change", () => tick(one.name, box.checked));
    return made("label", { class: "wb-take" }, box, taken ? "taken along " : "take along ",
      made("span", { class: "wb-heard" }, one.name));
  }

  function row_of(one) {
    const taken = plan().taken.some((other) => other.name === one.name);
    return made("tr", { role: "row" },
      made("th", { role: "rowheader", scope: "row" }, one.name),
      made("td", { role: "cell", "data-head": "model" }, one.model),
      made("td", { role: "cell", "data-head": "why" }, one.why,
        one.follows ? made("span", { class: "wb-follows" }, `If it is taken along: ${one.follows}.`) : ""),
      made("td", { role: "cell", "data-head": "choice" }, box_of(one, taken)));
  }

  function stays() {
    const all = listed();
    if (!all.length) return [made("p", {}, "Nothing of this run's stays.")];
    const pages = Math.ceil(all.length / PAGE);
    page = Math.min(page, pages - 1);
    const { taken, keep } = plan();
    const also = taken.length ? `; ${many(taken.length, "record")} would, and will be taken along` : "";
    const parts = [table("wb-stays", `${many(keep.length, "record")} will stay${also}`,
      ["record", "model", "why", "choice"],
      all.slice(page * PAGE, (page + 1) * PAGE).map(row_of))];
    if (pages > 1) {
      parts.push(made("p", { class: "wb-line" },
        button("Previous page", "previous", () => turn(-1), page === 0),
        made("span", {}, `Page ${page + 1} of ${pages}`),
        button("Next page", "next", () => turn(1), page + 1 >= pages)));
    }
    const may = new Set(all.filter((one) => one.takes).map((one) => one.name));
    if (may.size) {
      parts.push(
        made("p", { class: "wb-line" },
          button(`Tick all that may go: ${number(may.size)}`, "all", () => set(may)),
          button("Tick none", "none", () => set([]))));
    }
    return parts;
  }

  function set(these) {
    ticked = new Set(these);
    model.send({ kind: "tick", other: other() });
    draw();
  }

  function turn(by) {
    page += by;
    draw();
  }

  function button(words, key, act, off) {
    const element = made("button", { class: "wb-button", type: "button", "data-key": key }, words);
    if (off) element.disabled = true;
    else element.addEventListener("click", act);
    return element;
  }

  function replan() {
    if (busy) return;
    busy = true;
    at("replan").setAttribute("aria-disabled", "true");
    model.send({ kind: "replan", take: [...ticked] });
  }

  function weigh() {
    const words = ticked.size ? `Plan anew with ${number(ticked.size)} taken along` : "Plan anew";
    at("replan").textContent = words;
  }

  function drawn() {
    const { blockers } = plan();
    const parts = [...goes(), ...stays(),
      made("p", { class: "wb-line" }, button("Plan anew", "replan", replan))];
    if (blockers.length) {
      parts.unshift(made("div", { class: "wb-blockers" },
        made("p", {}, made("strong", {}, `⚠ ${many(blockers.length, "thing")} would stop it half-way`)),
        made("ul", {}, ...blockers.map((one) => made("li", {}, one)))));
    }
    return parts;
  }

  function at(key) {
    return [...root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  }

  function draw() {
    if (!plan().stamp) return;
    const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    root.replaceChildren(...drawn());
    weigh();
    const same = key && at(key);
    if (same) same.focus();
  }

  const anew = () => {
    busy = false;
    ticked = new Set(plan().taken.map((one) => one.name));
    draw();
  };
  model.on("change:plan", anew);
  anew();
  model.send({ kind: "tick", other: false }); // a page that is loaded anew has lost its ticks
  return () => model.off("change:plan", anew);
}

export default { render };
