// The list of stories: the newest first, or those of a name.

import { MOST_LISTED, api } from "./api.js";
import { $, make, say } from "./dom.js";

const STATES = {
  draft: "Draft", sent: "Sent off", queued: "Waiting", running: "Being made", succeeded: "Video ready", failed: "Failed", cancelled: "Cancelled",
};

let latest = 0;

/** `current` tells which story is open by then. An answer that a later request has overtaken, or none, leaves the list as it is. */
export async function drawList(current) {
  const words = $("#find").value;
  const request = ++latest;
  const stories = await api.list(words).catch(() => null);
  if (!stories || request !== latest || words !== $("#find").value) return;
  $("#find").hidden = !words && !stories.length;
  say($("#no-stories"), told(stories.length, words));
  const focused = $("#list").contains(document.activeElement) && document.activeElement.hash;
  $("#list").replaceChildren(...stories.map((story) => item(story, current())));
  if (focused) [...$("#list").querySelectorAll("a")].find((link) => link.hash === focused)?.focus({ preventScroll: true });
}

function item({ id, title, state, changed, revision }, current) {
  const said = STATES[state] + (changed && revision ? ", changed since" : "");
  const link = make("a", { href: `#/${id}` }, make("span", { className: "called", text: title || "Untitled" }));
  link.append(make("span", { className: "state" }, make("span", { className: `dot ${state}` }), said));
  if (id === current) link.setAttribute("aria-current", "page");
  return make("li", {}, link);
}

function told(count, words) {
  if (count === MOST_LISTED) return `The ${count} newest; find others by their names.`;
  if (count) return "";
  return words ? "No story is called that." : "No story yet. Begin one: it is kept as you write.";
}
