"""The Sensor's validation of a message, as a jq program.

It cannot fail, since Argo Events drops an event whose transformation fails. It agrees with `newsreel.submission.message`; a test
compares both. Argo Events runs it with gojq, whose regular expressions are RE2.
"""

import json
import re

from newsreel.config.settings import Settings
from newsreel.story.priority import PRIORITY_VALUE

IDENTIFIER = r"\A[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?\z"
PATH = r"(/[A-Za-z0-9][A-Za-z0-9._=+@-]*)+(#[1-9][0-9]{0,18})?\z"

PROGRAM = """
. as $event
| (try ($event.body | @base64d) catch null) as $text
| (try (if ($text | utf8bytelength) > 4096 then null else ($text | fromjson) end) catch null) as $message
| (if ($message | type) != "object" then "is no JSON object of at most 4096 bytes"
   elif ($message | keys) - ["id", "priority", "revision", "story"] != [] then "has a field that is not ours"
   elif ($message.id | type) != "string" or ($message.id | test(IDENTIFIER) | not) then "id: is no story's name"
   elif ($message.revision | type) != "number" then "revision: is no number"
   elif $message.revision != ($message.revision | floor) or $message.revision < 1 or $message.revision > 9999
     then "revision: is not 1 to 9999"
   elif ($message | has("priority")) and ($message.priority | IN(PRIORITIES) | not) then "priority: is not known"
   elif ($message.story | type) != "string" or ($message.story | length) > 1024 or ($message.story | test(STORY) | not)
     then "story: is no address below PREFIX"
   else null end) as $reason
| if $reason then
    {verdict: "not-ours", reason: $reason, body: ($event.body // ""), message: ($event.id // ""),
     published: ($event.publishTime // "")}
  else
    ($message.priority // "normal") as $priority
    | ($message.revision | floor | tostring) as $revision
    | {
        verdict: "ours",
        submitOptions: {
          name: "\\($message.id)-r\\($revision)",
          labels: "newsreel/story=\\($message.id),newsreel/revision=\\($revision),newsreel/priority=\\($priority)",
          priority: (PRIORITY_VALUE[$priority]),
          parameters: ["story=\\($message.story)", "finals=FINALS", "priority=\\($priority)"]
        }
      }
  end
"""


def filter_program(settings: Settings) -> str:
    """Its output: `{"verdict": "ours", "submitOptions": ...}`, or `{"verdict": "not-ours", "reason": ...}` with the message."""
    values = {
        "IDENTIFIER": json.dumps(IDENTIFIER),
        "PRIORITIES": ", ".join(map(json.dumps, PRIORITY_VALUE)),
        "STORY": json.dumps(rf"\A{re.escape(settings.stories)}{PATH}"),
        "PREFIX": settings.stories,
        "PRIORITY_VALUE": json.dumps(PRIORITY_VALUE),
        "FINALS": settings.finals,
    }
    program = re.sub(r"\b(" + "|".join(values) + r")\b", lambda found: values[found[1]], PROGRAM)
    return program.strip() + "\n"
