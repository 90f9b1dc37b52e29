"""market/http/import over an ssh bridge, beside what else copies a file to a host. The host is this machine: client
and server share its processors, on both sides."""

import os
import sys

import report
import timing
from market import Market, has
from sshd import Server

runs, directory = int(sys.argv[1]), sys.argv[2]


def rivals(configuration, image, copy):
    yield "`cat`, `ssh cat`", [
        "sh", "-c", 'ssh -F "$1" bridge "cat > $3" < "$2"', "sh", configuration, image, copy]
    if has("scp"):
        yield "`scp`", ["scp", "-q", "-F", configuration, image, f"bridge:{copy}"]
    if has("rsync"):
        yield "`rsync --sparse`", [
            "rsync", "--sparse", "--whole-file", "-e", f"ssh -F {configuration}", image, f"bridge:{copy}"]


def compare(place, server, case, image):
    message = place.message(bridge="bridge", IMPORT_SOURCE=image, SIZE="4096", FORMAT="raw")
    copy = place.path("copy")
    allocated = []

    def ours():
        sample = place.run("market/http/import", message)
        allocated.append(place.allocated())
        place.clear()
        return sample

    def theirs(argv):
        sample = timing.measure(argv)
        os.remove(copy)
        return sample

    named = list(rivals(server.configuration, image, copy))
    samples = timing.alternately(runs, ours, *[lambda argv=argv: theirs(argv) for _, argv in named])
    for (name, _), figures in zip(named, samples[1:]):
        report.row(case, samples[0], name, figures)
    report.note(f"{case}: {max(allocated):.0f} MiB allocated afterwards")


with Market(directory) as place, Server(place) as server:
    compare(place, server, "import over ssh, 1 GiB random", place.random_image(1024))
    place.clear(place.datastore)
    compare(place, server, "import over ssh, 4 GiB, 64 MiB of them data", place.sparse_image(4096))
