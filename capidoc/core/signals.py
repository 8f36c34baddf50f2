"""How does a process leave when it is asked to: as after Ctrl-C, nothing half-made, no copy left behind."""

import signal


def interrupt_on_termination():
    """Nothing; a stop (SIGTERM) or a closed terminal (SIGHUP) is a KeyboardInterrupt; under nohup the second is not listened to."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
