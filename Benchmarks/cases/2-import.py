"""IMPORT through one_market, both steps, beside md5sum and cp of the same file."""

import os
import sys

import manager
import report
import timing
from market import Market

runs, directory = int(sys.argv[1]), sys.argv[2]


def compare(place, case, image, mebibytes):
    message = place.message(IMAGE__SOURCE=image, IMAGE__SIZE=str(mebibytes))
    copy = place.path("copy")
    allocated = []

    def ours():
        sample = manager.imported(place, message)
        allocated.append(place.allocated())
        place.clear()
        return sample

    def copied():
        sample = timing.measure(["sh", "-c", 'cp -- "$1" "$2" && md5sum -- "$2"', "sh", image, copy])
        os.remove(copy)
        return sample

    imports, sums, copies = timing.alternately(
        runs, ours, lambda: timing.measure(["md5sum", "--", image]), copied)
    report.row(case, imports, "`md5sum`", sums)
    report.row(case, imports, "`cp` and `md5sum`", copies)
    report.note(f"{case}: {max(allocated):.0f} MiB allocated afterwards")


with Market(directory) as place:
    compare(place, "IMPORT of 1 GiB random", place.random_image(1024), 1024)
    place.clear(place.datastore)
    compare(place, "IMPORT of 4 GiB, 64 MiB of them data", place.sparse_image(4096), 4096)
