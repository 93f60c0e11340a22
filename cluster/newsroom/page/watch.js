// A story on its way, live; and its video when it is there.

import { api } from "./api.js";
import { $, clock, make, speak } from "./dom.js";

const STEPS = {
  check: "Check the story",
  "init-story": "Prepare words and pictures",
  dlib: "Find the presenter’s face",
  hibari: "Speak",
  tacotron2: "Speak",
  waveglow: "Give the voice its sound",
  gentle: "Time every word",
  g2p: "Sound out the names",
  animate: "Move the lips",
  pix2pixhd: "Draw the presenter",
  compose: "Compose the video",
  publish: "Publish",
};
const TITLES = {
  queued: "Waiting its turn",
  sent: "On its way to the studio",
  running: "Being made",
  failed: "It could not be made",
  cancelled: "Cancelled",
};
const UNDER_WAY = new Set(["queued", "running", "sent"]);

export class Watch {
  constructor(told) {
    this.told = told;
    this.source = null;
    this.state = "";
  }

  /** Show how a story stands, and go on watching while something happens. */
  follow(view) {
    this.close();
    this.id = view.id;
    this.show(view);
    if (!UNDER_WAY.has(view.state)) return;
    this.source = api.events(view.id);
    this.source.addEventListener("progress", (event) => this.show(JSON.parse(event.data)));
    this.source.addEventListener("over", () => this.close());
  }

  close() {
    this.source?.close();
    this.source = null;
    this.state = "";
  }

  show(at) {
    const came = this.state && this.state !== at.state;
    this.state = at.state;
    this.showRun(at);
    this.showVideo(at);
    this.told.state(at);
    if (came) {
      const why = at.state === "failed" && at.run?.message ? `: ${at.run.message}` : "";
      speak(at.state === "succeeded" ? "The video is ready" : `${TITLES[at.state]}${why}`);
      if (at.state === "succeeded") $("#video").scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
  }

  showRun({ state, run, revision }) {
    const worth = state in TITLES;
    $("#watch").hidden = !worth;
    if (!worth) return;
    $("#watch-title").textContent = `${TITLES[state]}${revision > 1 ? ` · revision ${revision}` : ""}`;
    $("#why").hidden = !run?.message;
    $("#why").textContent = run?.message ?? "";
    $("#bar").value = run?.progress ?? 0;
    $("#bar").hidden = state === "cancelled";
    $("#steps").replaceChildren(...(run?.steps ?? []).map(step));
  }

  showVideo({ video, revision }) {
    $("#video").hidden = !video;
    if (!video) return;
    $("#video-title").textContent = video.revision === revision ? "The video" : `The video of revision ${video.revision}`;
    const player = $("#player");
    const address = video.files["landscape.mp4"];
    if (player.dataset.address !== address) {
      player.dataset.address = address;
      player.poster = video.files["poster.jpg"];
      player.src = address;
      const track = make("track", { kind: "captions", srclang: "en", label: "English", src: video.files["captions.vtt"] });
      player.replaceChildren(track);
    }
    $("#downloads").replaceChildren(
      link("Video", video, "landscape.mp4"), link("Captions", video, "captions.vtt"), link("Poster", video, "poster.jpg"),
      ...("report.html" in video.files ? [link("Report", video, "report.html")] : []),
    );
  }
}

function step({ name, state, done, total, counts, seconds, message }) {
  const [system, number = ""] = name.split(" ");
  // A cluster tells how far a step is in hundredths of the whole story, which are nobody's unit.
  const far = counts ? `${done} of ${total}` : `${Math.round((100 * done) / total)} %`;
  const much = state === "running" && total > 1 ? far : state === "succeeded" && seconds >= 1 ? clockOf(seconds) : "";
  const item = make("li", { className: state }, make("span", { className: "sign", "aria-hidden": "true" }));
  item.append(make("span", { text: `${STEPS[system] ?? system}${number ? ` ${number}` : ""}`, title: message || counts }));
  item.append(make("span", { className: "much", text: much }), make("span", { className: "unseen", text: state }));
  return item;
}

const clockOf = (seconds) => (seconds < 60 ? `${Math.round(seconds)} s` : clock(seconds));

function link(text, video, name) {
  const size = video.sizes[name] > 100_000 ? ` (${(video.sizes[name] / 1e6).toFixed(1)} MB)` : "";
  return make("a", { href: `${video.files[name]}&download=true`, download: "", text: text + size });
}
