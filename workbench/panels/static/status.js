// Draws the status line from its traits. The element stays, only its text changes:
// a replaced element is not reliably announced.
function draw_line({ model, el }) {
  const line = document.createElement("div");
  line.setAttribute("role", "status");
  line.setAttribute("aria-live", "polite");
  line.dataset.wb = "status";
  el.append(line);

  const draw = () => {
    const message = model.get("message");
    const trouble = model.get("trouble");
    line.textContent = message && trouble ? `⚠ Not done: ${message}` : message;
    line.dataset.trouble = String(trouble);
  };
  model.on("change:message", draw);
  model.on("change:trouble", draw);
  draw();
  return () => {
    model.off("change:message", draw);
    model.off("change:trouble", draw);
  };
}

// JupyterLab takes plain keys for itself while a list or a button has the focus: the arrow
// keys would go to the next cell in place of the next option, and "d d" would delete the cell.
// It lets an element alone that carries this mark, so the mark is set for plain keys and
// taken away for Escape and for anything with Ctrl, Alt or Cmd (saving still works).
const MARK = "data-lm-suppress-shortcuts";

function keep_plain_keys({ el }) {
  const weigh = (event) => {
    const at = document.activeElement;
    const panel = el.closest(".wb-panel");
    if (!at || !panel || !panel.contains(at)) return;
    const labs = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape";
    if (labs) at.removeAttribute(MARK);
    else at.setAttribute(MARK, "true");
  };
  // the window hears a key before the document, where JupyterLab listens
  window.addEventListener("keydown", weigh, true);
  return () => window.removeEventListener("keydown", weigh, true);
}

function render(widget) {
  const undo = [draw_line(widget), keep_plain_keys(widget)];
  return () => undo.forEach((step) => step());
}

export default { render };
