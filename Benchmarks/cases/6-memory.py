"""The memory of each action on an image of 64 MiB and on one of 1 GiB: it must not grow with it."""

import os
import sys

import report
from market import BASE_URL, Market

_, directory = int(sys.argv[1]), sys.argv[2]

with Market(directory) as place:
    figures = []
    for mebibytes in (64, 1024):
        image = place.random_image(mebibytes)
        done = place.run("market/http/import", place.message(IMPORT_SOURCE=image, SIZE="64", FORMAT="raw"))
        name = os.listdir(place.public)[0]
        figures.append({
            "http/import": done.rss,
            "http/monitor": place.run("market/http/monitor", place.message()).rss,
            "fs/export": place.run("datastore/fs/export", place.message(IMAGE__SOURCE=image)).rss,
            "http/delete": place.run(
                "market/http/delete", place.message(MARKETPLACEAPP__SOURCE=f"{BASE_URL}/{name}")).rss,
        })
    small, large = figures
    for action, value in small.items():
        report.note(f"{action}: {value:.0f} MiB resident with 64 MiB, {large[action]:.0f} MiB with 1 GiB")
