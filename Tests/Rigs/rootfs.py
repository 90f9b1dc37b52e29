#!/usr/bin/env python3
"""A container image server's files, for the tests: rootfs.py DIRECTORY [TRICK [MEGABYTES]].

Writes images/x/1/amd64/default/20260101_00:00/rootfs.tar.xz and streams/v1/images.json below DIRECTORY. TRICK puts one
entry into the archive that must not be unpacked, or makes the catalog wrong; `none` does neither. MEGABYTES of noise
make the image large.
"""
import hashlib
import io
import json
import lzma
import os
import random
import struct
import sys
import tarfile

PATH = "images/x/1/amd64/default/20260101_00:00/rootfs.tar.xz"


def add(archive, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, owner=(0, 0), link="", device=(0, 0), attributes=None):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.linkname, entry.mtime = kind, mode, link, 1700000000
    entry.size = len(data) if kind == tarfile.REGTYPE else 0
    entry.uid, entry.gid = owner
    entry.devmajor, entry.devminor = device
    entry.pax_headers = attributes or {}
    archive.addfile(entry, io.BytesIO(data))


def fill(archive):
    for name, mode, owner in [
        ("./", 0o755, (0, 0)), ("./etc", 0o755, (0, 0)), ("./bin", 0o755, (0, 0)), ("./dev", 0o755, (0, 0)),
        ("./home", 0o755, (0, 0)), ("./home/u", 0o700, (1000, 1001)), ("./tmp", 0o1777, (0, 0)),
        ("./mail", 0o2775, (0, 8)), ("./locked", 0, (0, 0)),
    ]:
        add(archive, name, tarfile.DIRTYPE, mode=mode, owner=owner)
    add(archive, "./bin/su", data=b"su" * 3000, mode=0o4755)
    add(archive, "./bin/hard", tarfile.LNKTYPE, link="./bin/su", mode=0o4755)
    add(archive, "./home/u/secret", data=b"x" * 5000, mode=0o600, owner=(1000, 1001))
    add(archive, "./etc/mtab", tarfile.SYMTYPE, link="/proc/self/mounts", mode=0o777)
    add(archive, "./dev/null", tarfile.CHRTYPE, mode=0o666, device=(1, 3))
    add(archive, "./dev/disk", tarfile.BLKTYPE, mode=0o660, owner=(0, 6), device=(8, 0))
    add(archive, "./dev/pipe", tarfile.FIFOTYPE, mode=0o600)
    add(archive, "./etc/" + "n" * 150, data=b"long")
    capability = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0).decode("latin1")
    add(archive, "./bin/ping", data=b"ping", mode=0o755,
        attributes={"SCHILY.xattr.security.capability": capability, "SCHILY.xattr.user.note": "hello"})


TRICKS = {
    "parent": lambda a: add(a, "./../../escaped"),
    "absolute": lambda a: add(a, "/tmp/escaped"),
    "link": lambda a: (add(a, "./out", tarfile.SYMTYPE, link="/tmp"), add(a, "./out/escaped")),
    "hardlink": lambda a: add(a, "./passwd", tarfile.LNKTYPE, link="../../../etc/passwd"),
    "hardlink-absolute": lambda a: add(a, "./passwd", tarfile.LNKTYPE, link="/etc/passwd"),
    "hardlink-link": lambda a: (add(a, "./out", tarfile.SYMTYPE, link="/etc"), add(a, "./p", tarfile.LNKTYPE, link="out/passwd")),
    "long-parent": lambda a: add(a, "./" + "d" * 120 + "/../../escaped"),
}


def main():
    directory = sys.argv[1]
    trick = sys.argv[2] if len(sys.argv) > 2 else "none"
    megabytes = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        fill(archive)
        if trick in TRICKS:
            TRICKS[trick](archive)
        if megabytes:
            add(archive, "./big", data=random.Random(1).randbytes(megabytes << 20))
    content = plain.getvalue()
    packed = b"no archive" if trick == "text" else lzma.compress(content[:9000] if trick == "cut" else content, preset=0)
    digest = hashlib.sha256(b"other" if trick == "digest" else packed).hexdigest()
    item = {"path": "elsewhere" if trick == "unlisted" else PATH, "size": len(packed), "sha256": digest}
    if trick == "no-digest":
        del item["sha256"]
    catalog = {"products": {"x:1:amd64:default": {"versions": {"20260101_00:00": {"items": {"root.tar.xz": item}}}}}}
    for path, data in [(PATH, packed), ("streams/v1/images.json", json.dumps(catalog).encode())]:
        path = os.path.join(directory, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


main()
