"""Run a command as the terminal's foreground job: `python tools/foreground.py COMMAND [ARGUMENT …]`.

`make run` starts the server through this, so that Ctrl-C reaches the server alone. Otherwise make gets the signal too,
and reports an interrupt although the server has ended cleanly. Without a terminal it only becomes the command, so a
SIGTERM that make passes on always reaches the command itself, and nothing is left behind.
"""

import os
import signal
import sys


def take_terminal() -> None:
    """Move this process into a group of its own that the terminal sends its Ctrl-C to."""
    # A background process that names the terminal's owner is stopped by SIGTTOU, unless it ignores that.
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        if os.tcgetpgrp(0) != os.getpgrp():  # Already in the background (`make run &`): then stay there.
            return
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())
    except OSError:  # A terminal that is not ours to control.
        return
    finally:
        signal.signal(signal.SIGTTOU, before)


def main(command: list[str]) -> None:
    """Become `command`; this returns only by raising, when the command cannot be started."""
    if not command:
        sys.exit("Say which command to run.")
    if os.isatty(0):
        take_terminal()
    os.execvp(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
