"""Benchmarks; each measures a figure and a peer for comparison in the same run (`make bench`)."""

import atexit
import os
import shutil
import tempfile

if "NNFS_TUI_RUN_DIR" not in os.environ:
    # runs of benchmarks are saved in a temporary folder
    _folder = tempfile.mkdtemp(prefix="nnfs-tui-bench-")
    os.environ["NNFS_TUI_RUN_DIR"] = _folder
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
