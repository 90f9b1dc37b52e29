"""market/http/import and export over an ssh bridge, beside what else copies a file to a host. The host is this machine:
client and server share its processors, on both sides."""

import os
import statistics
import sys
import time

import report
import timing
import web
from market import Market, has
from sshd import Server

runs, directory = int(sys.argv[1]), sys.argv[2]


# The same work: the MD5 on this side, and the file on the host's disk. What the shell writes as tee >(md5sum) < FILE | ssh.
VERIFIED = 'exec 4>&1; { tee /dev/fd/3 < "$2" | ssh -F "$1" bridge "cat > $3 && sync $3" >&4; } 3>&1 | md5sum'


def rivals(configuration, image, copy):
    yield "`tee`, `md5sum`, `ssh cat`, `sync`", ["sh", "-c", VERIFIED, "sh", configuration, image, copy]
    yield "`cat`, `ssh cat`", [
        "sh", "-c", 'ssh -F "$1" bridge "cat > $3" < "$2"', "sh", configuration, image, copy]
    if has("scp"):
        yield "`scp`", ["scp", "-q", "-F", configuration, image, f"bridge:{copy}"]
    if has("rsync"):
        yield "`rsync --sparse`", [
            "rsync", "--sparse", "--whole-file", "-e", f"ssh -F {configuration}", image, f"bridge:{copy}"]


def compare(place, server, case, image, action, message, folder):
    copy = place.path("copy")
    allocated, hosts = [], {}

    def side(name, run):
        """Counts what the host's side takes, too: on few processors that is what one waits for."""
        before = server.cpu()
        sample = run()
        time.sleep(0.2)  # for sshd, which waits for its sessions
        hosts.setdefault(name, []).append(server.cpu() - before)
        return sample

    def ours():
        sample = side("ours", lambda: place.run(action, message))
        allocated.append(place.allocated(folder))
        place.clear(folder)
        return sample

    def theirs(name, argv):
        sample = side(name, lambda: timing.measure(argv))
        os.remove(copy)
        return sample

    named = list(rivals(server.configuration, image, copy))
    samples = timing.alternately(runs, ours, *[lambda rival=rival: theirs(*rival) for rival in named])
    for (name, _), figures in zip(named, samples[1:]):
        report.row(case, samples[0], name, figures)
    report.note(f"{case}: {max(allocated):.0f} MiB allocated afterwards; CPU s of the host's side: " + ", ".join(
        f"{name} {statistics.median(seconds):.2f}" for name, seconds in hosts.items()))


def imported(place, server, case, image):
    message = place.message(bridge="bridge", IMPORT_SOURCE=image, SIZE="4096", FORMAT="raw")
    compare(place, server, case, image, "market/http/import", message, place.public)


def exported(place, server, image):
    md5 = timing.measure(["md5sum", image]).output.decode()[:32]
    with web.Server(os.path.dirname(image)) as site:
        message = place.message(
            MARKETPLACE__TEMPLATE__BASE_URL=site.base, MARKETPLACEAPP__SOURCE=f"{site.base}/{os.path.basename(image)}",
            MARKETPLACEAPP__FORMAT="raw", MARKETPLACEAPP__MD5=md5, DATASTORE__TEMPLATE__BRIDGE_LIST="bridge")
        compare(
            place, server, "export over ssh, 1 GiB random", image, "market/http/export", message, place.datastore)


with Market(directory) as place, Server(place) as server:
    image = place.random_image(1024, "random")
    imported(place, server, "import over ssh, 1 GiB random", image)
    exported(place, server, image)
    os.remove(image)
    imported(place, server, "import over ssh, 4 GiB, 64 MiB of them data", place.sparse_image(4096))
