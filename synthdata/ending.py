"""How a process ended, in words."""

from __future__ import annotations

import signal


def ending(code: int) -> str:
    """Say what a return code of ``subprocess`` means.

    Args:
        code: 0 or more is an exit code, less than 0 the number of the signal that killed it.

    >>> ending(3), ending(-9)
    ('ended with exit code 3', 'was killed by SIGKILL (by the kernel, if memory ran out)')
    """
    if code >= 0:
        return f"ended with exit code {code}"
    name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
    hint = " (by the kernel, if memory ran out)" if -code == signal.SIGKILL else ""
    return f"was killed by {name}{hint}"
