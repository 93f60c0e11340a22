"""`python -m cluster.messages`: the former name of `python -m cluster.controllers.submitter`; goes with the next release."""

import sys

from cluster.controllers.submitter.__main__ import main

if __name__ == "__main__":
    print("cluster.messages is now cluster.controllers.submitter; the old name goes with the next release", file=sys.stderr)
    sys.exit(main())
