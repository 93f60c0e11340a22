// The story's fields: what is written goes into the document, and the document into the fields.

import { $, icon, make, setAt, speak, valueAt } from "./dom.js";

const MOST_SCENES = 60;

export class Editor {
  /** `told` has: changed(), visited(path), and for a scene hear, add, crop, preview. */
  constructor(told) {
    this.told = told;
    this.document = null;
    this.bind("title", $("#title"));
    for (const name of ["presenter", "voice", "music"]) this.bind(name, $(`#${name}`));
    $("#title").addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    $("#editor").addEventListener("submit", (event) => event.preventDefault());
    $("#add").addEventListener("click", () => this.insert());
  }

  bind(path, control) {
    control.addEventListener("input", () => {
      setAt(this.document, path, control.value);
      this.told.changed();
    });
    control.addEventListener("blur", () => this.told.visited(path));
  }

  choices(desk) {
    fill($("#presenter"), desk.presenters);
    fill($("#voice"), Object.fromEntries(Object.entries(desk.voices).map(([name, described]) => [name, `${capital(name)} — ${described.split(";")[0]}`])));
    this.can = { hear: desk.can_hear, preview: desk.can_preview };
  }

  show(document, id) {
    this.document = document;
    this.id = id;
    $("#title").value = document.title ?? "";
    for (const name of ["presenter", "voice", "music"]) choose($(`#${name}`), document[name]);
    if (!Array.isArray(document.scenes)) document.scenes = [];
    this.drawScenes();
  }

  drawScenes() {
    const scenes = this.document.scenes;
    $("#scenes").replaceChildren(...scenes.map((scene, index) => this.scene(scene, index)));
    $("#add").disabled = scenes.length >= MOST_SCENES;
  }

  scene(scene, index) {
    const item = $("#scene-template").content.firstElementChild.cloneNode(true);
    const name = `Scene ${index + 1}`;
    item.dataset.index = index;
    item.setAttribute("aria-label", name);
    $("h3", item).textContent = name;
    for (const button of item.querySelectorAll("[data-icon]")) button.prepend(icon(button.dataset.icon));
    for (const field of item.querySelectorAll("[data-name]")) this.field(field, scene, index);
    this.tool(item, ".up", `Move scene ${index + 1} up`, index === 0, () => this.move(index, -1), "Alt+ArrowUp");
    this.tool(item, ".down", `Move scene ${index + 1} down`, index === this.document.scenes.length - 1, () => this.move(index, 1), "Alt+ArrowDown");
    this.tool(item, ".remove", `Remove scene ${index + 1}`, false, () => this.remove(index));
    item.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.altKey && by) { event.preventDefault(); this.move(index, by); }
    });
    $(".hear", item).hidden = !this.can.hear;
    $(".hear", item).addEventListener("click", () => this.told.hear(index, item));
    this.picture(item, index);
    return item;
  }

  field(field, scene, index) {
    const path = `scenes.${index}.${field.dataset.name}`;
    field.dataset.path = path;
    const control = $('input[type="text"], textarea', field);
    if (!control) return;
    control.id = path.replaceAll(".", "-");
    $("label", field).htmlFor = control.id;
    control.value = valueAt(scene, field.dataset.name) ?? "";
    this.bind(path, control);
  }

  tool(item, selector, label, disabled, work, shortcut) {
    const button = $(selector, item);
    Object.assign(button, { title: label, disabled });
    button.setAttribute("aria-label", label);
    if (shortcut) Object.assign(button, { title: `${label} (${shortcut})` }).setAttribute("aria-keyshortcuts", shortcut);
    button.addEventListener("click", work);
  }

  picture(item, index) {
    const frame = $(".frame", item);
    const input = $('input[type="file"]', frame);
    const take = (files) => files?.[0] && this.told.add(index, files[0], frame);
    input.setAttribute("aria-label", `Add a picture to scene ${index + 1}`);
    input.addEventListener("change", () => take(input.files));
    for (const [kind, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
      frame.addEventListener(kind, (event) => { event.preventDefault(); frame.classList.toggle("over", over); });
    }
    frame.addEventListener("drop", (event) => take(event.dataTransfer.files));
    $(".replace", item).addEventListener("click", () => input.click());
    $(".crop", item).addEventListener("click", () => this.told.crop(index));
    $(".preview", item).hidden = !this.can.preview;
    $(".preview", item).addEventListener("click", (event) => this.told.preview(index, event.currentTarget));
    this.showPicture(index, item);
  }

  /** After its picture or its alternative text has changed. */
  showPicture(index, item = $(`.scene[data-index="${index}"]`)) {
    const { file, alt } = this.document.scenes[index].picture ?? {};
    const image = $(".frame img", item);
    const there = Boolean(file && this.id);
    image.hidden = !there;
    image.alt = alt ?? "";
    if (there) image.src = this.told.address(file);
    $(".frame", item).classList.toggle("has", there);
    $(".frame-tools", item).hidden = !there;
  }

  insert() {
    this.document.scenes.push({ picture: {} });
    this.drawScenes();
    this.told.changed();
    this.focus(this.document.scenes.length - 1, ".headline input");
    speak(`Scene ${this.document.scenes.length} added`);
  }

  move(index, by) {
    const scenes = this.document.scenes;
    const to = index + by;
    if (to < 0 || to >= scenes.length) return;
    const inside = $(`.scene[data-index="${index}"]`).contains(document.activeElement) && document.activeElement.closest("[data-name]");
    [scenes[index], scenes[to]] = [scenes[to], scenes[index]];
    this.drawScenes();
    this.told.changed();
    this.focus(to, inside ? `[data-name="${inside.dataset.name}"] :is(input, textarea)` : by < 0 ? ".up" : ".down");
    speak(`Now scene ${to + 1} of ${scenes.length}`);
  }

  remove(index) {
    const [removed] = this.document.scenes.splice(index, 1);
    this.drawScenes();
    this.told.changed();
    if (index < this.document.scenes.length) this.focus(index, ".remove");
    else $("#add").focus({ preventScroll: true });
    this.told.removed(() => {
      this.document.scenes.splice(index, 0, removed);
      this.drawScenes();
      this.told.changed();
      this.focus(index, ".headline input");
    }, index);
  }

  focus(index, selector) {
    const item = $(`.scene[data-index="${index}"]`);
    const wanted = $(selector, item);
    (wanted.disabled ? $(".tools button:not(:disabled)", item) : wanted).focus();
    item.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  showSeconds(seconds) {
    for (const [index, item] of [...document.querySelectorAll(".scene")].entries()) {
      $(".seconds", item).textContent = seconds[index] ? `${Math.round(seconds[index])} s` : "";
    }
  }
}

const capital = (name) => name[0].toUpperCase() + name.slice(1);

function fill(select, choices) {
  select.replaceChildren(...Object.entries(choices).map(([value, text]) => make("option", { value, text })));
}

/** What the story says is shown even where it is none of the choices: its fault says the rest. */
function choose(select, value) {
  if (value && ![...select.options].some((option) => option.value === value)) select.append(make("option", { value, text: value }));
  select.value = value ?? "";
}
