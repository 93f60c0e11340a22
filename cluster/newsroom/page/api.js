// The newsroom's API. Every refusal is an Error whose message is one line for people.

export class Refusal extends Error {
  constructor(status, told) {
    super(told.detail || "The newsroom has refused this.");
    this.status = status;
    this.faults = told.faults || [];
  }
}

async function call(method, address, { body, tag, kind = "application/json" } = {}) {
  const headers = {};
  if (method !== "GET") headers["Content-Type"] = kind;
  if (tag) headers["If-Match"] = `"${tag}"`;
  const sent = body instanceof Blob ? body : body === undefined ? (method === "GET" ? undefined : "{}") : JSON.stringify(body);
  const answer = await fetch(address, { method, headers, body: sent, cache: "no-store" });
  if (answer.ok) return answer;
  let told = {};
  try { told = await answer.json(); } catch { told = { detail: `The newsroom does not answer (${answer.status}).` }; }
  throw new Refusal(answer.status, told);
}

const json = async (...request) => (await call(...request)).json();
const at = (id) => `/stories/${encodeURIComponent(id)}`;

export const MOST_LISTED = 50;

export const api = {
  desk: () => json("GET", "/desk"),
  list: (words) => json("GET", `/stories?words=${encodeURIComponent(words)}&most=${MOST_LISTED}`),
  open: (id) => json("GET", at(id)),
  begin: (document) => json("POST", "/stories", { body: document }),
  save: (id, document, tag) => json("PUT", at(id), { body: document, tag }),
  send: (id, tag, priority) => json("POST", `${at(id)}/run`, { tag, body: { priority } }),
  cancel: (id) => json("POST", `${at(id)}/cancel`),
  check: (document, id) => json("POST", "/check", { body: { document, id } }),
  events: (id) => new EventSource(`${at(id)}/events`),
  addPicture: (id, file) => json("POST", `${at(id)}/pictures`, { body: file, kind: file.type || "image/unknown" }),
  cropPicture: (id, name, part) => json("POST", `${at(id)}/pictures/${name}/crop`, { body: part }),
  picture: (id, file) => `${at(id)}/${file}`,
  hear: async (order) => (await call("POST", "/voice", { body: order })).blob(),
  still: async (id, scene, document) => (await call("POST", `${at(id)}/stills/${scene}`, { body: { document } })).blob(),
};
