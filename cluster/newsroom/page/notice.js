// One notice above the story: what went wrong or was taken away, and what may be done about it.

import { $, make } from "./dom.js";

let before = null;

/** Show it; its first button. `choices` are the buttons' names with what each does. */
export function notice(title, text, choices, role = "alert") {
  const buttons = Object.entries(choices).map(([name, work]) => {
    const button = make("button", { type: "button", className: "small", text: name });
    button.addEventListener("click", () => { dismiss(); work(); });
    return button;
  });
  const box = $("#notice");
  box.setAttribute("role", role);
  box.replaceChildren(make("strong", { text: title }), ...(text ? [make("p", { text })] : []), make("p", { className: "row" }, ...buttons));
  box.hidden = false;
  box.scrollIntoView({ block: "nearest", behavior: "smooth" });
  before = document.activeElement;
  return buttons[0];
}

/** Take it away; whoever is in it goes back to where they were. */
export function dismiss() {
  const inside = $("#notice").contains(document.activeElement);
  $("#notice").hidden = true;
  if (inside) (before?.isConnected ? before : $("#story")).focus();
}
