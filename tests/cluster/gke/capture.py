"""A program under another's name: writes down how it was called, answers as it was told, and does nothing."""

import json
import re
import sys
from pathlib import Path

here = Path(sys.argv[0])
words = [here.name, *sys.argv[1:]]
given = sys.stdin.read() if words[-1] == "-" else ""
with (here.parent / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([*words, given]) + "\n")
said = " ".join(words)
for pattern, output, errors, status in json.loads((here.parent / "answers.json").read_text()):
    if re.search(pattern, said):
        sys.stdout.write(output)
        sys.stderr.write(errors)
        sys.exit(status)
