"""The two pages people expect: a form to send a recording, and a transcription with its words in time."""

__all__ = ["FORM", "TRANSCRIPTION"]

STYLE = """<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; color: #1c2733 }
textarea { width: 100%; height: 14rem; font: inherit } label { display: block; margin: 1rem 0 }
.missing { color: #b3261e; text-decoration: line-through } .rough { color: #8a5a00 }
.besides { color: #68737f; font-style: italic }
</style>"""

FORM = f"""<!doctype html><html lang="en"><title>Align a recording with its transcript</title>{STYLE}
<h1>Align a recording with its transcript</h1>
<form action="/transcriptions" method="post" enctype="multipart/form-data">
<label>Recording (WAV) <input type="file" name="audio" accept="audio/wav,.wav" required></label>
<label>Transcript <textarea name="transcript" required></textarea></label>
<label><input type="checkbox" name="conservative"> Only words that are clearly heard</label>
<label><input type="checkbox" name="disfluency"> Also each "uh" and "um"</label>
<button>Align</button>
</form></html>
"""

TRANSCRIPTION = f"""<!doctype html><html lang="en"><title>Transcription</title>{STYLE}
<h1>Transcription</h1><p id="status" aria-live="polite">waiting</p><p id="words"></p>
<p id="files" hidden><a id="json">align.json</a> <a id="csv">align.csv</a></p>
<script>
const here = location.pathname.replace(/\\/?$/, "/"), classes = {{
  "success": "", "not-found-in-audio": "missing", "not-found-in-transcript": "besides" }};
document.getElementById("json").href = here + "align.json";
document.getElementById("csv").href = here + "align.csv";
async function look() {{
  const status = await (await fetch(here + "status.json")).json();
  document.getElementById("status").textContent = status.error || status.status;
  if (status.status === "OK") show(await (await fetch(here + "align.json")).json());
  else if (status.status !== "ERROR") setTimeout(look, 500);
}}
function show(result) {{
  for (const word of result.words || []) {{
    const span = document.createElement("span");
    span.textContent = word.word;
    span.className = word.alignedWord === "<unk>" ? "rough" : classes[word.case];
    if (word.start !== undefined) span.title = `${{word.start.toFixed(2)}}-${{word.end.toFixed(2)}} s`;
    document.getElementById("words").append(span, " ");
  }}
  document.getElementById("files").hidden = false;
}}
look();
</script></html>
"""
