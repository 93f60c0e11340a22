// Faults at their fields, in the contract's own words.

import { $, make } from "./dom.js";

const EMPTY = new Set(["is missing", "is empty"]);

/** A field that nobody has come to yet is not called empty; `strict`, once the story was to be sent off, calls everything. */
export class Faults {
  constructor() {
    this.visited = new Set();
    this.strict = false;
    this.all = [];
  }

  set(faults) {
    this.all = faults.map((fault) => ({ path: fieldOf(fault.path.join(".")), message: fault.message }));
    this.show();
  }

  get shown() {
    return this.all.filter(({ path, message }) => this.strict || !EMPTY.has(message) || this.visited.has(path));
  }

  show() {
    const shown = new Map();
    for (const fault of this.shown) if (!shown.has(fault.path)) shown.set(fault.path, fault.message);
    for (const field of document.querySelectorAll("[data-path]")) mark(field, shown.get(field.dataset.path));
  }

  /** Bring the first fault before the person's eyes. */
  focusFirst() {
    const marked = $(".field .fault")?.closest(".field");
    if (!marked) return;
    const control = [...marked.querySelectorAll("input, textarea, select, button")].find((one) => one.checkVisibility());
    if (!control) marked.tabIndex = -1;
    (control ?? marked).focus();
    marked.scrollIntoView({ block: "center", behavior: "smooth" });
  }
}

/** The field a fault belongs to: `scenes.0.picture` is told at the picture itself, what has no field at the whole. */
function fieldOf(path) {
  if (/^scenes\.\d+\.picture$/.test(path)) return `${path}.file`;
  for (let part = path; part; part = part.replace(/\.?[^.]*$/, "")) {
    if ($(`[data-path="${CSS.escape(part)}"]`)) return part;
  }
  return "scenes";
}

function mark(field, message) {
  const control = $("input, textarea, select", field);
  const old = $(".fault", field);
  if (!message) {
    old?.remove();
    control?.removeAttribute("aria-invalid");
    control?.removeAttribute("aria-describedby");
    return;
  }
  if (old?.textContent === message) return;
  old?.remove();
  const id = `fault-${field.dataset.path.replaceAll(".", "-")}`;
  field.append(make("p", { className: "fault", id, text: message }));
  control?.setAttribute("aria-invalid", "true");
  control?.setAttribute("aria-describedby", id);
}
