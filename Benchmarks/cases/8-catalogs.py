"""market/one/monitor and market/linuxcontainers/monitor over catalogs of several sizes, beside a Python that does no more
than fetch and parse them, and beside the stock drivers' recorded figures."""

import os
import sys

import catalog
import report
import timing

# Kind, entries, and what the stock driver took for that: wall clock in seconds.
CASES = [
    ("one", 132, 0.152), ("one", 1000, None), ("one", 10000, 1.29), ("one", 30000, None), ("one", 100000, None),
    ("linuxcontainers", 326, 0.156), ("linuxcontainers", 8150, 0.807),
]
PARSE = "import json, sys, urllib.request; json.load(urllib.request.urlopen(sys.argv[1]))"

runs, directory = int(sys.argv[1]), sys.argv[2]
# A proxy of the user's would be in the way.
os.environ["no_proxy"] = "127.0.0.1"

for kind, count, stock in CASES:
    with catalog.Server(kind, count, directory) as server:
        program = os.path.join(catalog.TREE, ".build", "release", "market-drivers")
        case = f"{kind}/monitor, {count:,} entries, {server.size / 1e6:.1f} MB"
        # The report goes nowhere: to read it is not the monitor's work.
        ours, theirs = timing.alternately(
            runs,
            lambda: timing.measure(["sh", "-c", 'exec "$0" "$1" >/dev/null', program, f"market/{kind}/monitor"], server.message, server.environment),
            lambda: timing.measure([sys.executable, "-I", "-c", PARSE, server.url]))
        report.row(case, ours, "`json.load`", theirs)
        if stock:
            report.recorded(case, stock, ours)
