"""datastore/downloader.sh of 1 GiB from a web server on this machine, beside curl, tee and md5sum."""

import os
import sys

import market
import report
import timing
import web

runs, directory = int(sys.argv[1]), sys.argv[2]
SHELL = ["bash", "-c", 'curl -s -f "$1" | tee >(md5sum > /dev/null) > "$2"; sync "$2"', "bash"]

with market.Market(directory) as place, web.Server(place.public) as server:
    app, copy = os.path.join(place.public, "app"), place.path("copy")
    os.rename(place.random_image(1024), app)
    url, sum_of = server.base + "/app", timing.measure(["md5sum", app]).output.decode()[:32]
    downloader = [os.path.join(market.RELEASE, "market-drivers"), "datastore/downloader.sh"]

    def fetch(argv):
        sample = timing.measure([*argv, url, copy], env=place.env)
        os.remove(copy)
        return sample

    ours, theirs = timing.alternately(runs, lambda: fetch([*downloader, "--md5", sum_of]), lambda: fetch(SHELL))
    report.row("downloader.sh of 1 GiB random", ours, "`curl \\| tee >(md5sum) > f; sync f`", theirs)
