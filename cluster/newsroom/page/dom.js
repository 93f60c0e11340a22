// Small hands: find, make, speak. Text enters the page as text alone; nothing here can make markup of it.

export const $ = (selector, within = document) => within.querySelector(selector);

/** An element with text, classes and attributes. */
export function make(tag, { text = "", className = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const PATHS = {
  up: "M8 13V3M3.5 7.5 8 3l4.5 4.5",
  down: "M8 3v10M3.5 8.5 8 13l4.5-4.5",
  remove: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  play: "M5 3.2v9.6L12.5 8z",
  stop: "M4 4h8v8H4z",
};

export function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}

/** Text of a live region: what it says already is not said again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Tell a screen reader what a person can see. */
export function speak(text) {
  $("#spoken").textContent = "";
  requestAnimationFrame(() => ($("#spoken").textContent = text));
}

export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds) % 60).padStart(2, "0")}`;

/** Call later, and only once for many calls close together. */
export function soon(work, milliseconds) {
  let timer = 0;
  const later = (wait = milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  };
  return later;
}

export function valueAt(whole, path) {
  return path.split(".").reduce((part, name) => (part === undefined || part === null ? undefined : part[name]), whole);
}

/** Set a value; an empty text is a value that is not there. */
export function setAt(whole, path, value) {
  const names = path.split(".");
  const last = names.pop();
  const inner = names.reduce((part, name) => (part[name] ??= {}), whole);
  if (value === "" || value === undefined) delete inner[last];
  else inner[last] = value;
}
