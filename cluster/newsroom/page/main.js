// The newsroom page: a list of stories, and the one that is open.

import { api } from "./api.js";
import { $, clock, say, soon, speak } from "./dom.js";
import { Draft } from "./draft.js";
import { Editor } from "./editor.js";
import { Faults } from "./faults.js";
import { hear } from "./hearing.js";
import { drawList } from "./list.js";
import { dismiss, notice } from "./notice.js";
import { addPicture, cropPicture, previewScene } from "./pictures.js";
import { Watch } from "./watch.js";

const NEW = "new";
const here = { desk: null, draft: null, faults: new Faults(), at: null };

const editor = new Editor({
  changed: () => { here.draft.touched(); check(); act(); },
  visited: (path) => { here.faults.visited.add(path); check(); editor.document.scenes.forEach((_, index) => editor.showPicture(index)); },
  address: (file) => api.picture(here.draft.id, file),
  removed: (undo, index) => notice(`Scene ${index + 1} removed`, "", { Undo: undo, Dismiss: () => {} }, "status").focus(),
  hear: (_, item) => attempt(() => hear(here.draft.document, item)),
  add, crop,
  preview: (index, button) => attempt(async () => previewScene(await here.draft.settled(), index, here.draft.document, button)),
});
const watch = new Watch({ state: (at) => { here.at = at; act(); refreshSoon(); } });
const list = () => drawList(() => here.draft?.id);
const check = soon(checkNow, 300);
const refreshSoon = soon(list, 400);
const findSoon = soon(list, 200);

async function checkNow() {
  const draft = here.draft;
  try {
    const told = await api.check(draft.document, draft.id);
    if (draft !== here.draft) return;
    here.faults.set(told.faults);
    editor.showSeconds(told.seconds);
    $("#total").textContent = clock(told.total);
    const words = draft.document.scenes.reduce((sum, scene) => sum + (scene.narration ?? "").split(/\s+/).filter(Boolean).length, 0);
    const scenes = draft.document.scenes.length;
    $("#counts").textContent = `about this long · ${scenes} ${scenes === 1 ? "scene" : "scenes"}, ${words} words`;
    tellFaults();
  } catch { /* the next key asks again */ }
}

function tellFaults() {
  const count = here.faults.shown.length;
  const ready = here.desk.may_publish ? "" : "A publisher sends it off.";
  say($("#faults"), count ? `${count} ${count === 1 ? "thing" : "things"} to mend first` : ready);
}

