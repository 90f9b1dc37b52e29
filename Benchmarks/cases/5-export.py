"""market/http/export of 1 GiB from a web server on this machine, beside curl and md5sum."""

import os
import sys

import report
import timing
import web
from market import Market

runs, directory = int(sys.argv[1]), sys.argv[2]

with Market(directory) as place, web.Server(place.public) as server:
    os.rename(place.random_image(1024), os.path.join(place.public, "app"))
    sum_of = timing.measure(["md5sum", os.path.join(place.public, "app")]).output.decode()[:32]
    base = server.base
    message = place.message(
        MARKETPLACE__TEMPLATE__BASE_URL=base, MARKETPLACEAPP__SOURCE=base + "/app", MARKETPLACEAPP__FORMAT="raw",
        MARKETPLACEAPP__MD5=sum_of)
    copy = place.path("copy")

    def ours():
        sample = place.run("market/http/export", message)
        place.clear(place.datastore)
        return sample

    def theirs():
        sample = timing.measure(
            ["sh", "-c", 'curl -s -f -o "$1" "$2" && md5sum "$1"', "sh", copy, base + "/app"])
        os.remove(copy)
        return sample

    report.row("http/export of 1 GiB random", *[
        part for samples, name in zip(timing.alternately(runs, ours, theirs), (None, "`curl -o` and `md5sum`"))
        for part in ((samples,) if name is None else (name, samples))])
