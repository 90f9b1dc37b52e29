"""Runs programs and measures them: wall clock, processor time and resident memory by wait4(2)."""

import os
import subprocess
import sys
from dataclasses import dataclass

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")


@dataclass
class Sample:
    wall: float  # seconds
    cpu: float  # seconds, user and system, of the process and of all children that it has waited for
    rss: float  # MiB, of the largest of them; not below the 6 MiB of the process that started it
    output: bytes = b""


class Program:
    """A running program, with pipes to its standard streams."""

    def __init__(self, argv, env=None, errors=subprocess.PIPE):
        reading, writing = os.pipe()
        # Popen's pass_fds keeps a descriptor's number: the starter wants it to be 3.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec 3>&{writing}; exec "$@"', "bash", sys.executable, "-I", "-S", CHILD, *argv],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, pass_fds=[writing])
        os.close(writing)
        self.report = os.fdopen(reading, "r", encoding="ascii")
        self.pid = int(self.report.readline())

    def finish(self, output=b""):
        """Waits for its end. A failure ends the benchmark: there is nothing to time."""
        errors = self.process.stderr.read() if self.process.stderr else b""
        wall, cpu, kibibytes, status = self.report.readline().split()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr, self.report):
            if stream:
                stream.close()
        if status != "0":
            sys.exit(f"{self.process.args[6:]}: exit status {status}: {errors.decode(errors='replace')}")
        return Sample(float(wall), float(cpu), int(kibibytes) / 1024, output)


def measure(argv, stdin=b"", env=None):
    """Runs a program to its end."""
    program = Program(argv, env)
    try:
        program.process.stdin.write(stdin)
        program.process.stdin.close()
    except BrokenPipeError:
        pass
    return program.finish(program.process.stdout.read())


def alternately(runs, *sides):
    """Runs functions in turn, A B A B, after one round that does not count, and answers each one's samples."""
    for side in sides:
        side()
    rounds = [[side() for side in sides] for _ in range(runs)]
    return [list(samples) for samples in zip(*rounds)]
