"""`python -m auricle` is `auricle`."""

import sys

from auricle.cli import main

sys.exit(main())
