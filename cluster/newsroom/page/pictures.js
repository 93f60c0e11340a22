// Pictures: added, cropped to the panel they will fill, previewed in their scene.

import { api } from "./api.js";
import { $, speak } from "./dom.js";

const PANEL = 1152 / 646; // the picture's place on the screen
const WHOLE = 10_000;

export async function addPicture(id, file, frame) {
  frame.classList.add("busy");
  try {
    return (await api.addPicture(id, file)).file;
  } finally {
    frame.classList.remove("busy");
  }
}

const nameOf = (file) => file.replace(/^pictures\//, "");
const originalOf = (name) => `${name.slice(0, 20)}.jpg`;

/** Let a person choose the part of a picture that is shown; the cropped picture's name, or nothing. */
export async function cropPicture(id, file) {
  const name = nameOf(file);
  const image = $("#whole");
  image.src = api.picture(id, `pictures/${originalOf(name)}`);
  await image.decode();
  const sliders = { zoom: $("#zoom"), across: $("#across"), down: $("#down") };
  start(sliders, name, image);
  const draw = () => place(part(sliders, image));
  const undo = [on(image, "load", draw), ...Object.values(sliders).map((slider) => on(slider, "input", draw)), drag(sliders, image, draw)];
  draw();
  $("#crop").showModal();
  draw();
  try {
    if (!(await decided())) return undefined;
    return (await api.cropPicture(id, originalOf(name), rounded(part(sliders, image)))).file;
  } finally {
    for (const work of undo) work();
  }
}

/** Shares of width and height that the panel takes of a picture at zoom 1. */
function whole(image) {
  const ratio = image.naturalWidth / image.naturalHeight;
  return ratio > PANEL ? { width: PANEL / ratio, height: 1 } : { width: 1, height: ratio / PANEL };
}

function part(sliders, image) {
  const most = whole(image);
  const zoom = Number(sliders.zoom.value);
  const [width, height] = [most.width / zoom, most.height / zoom];
  return { left: (1 - width) * sliders.across.value, top: (1 - height) * sliders.down.value, width, height };
}

const rounded = (share) => Object.fromEntries(Object.entries(share).map(([name, value]) => [name, Math.floor(value * WHOLE)]));

/** Where the last crop was, as the picture's name has it. */
function start(sliders, name, image) {
  const [left, top, width, height] = (name.match(/-(\d+)/g) ?? []).map((text) => Number(text.slice(1)) / WHOLE);
  const zoom = width ? Math.max(1, whole(image).width / width) : 1;
  Object.assign(sliders.zoom, { value: zoom });
  sliders.across.value = width && width < 1 ? left / (1 - width) : 0.5;
  sliders.down.value = height && height < 1 ? top / (1 - height) : 0.33;
}

function place({ left, top, width, height }) {
  const percent = (share) => `${share * 100}%`;
  Object.assign($("#part").style, { left: percent(left), top: percent(top), width: percent(width), height: percent(height) });
}

function drag(sliders, image, draw) {
  let from = null;
  const box = $("#part");
  const down = on(box, "pointerdown", (event) => {
    from = { x: event.clientX, y: event.clientY, across: Number(sliders.across.value), down: Number(sliders.down.value) };
    box.setPointerCapture(event.pointerId);
  });
  const move = on(box, "pointermove", (event) => {
    if (!from) return;
    const now = part(sliders, image);
    const room = { x: (1 - now.width) * image.clientWidth, y: (1 - now.height) * image.clientHeight };
    if (room.x > 0) sliders.across.value = from.across + (event.clientX - from.x) / room.x;
    if (room.y > 0) sliders.down.value = from.down + (event.clientY - from.y) / room.y;
    draw();
  });
  const up = on(box, "pointerup", () => (from = null));
  return () => [down, move, up].forEach((work) => work());
}

function decided() {
  return new Promise((resolve) => {
    const dialog = $("#crop");
    const undo = [
      on($("#crop-done"), "click", () => end(true)),
      on($("#crop-cancel"), "click", () => end(false)),
      on(dialog, "close", () => end(false)),
    ];
    function end(yes) {
      for (const work of undo) work();
      dialog.close();
      resolve(yes);
    }
  });
}

function on(element, kind, work) {
  element.addEventListener(kind, work);
  return () => element.removeEventListener(kind, work);
}

export async function previewScene(id, index, document, button) {
  // Not disabled: the focus would be lost, and nothing could have it back when the still is closed.
  if (button.ariaBusy) return;
  button.ariaBusy = "true";
  button.textContent = "Drawing…";
  speak("Drawing the scene");
  try {
    const address = URL.createObjectURL(await api.still(id, index, document));
    const image = $("#still");
    image.src = address;
    image.alt = `Scene ${index + 1} as it will look`;
    $("#preview").showModal();
    await image.decode();
    URL.revokeObjectURL(address);
  } finally {
    button.ariaBusy = null;
    button.textContent = "Preview";
  }
}
