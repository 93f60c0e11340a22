// A sentence, heard: one at a time, and silent when asked again.

import { api } from "./api.js";
import { $, icon } from "./dom.js";

let sound = null;

/** Speak what is selected in the scene's narration, else all of it. */
export async function hear(document, item) {
  const button = $(".hear", item);
  const label = (name, text) => button.replaceChildren(icon(name), text);
  if (sound) {
    sound.pause();
    return sound.onended();
  }
  const text = item.querySelector(".narration textarea");
  const chosen = text.value.slice(text.selectionStart, text.selectionEnd).trim();
  const { voice, pronunciations } = document;
  label("play", "Speaking…");
  try {
    const spoken = await api.hear({ narration: chosen || text.value, voice, pronunciations: pronunciations ?? {} });
    sound = new Audio(URL.createObjectURL(spoken));
    sound.onended = () => { URL.revokeObjectURL(sound.src); sound = null; item.classList.remove("speaking"); label("play", "Hear it"); };
    item.classList.add("speaking");
    label("stop", "Stop");
    return await sound.play();
  } catch (error) {
    sound = null;
    label("play", "Hear it");
    throw error;
  }
}
