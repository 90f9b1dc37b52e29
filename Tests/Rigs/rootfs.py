#!/usr/bin/env python3
"""A container image server's files, for the tests.

Writes images/x/1/amd64/default/20260101_00:00/rootfs.tar.xz, or root.squashfs, and streams/v1/images.json below a
directory.
"""
import argparse
import hashlib
import io
import json
import lzma
import os
import random
import struct
import subprocess
import tarfile

FOLDER = "images/x/1/amd64/default/20260101_00:00/"


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
        ("./mail", 0o2775, (0, 8)), ("./mail/inner", 0o755, (7, 7)), ("./locked", 0, (0, 0)),
    ]:
        add(archive, name, tarfile.DIRTYPE, mode=mode, owner=owner)
    add(archive, "./bin/su", data=b"su" * 3000, mode=0o4755)
    add(archive, "./bin/hard", tarfile.LNKTYPE, link="./bin/su", mode=0o4755)
    add(archive, "./home/u/secret", data=b"x" * 5000, mode=0o600, owner=(1000, 1001))
    add(archive, "./etc/shadow", data=b"root:*:", mode=0)
    add(archive, "./etc/gshadow", data=b"root:", mode=0o200, owner=(0, 42))
    add(archive, "./locked/inner", data=b"inner", mode=0o011)
    add(archive, "./etc/mtab", tarfile.SYMTYPE, link="/proc/self/mounts", mode=0o777)
    add(archive, "./dev/null", tarfile.CHRTYPE, mode=0o666, device=(1, 3))
    add(archive, "./dev/disk", tarfile.BLKTYPE, mode=0o660, owner=(0, 6), device=(8, 0))
    add(archive, "./dev/pipe", tarfile.FIFOTYPE, mode=0o600)
    add(archive, "./etc/" + "n" * 150, data=b"long")
    capability = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0).decode("latin1")
    add(archive, "./bin/ping", data=b"ping", mode=0o755,
        attributes={"SCHILY.xattr.security.capability": capability, "SCHILY.xattr.user.note": "hello"})
    add(archive, "./etc/noted", data=b"noted", attributes={"SCHILY.xattr.user.long": "n" * 600})


def add_folders(archive, path):
    folder = "."
    for name in path.strip("/").split("/"):
        folder += "/" + name
        if folder != "./tmp":
            add(archive, folder, tarfile.DIRTYPE, mode=0o755)


def add_blanks(archive):
    """Names with blanks in directories that a file system keeps in different ways."""
    for folder, count in [("", 0), ("/small", 0), ("/middle", 40), ("/large", 1000)]:
        add(archive, "./blank" + folder, tarfile.DIRTYPE, mode=0o755)
        for number in range(count):
            add(archive, f"./blank{folder}/a file with the number {number}" if number % 50 == 0 else f"./blank{folder}/file-{number}")
        if folder:
            add(archive, f"./blank{folder}/a b", data=b"a b", mode=0o4755, attributes={"SCHILY.xattr.user.note": "a b"})
    for name in [":c d:", "tail ", "\u00e4 \u00f6", 'a"quote"']:
        add(archive, "./blank/small/" + name, data=b"x")
    add(archive, "./blank/small/inner dir", tarfile.DIRTYPE, mode=0o755)
    add(archive, "./blank/small/inner dir/f", data=b"f", mode=0o600)
    add(archive, "./blank/link", tarfile.SYMTYPE, link="a b/c d")


def fill_distribution(archive, name):
    """Where a distribution keeps its name, its services and its network configuration."""
    release = {
        "debian": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
        "rocky": 'ID="rocky"\nVERSION_ID="9.4"\nID_LIKE="rhel centos fedora"\n',
        "fedora": "ID=fedora\nVERSION_ID=43\n",
        "suse": 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n',
        "devuan": "ID=devuan\nID_LIKE=debian\n",
        "alpine": "ID=alpine\nVERSION_ID=3.22.1\n",
        "arch": 'PRETTY_NAME="Arch Linux"\nID=arch\n',
    }[name].encode()
    for directory in ["usr", "usr/lib", "usr/sbin", "opt"]:
        add(archive, "./" + directory, tarfile.DIRTYPE, mode=0o755)
    if name == "alpine":
        add(archive, "./etc/os-release", data=release)
        for directory in ["init.d", "runlevels", "runlevels/boot", "runlevels/default"]:
            add(archive, "./etc/" + directory, tarfile.DIRTYPE, mode=0o755)
        return
    add(archive, "./etc/os-release", tarfile.SYMTYPE, link="../usr/lib/os-release")
    add(archive, "./usr/lib/os-release", data=release)
    add(archive, "./lib", tarfile.SYMTYPE, link="usr/lib")
    for directory in ["usr/lib/systemd", "usr/lib/systemd/system", "etc/systemd", "etc/systemd/network", "etc/network"]:
        add(archive, "./" + directory, tarfile.DIRTYPE, mode=0o755)
    if name != "devuan":
        add(archive, "./usr/lib/systemd/systemd", data=b"systemd", mode=0o755)
    add(archive, "./etc/systemd/network/eth0.network", data=b"[Match]\nName=eth0\n")
    add(archive, "./etc/network/interfaces", data=b"iface eth0 inet dhcp\n")
    add(archive, "./usr/sbin/one-contextd", data=b"old", mode=0o600, owner=(5, 5),
        attributes={"SCHILY.xattr.user.note": "old"})