const asked = () => decodeURIComponent(location.hash.replace(/^#\/?/, ""));

/** Nothing can be written into a story before it is there. */
function reveal(there) {
  for (const part of [$("#story"), $(".rail")]) part.hidden = !there;
}

async function route() {
  const id = asked();
  if (here.draft && id === (here.draft.id ?? NEW)) return;
  here.draft?.close();
  watch.close();
  here.draft = null;
  document.body.dataset.view = id ? "story" : "list";
  reveal(false);
  dismiss();
  if (id) await open(id);
  else document.title = "Newsroom";
  await list();
}

async function open(id) {
  let view = null;
  try {
    view = id === NEW ? null : await api.open(id);
  } catch (error) {
    location.hash = "#/";
    speak(error.message);
    return say($("#saved"), error.message);
  }
  if (id !== asked()) return undefined;
  here.draft = new Draft(view, { writing, saving, saved, lost, changed });
  here.faults = new Faults();
  here.at = view ?? { state: "draft", revision: 0, video: null, run: null };
  document.title = `${view?.document.title || "New story"} · Newsroom`;
  $("#saved").textContent = "";
  editor.show(here.draft.document, here.draft.id);
  $("#priority").value = "normal";
  if (view) watch.follow(view);
  else watch.show(here.at);
  act();
  reveal(true);
  $("#story").setAttribute("aria-label", view?.document.title || "New story");
  (id === NEW ? $("#title") : $("#story")).focus({ preventScroll: true });
  return checkNow();
}

const writing = () => ($("#saved").textContent = "");
const saving = () => ($("#saved").textContent = "Saving…");

function saved(view, isNew) {
  if (here.draft?.id !== view.id) return refreshSoon(); // another story is open by now
  $("#saved").textContent = "Saved";
  editor.id = view.id;
  if (isNew) {
    history.replaceState(null, "", `#/${view.id}`);
    list();
  }
  document.title = `${view.document.title || "Untitled"} · Newsroom`;
  Object.assign(here.at, { revision: view.revision });
  act();
  refreshSoon();
}

function lost(error) {
  const told = error.status && error.status < 500 ? `Not saved: ${error.message}` : "Not saved yet, trying again…";
  $("#saved").textContent = told;
  speak(told);
}

function changed(theirs) {
  const title = theirs.document.title || "Untitled";
  $("#saved").textContent = "Not saved";
  notice("Somebody else has saved this story", `Theirs is “${title}”. Yours is still here; nothing of it is lost until you choose.`, {
    "See theirs": () => { here.draft.closed = true; here.draft = null; route(); },
    "Keep mine": () => here.draft.keepMine(theirs),
  });
}

/** What the buttons may do now. */
function act() {
  const { state, revision } = here.at;
  const unsent = !revision || here.draft.dirty || here.draft.view?.changed;
  const underWay = ["queued", "running", "sent"].includes(state);
  const [send, cancel] = [$("#send"), $("#cancel")];
  cancel.hidden = !(underWay && here.desk.may_publish);
  send.disabled = !here.desk.may_publish || (!unsent && (underWay || state === "succeeded"));
  send.textContent = unsent
    ? revision ? `Make revision ${revision + 1}` : "Make the video"
    : { failed: "Try again", cancelled: "Make it again", succeeded: "The video is up to date" }[state] ?? "Being made";
  urgency(unsent);
}

/** A revision keeps the urgency it was first sent off with. */
function urgency(unsent) {
  $(".priority").hidden = !here.desk.may_publish;
  const choice = $("#priority");
  if (!unsent && here.at.run) choice.value = here.at.run.priority;
  else if (unsent && choice.disabled) choice.value = "normal";
  choice.disabled = !unsent;
}

/** What has become of the story; the button has nothing left to do, and who pressed it goes on where the story does. */
function follow(view, button) {
  const asked = document.activeElement === $(button);
  watch.follow(view);
  if (asked) $("#watch-title").focus({ preventScroll: true });
}

async function send() {
  await attempt(async () => {
    here.faults.strict = true;
    await here.draft.settled();
    await checkNow();
    if (here.faults.all.length) return here.faults.focusFirst();
    const view = await api.send(here.draft.id, here.draft.tag, $("#priority").value);
    Object.assign(here.draft, { view, tag: view.etag });
    follow(view, "#send");
    speak("Sent off");
    return refreshSoon();
  });
}

function add(index, file, frame) {
  return attempt(async () => {
    const picture = await addPicture(await here.draft.settled(), file, frame);
    put(index, picture);
    speak("Picture added");
  });
}

function crop(index) {
  return attempt(async () => {
    const picture = await cropPicture(await here.draft.settled(), here.draft.document.scenes[index].picture.file);
    if (picture) put(index, picture);
  });
}

function put(index, file) {
  const scene = here.draft.document.scenes[index];
  const shown = $(`.scene[data-index="${index}"]`);
  const asked = $(".frame", shown).contains(document.activeElement);
  scene.picture = { ...scene.picture, file };
  editor.showPicture(index);
  if (asked) $(".crop", shown).focus();
  here.draft.touched();
  check();
  act();
}

/** Whatever goes wrong is told where it was asked for. */
async function attempt(work) {
  dismiss();
  try {
    return await work();
  } catch (error) {
    return notice(error.message, "", { Dismiss: () => {} });
  }
}

here.desk = await api.desk();
$("#person").textContent = here.desk.person.endsWith("@this.machine") ? "On this machine" : here.desk.person;
editor.choices(here.desk);

// At once, not when the browser reports the new address: what is typed next belongs to the new story.
$("#new").addEventListener("click", () => { location.hash = `#/${NEW}`; route(); });
$("#find").addEventListener("input", () => findSoon());
$("#send").addEventListener("click", send);
$("#cancel").addEventListener("click", () => attempt(async () => follow(await api.cancel(here.draft.id), "#cancel")));
$(".skip").addEventListener("click", (event) => { event.preventDefault(); $("#story").focus(); });
window.addEventListener("hashchange", route);
window.addEventListener("beforeunload", (event) => { if (here.draft?.dirty) { here.draft.save(); event.preventDefault(); } });
window.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || !here.draft) return;
  if (event.key === "s") { event.preventDefault(); here.draft.save().then(() => here.draft?.dirty || speak("The story is saved")); }
  if (event.key === "Enter" && !$("#send").disabled && !document.querySelector("dialog[open]")) { event.preventDefault(); send(); }
});

$("#new").disabled = false;
await route();
