"""A program under another's name: writes down how it was called, answers as it was told, and does nothing."""

import json
import re
import sys
from pathlib import Path

me = Path(sys.argv[0])
words = sys.argv[1:]
given = sys.stdin.read() if words[-1:] == ["-"] else ""
with (me.parent / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([me.name, *words, given]) + "\n")
said = " ".join([me.name, *words])
for pattern, output, errors, status in json.loads((me.parent / "answers.json").read_text()):
    if re.search(pattern, said):
        sys.stdout.write(output)
        sys.stderr.write(errors)
        sys.exit(status)
