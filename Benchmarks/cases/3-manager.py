"""one_market: from its start to the answer to INIT, and 200 MONITORs, 15 at a time."""

import sys
import time

import report
import timing
from manager import Manager
from market import RELEASE, Market

runs, directory = int(sys.argv[1]), sys.argv[2]
COUNT = 200


def start_up(place):
    """A manager that gets INIT and the end of its input at once: as long as that takes, it takes to answer."""
    sample = timing.measure([f"{RELEASE}/one_market", "-t 15 -m http"], b"INIT\n", place.env)
    if sample.output != b"INIT SUCCESS - -\n":
        sys.exit(f"one_market answered {sample.output}")
    return sample


def monitors(place, own):
    manager = Manager(place)
    begun = time.monotonic()
    for identifier in range(COUNT):
        manager.ask("MONITOR", identifier, place.message())
    for _ in range(COUNT):
        manager.answer("MONITOR")
    wall = time.monotonic() - begun
    own.append(manager.resident())
    used = manager.finish()
    return timing.Sample(wall, used.cpu, used.rss)


with Market(directory) as place:
    samples, = timing.alternately(max(20, runs * 4), lambda: start_up(place))
    report.recorded("one_market: start, INIT answer, end", 0.25, samples)
    own = []
    samples, = timing.alternately(runs, lambda: monitors(place, own))
    report.recorded(f"one_market: {COUNT} MONITORs at -t 15", 19.3, samples)
    rates = [COUNT / sample.wall for sample in samples]
    report.note(f"{COUNT} MONITORs: {report.spread(rates, 0)} a second, {max(own):.0f} MiB in one_market itself")
