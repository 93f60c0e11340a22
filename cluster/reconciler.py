"""`python -m cluster.reconciler`: the former name of `python -m cluster.controllers.reconciler`; goes with the next release."""

import sys

from cluster.controllers.reconciler.__main__ import main

if __name__ == "__main__":
    print("cluster.reconciler is now cluster.controllers.reconciler; the old name goes with the next release", file=sys.stderr)
    sys.exit(main())
