"""Run `python -m capidoc VERB`."""

import sys

from capidoc.pipeline.commands import main

if __name__ == "__main__":
    sys.exit(main())
