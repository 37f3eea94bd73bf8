"""The figures of the README."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `auricle` itself does
