"""Leaves no process behind, however the tests end: a small process knows what runs, and kills it when they are gone."""

from __future__ import annotations

import subprocess
import sys
import threading

# Reads `+PID` and `-PID`. Its input ends when the process that writes there has ended, even by SIGKILL.
WATCH = """
import os, signal, sys

running = set()
for line in sys.stdin:
    (running.add if line[0] == "+" else running.discard)(int(line[1:]))
for pid in running:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""

_lock = threading.Lock()
_watch: subprocess.Popen | None = None


def keep(process: subprocess.Popen) -> None:
    """Has `process` killed when this process is gone."""
    global _watch
    with _lock:
        if _watch is None:
            # In a session of its own: what ends the tests in a terminal does not reach it.
            _watch = subprocess.Popen(
                [sys.executable, "-c", WATCH], stdin=subprocess.PIPE, text=True, start_new_session=True
            )
        print(f"+{process.pid}", file=_watch.stdin, flush=True)


def let_go(process: subprocess.Popen) -> None:
    """`process` has ended: its number may be another's from now on."""
    with _lock:
        print(f"-{process.pid}", file=_watch.stdin, flush=True)
