"""one_market, spoken to as oned does."""

import base64
import subprocess
import sys
import time

import market
import timing


class Manager:
    def __init__(self, place, arguments="-t 15 -m http"):
        self.program = timing.Program(
            [f"{market.RELEASE}/one_market", arguments], place.env, errors=subprocess.DEVNULL)
        self.process = self.program.process
        self.say("INIT")
        self.answer("INIT")

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, action, identifier, message):
        self.say(f"{action}  {identifier} {base64.b64encode(message).decode()}")

    def answer(self, action):
        """Waits for an answer, and answers its text. A failure ends the benchmark."""
        for line in self.process.stdout:
            words = line.decode().split(" ", 3)
            if words[0] == action:
                if words[1] != "SUCCESS":
                    sys.exit(f"one_market answered {line.decode()}")
                return words[3] if len(words) > 3 else ""
        sys.exit("one_market ended without an answer")

    def resident(self):
        """MiB that one_market itself holds at the most so far."""
        with open(f"/proc/{self.program.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))

    def finish(self):
        """Ends it, and answers what it and all its actions have used."""
        self.say("FINALIZE")
        self.process.stdin.close()
        return self.program.finish()


def imported(place, message):
    """One IMPORT, both steps, from the request to the answer."""
    manager = Manager(place)
    begun = time.monotonic()
    manager.ask("IMPORT", 0, message)
    manager.answer("IMPORT")
    wall = time.monotonic() - begun
    used = manager.finish()
    return timing.Sample(wall, used.cpu, used.rss)
