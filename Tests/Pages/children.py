"""Processes that are ended, with all that they have started, however this program ends."""
import os
import signal
import subprocess

RUNNING = set()


def start(command, **options):
    child = subprocess.Popen(command, start_new_session=True, **options)
    RUNNING.add(child)
    return child


def end(child, seconds=10):
    """Waits so long for the end of a child, and then ends it."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    RUNNING.discard(child)


def interrupted(number, _):
    for child in list(RUNNING):
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    os._exit(128 + number)


for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(signal_number, interrupted)
