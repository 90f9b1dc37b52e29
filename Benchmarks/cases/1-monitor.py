"""market/http/monitor through its launcher, beside df."""

import sys

import report
import timing
from market import Market

runs, directory = max(20, int(sys.argv[1]) * 4), sys.argv[2]

with Market(directory) as place:
    message = place.message()
    ours, theirs = timing.alternately(
        runs, lambda: place.run("market/http/monitor", message),
        lambda: timing.measure(["df", "-B1M", place.public]))
    report.row("http/monitor", ours, "`df`", theirs)
    report.recorded("http/monitor", 0.115, ours)
