"""The user interface: the Textual application, its panels, and the command line."""

import signal
import sys

_is_program = sys.argv[:1] and sys.argv[0].endswith("nnfs-tui")
if _is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # ctrl+c during the imports ends the program without a traceback; later, `main` catches it
    signal.signal(signal.SIGINT, signal.SIG_DFL)
