// The story that is open: kept as it is written, never over somebody else's work.

import { api } from "./api.js";
import { soon } from "./dom.js";

const PAUSE = 900;
const PAUSE_BEFORE_A_NAME = 2500; // the first save names the story by its title
const AGAIN = 4000;

export class Draft {
  /** `told` has: writing, saving, saved(view, isNew), lost(error), changed(view). */
  constructor(view, told) {
    Object.assign(this, { id: view?.id, tag: view?.etag, document: view?.document ?? fresh(), view, told });
    this.dirty = false;
    this.held = false;
    this.closed = false;
    this.busy = Promise.resolve();
    this.later = soon(() => this.save(), PAUSE);
  }

  touched() {
    this.dirty = true;
    this.told.writing();
    if (this.held) return;
    if (this.id) this.later();
    else if ((this.document.title ?? "").trim()) this.later(PAUSE_BEFORE_A_NAME);
  }

  /** Save what is not saved. Saves follow one another, each with the tag of the one before. */
  save() {
    this.busy = this.busy.then(() => this.saveOnce());
    return this.busy;
  }

  async saveOnce() {
    if (this.closed || this.held || (this.id && !this.dirty)) return;
    this.dirty = false;
    this.told.saving();
    const isNew = !this.id;
    try {
      const view = isNew ? await api.begin(this.document) : await api.save(this.id, this.document, this.tag);
      Object.assign(this, { id: view.id, tag: view.etag, view });
      this.told.saved(view, isNew);
    } catch (error) {
      this.dirty = true;
      if (error.status === 412) await this.conflict();
      else {
        this.told.lost(error);
        if (!error.status || error.status >= 500) this.later(AGAIN);
      }
    }
  }

  /** Somebody else has saved: nothing is written until a person has decided. */
  async conflict() {
    this.held = true;
    this.told.changed(await api.open(this.id));
  }

  keepMine(theirs) {
    Object.assign(this, { tag: theirs.etag, held: false, dirty: true });
    return this.save();
  }

  /** The story, saved, with a name. */
  async settled() {
    await this.save();
    if (this.dirty || !this.id) throw new Error("The story could not be saved.");
    return this.id;
  }

  close() {
    if (this.dirty && (this.id || (this.document.title ?? "").trim())) this.save();
    this.busy.then(() => (this.closed = true));
  }
}

const fresh = () => ({ presenter: "maya", voice: "heart", music: "bed", scenes: [{ picture: {} }] });