# user::rw-, user:1000:r--, group::r--, mask::rw-, other::r--, as setxattr(2) takes it.
ACL = struct.pack("<I" + "HHI" * 5, 2, 1, 6, 0xFFFFFFFF, 2, 4, 1000, 4, 4, 0xFFFFFFFF, 16, 6, 0xFFFFFFFF, 32, 4,
                  0xFFFFFFFF).decode("utf-8", "surrogateescape")
TRICKS = {
    "parent": lambda a: add(a, "./../../escaped"),
    "absolute": lambda a: add(a, "/tmp/escaped"),
    "link": lambda a: (add(a, "./out", tarfile.SYMTYPE, link="/tmp"), add(a, "./out/escaped")),
    "hardlink": lambda a: add(a, "./passwd", tarfile.LNKTYPE, link="../../../etc/passwd"),
    "hardlink-absolute": lambda a: add(a, "./passwd", tarfile.LNKTYPE, link="/etc/passwd"),
    "hardlink-link": lambda a: (add(a, "./out", tarfile.SYMTYPE, link="/etc"), add(a, "./p", tarfile.LNKTYPE, link="out/passwd")),
    "link-directory": lambda a: (add(a, "./out", tarfile.SYMTYPE, link="/tmp"), add(a, "./out", tarfile.DIRTYPE), add(a, "./out/escaped")),
    "blank": lambda a: add(a, "./etc/ "),
    "dollar": lambda a: add(a, "./etc/$", tarfile.DIRTYPE, mode=0o755),
    "blanks": lambda a: add_blanks(a),
    "system-attribute": lambda a: add(a, "./etc/odd", attributes={"SCHILY.xattr.system.odd": "x"}),
    "acl": lambda a: add(a, "./etc/shared", mode=0o664, attributes={"SCHILY.xattr.system.posix_acl_access": ACL}),
    "netplan-link": lambda a: add(a, "./etc/netplan", tarfile.SYMTYPE, link=os.environ["OUTSIDE"]),
    "opt-link": lambda a: (add_folders(a, os.environ["OUTSIDE"]), add(a, "./srv", tarfile.SYMTYPE, link=os.environ["OUTSIDE"])),
    "dangling-link": lambda a: add(a, "./srv", tarfile.SYMTYPE, link=os.environ["OUTSIDE"]),
    "long-parent": lambda a: add(a, "./" + "d" * 120 + "/../../escaped"),
}


# Changes to a squashfs whose tables are not compressed: names that no squashfs may have.
SQUASHFS_TRICKS = {
    "squashfs-parent": (b"XXXescaped", b"../escaped"),
    "squashfs-twice": (b"ouu", b"out"),
    "squashfs-damaged": (b"hsqs", b"hsqx"),
}


def fill_squashfs(archive):
    add(archive, "./XXXescaped")
    add(archive, "./out", tarfile.SYMTYPE, link="/tmp")
    add(archive, "./ouu", tarfile.DIRTYPE, mode=0o755)
    add(archive, "./ouu/escaped")


def squashfs(content, directory, trick):
    path = os.path.join(directory, "made.squashfs")
    subprocess.run(
        ["mksquashfs", "-", path, "-tar", "-quiet", "-no-progress", "-noappend"]
        + (["-noI", "-noD", "-noF", "-noX"] if trick in SQUASHFS_TRICKS else []),
        input=content, check=True, stdout=subprocess.DEVNULL)
    with open(path, "rb") as file:
        made = file.read()
    os.unlink(path)
    return made.replace(*SQUASHFS_TRICKS[trick]) if trick in SQUASHFS_TRICKS else made


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory")
    parser.add_argument("--trick", default="none", help="an entry that must not be unpacked, or a wrong catalog")
    parser.add_argument("--noise", type=int, default=0, help="MB that make the image large, and keep it from being compressed")
    parser.add_argument("--squashfs", action="store_true", help="root.squashfs in place of rootfs.tar.xz")
    parser.add_argument("--archive", help="this file in place of an archive that is made here")
    parser.add_argument("--distribution", help="debian, devuan, rocky, fedora, suse, alpine or arch")
    options = parser.parse_args()
    trick = options.trick
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        fill(archive)
        if options.distribution:
            fill_distribution(archive, options.distribution)
        if trick in TRICKS:
            TRICKS[trick](archive)
        if trick in SQUASHFS_TRICKS:
            fill_squashfs(archive)
        if options.noise:
            add(archive, "./big", data=random.Random(1).randbytes(1 << 20) * options.noise)
    content = plain.getvalue()
    os.makedirs(os.path.join(options.directory, FOLDER), exist_ok=True)
    os.makedirs(os.path.join(options.directory, "streams/v1"), exist_ok=True)
    if options.squashfs:
        packed = squashfs(content, options.directory, trick)
    elif options.archive:
        with open(options.archive, "rb") as file:
            packed = file.read()
    elif options.noise:
        packed = content
    else:
        packed = b"no archive" if trick == "text" else lzma.compress(content[:9000] if trick == "cut" else content, preset=0)
    digest = hashlib.sha256(b"other" if trick == "digest" else packed).hexdigest()
    name = "root.squashfs" if options.squashfs else "root.tar.xz"
    path = FOLDER + ("root.squashfs" if options.squashfs else "rootfs.tar.xz")
    item = {"path": "elsewhere" if trick == "unlisted" else path, "size": len(packed), "sha256": digest}
    if trick == "no-digest":
        del item["sha256"]
    catalog = {"products": {"x:1:amd64:default": {"versions": {"20260101_00:00": {"items": {name: item}}}}}}
    for path, data in [(path, packed), ("streams/v1/images.json", json.dumps(catalog).encode())]:
        with open(os.path.join(options.directory, path), "wb") as file:
            file.write(data)


main()
