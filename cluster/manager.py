"""`python -m cluster.manager`: the former name of `python -m cluster.controllers.manager`; goes with the next release."""

import sys

from cluster.controllers.manager.__main__ import main

if __name__ == "__main__":
    print("cluster.manager is now cluster.controllers.manager; the old name goes with the next release", file=sys.stderr)
    sys.exit(main())
