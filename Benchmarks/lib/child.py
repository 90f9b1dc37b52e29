"""Starts a program and writes its process id, and at its end its wall clock, processor time (s), resident memory (KiB)
and exit status, to descriptor 3.

A process of its own, with next to no modules, because the resident memory that wait4(2) tells includes what the parent
held when it started the program: some 20 MiB for a Python with the usual modules, 6 for this one.
"""

import posix
import sys
import time

begun = time.monotonic()
child = posix.fork()
if child == 0:
    posix.close(3)
    try:
        for folder in posix.environ[b"PATH"].split(b":"):
            program = sys.argv[1] if "/" in sys.argv[1] else folder.decode() + "/" + sys.argv[1]
            if posix.access(program, 1):
                posix.execv(program, sys.argv[1:])
    finally:
        posix._exit(127)
posix.write(3, b"%d\n" % child)
_, status, usage = posix.wait4(child, 0)
figures = (time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, posix.waitstatus_to_exitcode(status))
posix.write(3, b"%f %f %d %d\n" % figures)
