"""Servers of the benchmarks' own, on ports of 127.0.0.1 that no other process of this machine gets."""

import os
import socket
import subprocess
import tempfile
import time


def hold():
    """A socket that keeps its port from all but a server that names it: see Tests/TestSupport/LocalPort.swift."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return holder


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """Starts `command(ports)` and waits until the first port answers: anew, on others, where the server ends or is silent."""

    def __init__(self, command, count=1, seconds=60, tries=3, **options):
        for left in reversed(range(tries)):
            self.holders = [hold() for _ in range(count)]
            ports = [holder.getsockname()[1] for holder in self.holders]
            self.port = ports[0]
            self.output = tempfile.TemporaryFile()
            argv = command(ports)
            # A pipe that nobody writes to: its end tells a server that the benchmark is gone.
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=self.output, stderr=subprocess.STDOUT, **options)
            if self.is_ready(seconds):
                return
            self.end()
            if not left:
                raise SystemExit(f"{argv[0]} did not answer on port {self.port}; it has printed\n{self.last_lines()}")

    def is_ready(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if answers(self.port):
                return True
            time.sleep(0.02)
        return False

    def last_lines(self):
        self.output.seek(max(0, os.fstat(self.output.fileno()).st_size - 4000))
        return self.output.read().decode(errors="replace")

    def end(self):
        self.process.terminate()
        self.process.wait()
        for holder in self.holders:
            holder.close()
