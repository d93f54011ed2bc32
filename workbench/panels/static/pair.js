// Draws two records side by side from the trait `pair`, whose values are masked. Real values
// come as a message and live in this page alone: drawn anew, or hidden, they are gone.
function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let count = 0; // names of radio groups: two panels on a page must not share one

function render({ model, el }) {
  const group = `wb-pair-${(count += 1)}`;
  const root = made("section", { class: "wb-pair" });
  el.append(root);
  let draft = null;
  let real = null; // { subject, values } while they are shown
  let busy = false;

  const pair = () => model.get("pair");
  const facts = () => [...pair().core, ...pair().others];

  function values_of(index, side) {
    const shown = real && real.subject === pair().subject ? real.values[index] : null;
    const fact = facts()[index];
    const texts = shown ? shown[side === "left" ? 0 : 1] : fact[side];
    return texts.length ? texts : ["–"];
  }

  function table(caption, from, to) {
    const { left, right } = pair();
    const rows = [];
    for (let index = from; index < to; index += 1) {
      const fact = facts()[index];
      const cell = (head, side) =>
        made("td", { role: "cell", "data-head": head },
          ...values_of(index, side).map((text) => made("span", { class: "wb-value" }, text)));
      rows.push(made("tr", { role: "row", "data-agreement": fact.kind },
        made("th", { role: "rowheader", scope: "row" }, fact.label),
        cell(left, "left"), cell(right, "right"),
        made("td", { role: "cell", "data-head": "Compared", class: "wb-compared" },
          made("span", { class: "wb-sign-of", "aria-hidden": "true" }, fact.sign), fact.word)));
    }
    return made("table", { role: "table" }, made("caption", {}, caption),
      made("thead", { role: "rowgroup" }, made("tr", { role: "row" },
        ...["What", left, right, "Compared"].map((name) =>
          made("th", { role: "columnheader", scope: "col" }, name)))),
      made("tbody", { role: "rowgroup" }, ...rows));
  }

  function others() {
    const { core, others: rest, more } = pair();
    if (!rest.length) return "";
    const different = rest.filter((fact) => fact.kind !== "same").length + more;
    const box = made("details", {},
      made("summary", { "data-key": "others" },
        `Everything else they hold: ${rest.length + more} fields, ${different} of them not the same`),
      table("Everything else they hold", core.length, core.length + rest.length));
    if (more) box.append(made("p", {}, `and ${more} more`));
    box.open = draft.open;
    box.addEventListener("toggle", () => { draft.open = box.open; });
    return box;
  }

  function curtain() {
    const box = made("input", { type: "checkbox", "data-key": "real", id: `${group}-real` });
    box.checked = Boolean(real);
    box.addEventListener("change", () => {
      if (!box.checked) {
        real = null;
        draw();
      }
      model.send({ kind: "show", real: box.checked });
    });
    return made("p", { class: "wb-curtain" }, box,
      made("label", { for: `${group}-real` }, "show real values"),
      made("span", {}, "on this screen only, never saved; the ledger keeps that they were shown"));
  }

  function choices() {
    const { names, options } = pair();
    const box = made("fieldset", {}, made("legend", {}, `What becomes of ${names}?`));
    options.forEach((option, index) => {
      const id = `${group}-${index}`;
      const radio = made("input", {
        type: "radio", name: group, id, value: option.value, "data-key": `choice ${option.value}`,
        "aria-describedby": `${id}-then`,
      });
      radio.checked = draft.choice === option.value;
      radio.addEventListener("change", () => { draft.choice = option.value; });
      box.append(made("div", { class: "wb-option" }, radio,
        made("label", { for: id }, option.value + (option.proposed ? " (proposed)" : "")),
        made("span", { id: `${id}-then` }, option.follows)));
    });
    return box;
  }

  function button(words, key, act, off) {
    const element = made("button", { class: "wb-button", type: "button", "data-key": key }, words);
    if (off) element.disabled = true;
    else element.addEventListener("click", act);
    return element;
  }

  function go(by) {
    if (busy || (by < 0 ? pair().first : pair().last)) return;
    busy = true;
    model.send({ kind: "go", by });
  }

  function decide() {
    if (busy) return;
    busy = true;
    root.querySelector('[data-key="confirm"]').setAttribute("aria-disabled", "true");
    model.send({
      kind: "decide", subject: pair().subject, choice: draft.choice, comment: draft.comment,
    });
  }

  function drawn() {
    const { place, notes, why, standing, trouble, core, names, first, last, hint } = pair();
    const comment = made("input", {
      type: "text", id: `${group}-comment`, "data-key": "comment", autocomplete: "off",
      placeholder: hint,
    });
    comment.value = draft.comment;
    comment.addEventListener("input", () => { draft.comment = comment.value; });
    return [
      made("h4", { tabindex: "-1", "data-key": "heading" }, place),
      made("p", {}, standing),
      notes && made("p", {}, `⚠ ${notes}`),
      made("p", {}, why),
      curtain(),
      table("Who they are", 0, core.length),
      others(),
      choices(),
      made("p", { class: "wb-line" },
        made("label", { for: comment.id }, "Comment, with the reason"), comment),
      made("p", { class: "wb-line" }, button(`Confirm ${names}`, "confirm", decide)),
      trouble && made("p", { class: "wb-trouble" }, `⚠ Not done: ${trouble}`),
      made("p", { class: "wb-line" },
        button("Previous pair", "previous", () => go(-1), first),
        button("Next pair", "next", () => go(1), last),
        made("span", {}, "The keys p and n do the same, outside a text.")),
    ].filter(Boolean);
  }

  function at(key) {
    return [...root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  }

  function draw() {
    const key = root.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    const now = pair();
    if (!now.subject) {
      root.replaceChildren(made("p", { tabindex: "-1", "data-key": "heading" },
        "No pair is listed here."));
      return;
    }
    if (!draft || draft.stamp !== now.stamp || draft.subject !== now.subject) {
      draft = {
        subject: now.subject, stamp: now.stamp, choice: now.current, comment: now.comment,
        open: Boolean(draft && draft.open),
      };
    }
    root.replaceChildren(...drawn());
    const same = key && at(key);
    if (same) same.focus();
  }

  const anew = () => {
    busy = false;
    // values of another pair are not kept for the moment when somebody comes back to it
    if (real && real.subject !== pair().subject) real = null;
    draw();
  };
  const told = (message) => {
    if (message.kind === "focus") at("heading")?.focus();
    if (message.kind === "reveal") {
      // it may overtake the pair that it is about, and is then drawn with it
      real = { subject: message.subject, values: message.values };
      if (real.subject === pair().subject) draw();
    }
  };
  const keys = (event) => {
    const typing = event.target.matches('input[type="text"]');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key !== "n" && event.key !== "p") return;
    event.preventDefault();
    go(event.key === "n" ? 1 : -1);
  };
  root.addEventListener("keydown", keys);
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
