"""Measurements, each beside a peer in one run. `make bench` runs them all."""

import atexit
import os
import shutil
import tempfile

if "NNFS_TUI_RUN_DIR" not in os.environ:
    # what is measured is no run that anybody wants to keep
    _folder = tempfile.mkdtemp(prefix="nnfs-tui-bench-")
    os.environ["NNFS_TUI_RUN_DIR"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
