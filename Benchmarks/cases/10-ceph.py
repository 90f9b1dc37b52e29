"""A sparse qcow2 image of 4 GiB into a Ceph pool and back, beside qemu-img convert, rbd import and rbd export.

What Tests/Rigs/ceph-rig needs has to be there, and qemu-img. With Debian's qemu-block-extra qemu-img writes into the pool
itself. Ceph and its clients share the machine. An import into a marketplace computes the MD5 of the image, which oned asks
for; the others compute none.
"""

import os
import re
import subprocess
import sys

import report
import s3server
import timing
from market import RELEASE, Market, quiet

runs, directory = int(sys.argv[1]), sys.argv[2]
IMAGE = "one/one-0"


class Pool:
    def __init__(self, place, ceph):
        self.place, self.folder = place, os.path.join(ceph.folder, "block devices")
        self.rbd = [
            "rbd", "--id", "libvirt", "--keyfile", self.folder + "/key", "--conf", self.folder + "/ceph.conf"]
        self.template = dict(
            DATASTORE__TEMPLATE__POOL_NAME="one", DATASTORE__TEMPLATE__CEPH_USER="libvirt",
            DATASTORE__TEMPLATE__CEPH_KEY=self.folder + "/key",
            DATASTORE__TEMPLATE__CEPH_CONF=self.folder + "/ceph.conf",
            DATASTORE__TEMPLATE__BRIDGE_LIST="localhost", DATASTORE__DS_MAD="ceph")
        # librados does not take a configuration whose path has a blank out of qemu's names.
        for name in ("ceph.conf", "key"):
            os.symlink(os.path.join(self.folder, name), place.path(name))
        self.location = f"rbd:{IMAGE}:id=libvirt:keyfile={place.path('key')}:conf={place.path('ceph.conf')}"

    def remove(self):
        quiet(*self.rbd, "rm", "--no-progress", IMAGE)

    def used(self):
        text = subprocess.run([*self.rbd, "du", IMAGE], check=True, capture_output=True, text=True).stdout
        return " ".join(text.split()[-2:])


def into(pool, image):
    place, raw, used = pool.place, pool.place.path("raw"), {}

    def stored(name, argv, message=b""):
        sample = timing.measure(argv, message, place.env)
        used[name] = pool.used()
        pool.remove()
        if os.path.exists(raw):
            os.remove(raw)
        return sample

    message = place.copy_message(image, **pool.template)
    convert = ["sh", "-c", 'qemu-img convert -O raw "$1" "$2" && shift 2 && "$@"', "sh", image, raw]
    sides = [
        ("ours", [f"{RELEASE}/market-drivers", "datastore/ceph/cp", "0"], message),
        ("`qemu-img convert`, `rbd import`", [*convert, *pool.rbd, "import", "--no-progress", raw, IMAGE]),
    ]
    if quiet_succeeds("qemu-img", "info", pool.location.replace(IMAGE, "one/probe")):
        sides.append(("`qemu-img convert` into the pool", ["qemu-img", "convert", "-O", "raw", image, pool.location]))
    compare("ceph/cp of a qcow2, 4 GiB, 512 MiB of them data", sides, stored)
    report.note("in the pool: " + ", ".join(f"{name} {size}" for name, size in used.items()))


def back(pool, image):
    place, copy = pool.place, pool.place.path("copy")
    quiet("qemu-img", "convert", "-O", "raw", image, copy)
    quiet(*pool.rbd, "import", "--no-progress", copy, IMAGE)
    os.remove(copy)

    def fetched(name, argv, message=b""):
        sample = timing.measure(argv, message, place.env)
        if os.path.exists(copy):
            os.remove(copy)
        place.clear()
        return sample

    source = exported(place, IMAGE__SOURCE=IMAGE, **pool.template)
    message = place.message(IMPORT_SOURCE=source, SIZE="4096", FORMAT="raw")
    compare("http/import from a Ceph datastore, the same", [
        ("ours", [f"{RELEASE}/market-drivers", "market/http/import", "0"], message),
        ("`rbd export`, `md5sum`", [
            "sh", "-c", 'copy=$1; shift; "$@" && md5sum "$copy"', "sh", copy, *pool.rbd, "export", "--no-progress", IMAGE, copy]),
        ("`rbd export`", [*pool.rbd, "export", "--no-progress", IMAGE, copy]),
    ], fetched)


def exported(place, **values):
    """The source of an upload that datastore/ceph/export names."""
    reply = timing.measure(
        [f"{RELEASE}/market-drivers", "datastore/ceph/export", "0"], place.message(root="DS_DRIVER_ACTION_DATA", **values),
        place.env).output.decode()
    return re.search("<IMPORT_SOURCE><!\\[CDATA\\[(.*?)]]>", reply)[1]


def compare(case, sides, run):
    samples = timing.alternately(runs, *[lambda side=side: run(*side) for side in sides])
    for (name, *_), figures in list(zip(sides, samples))[1:]:
        report.row(case, samples[0], name, figures)


def quiet_succeeds(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


with Market(directory) as place:
    ceph = s3server.Ceph(place)
    try:
        pool = Pool(place, ceph)
        raw, image = place.sparse_image(4096, 512), place.path("image.qcow2")
        quiet("qemu-img", "convert", "-O", "qcow2", raw, image)
        os.remove(raw)
        quiet(*pool.rbd, "create", "--size=1", "one/probe")
        into(pool, image)
        back(pool, image)
    finally:
        ceph.end()
