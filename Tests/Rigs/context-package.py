#!/usr/bin/env python3
"""A context package for the tests: context-package.py FILE [TRICK], a .deb, .rpm or .apk by the name's end.

It has what OpenNebula's have: scripts, units or init scripts, a udev rule below /lib. TRICK is `parent`, for an entry that
climbs out, `file`, for a file that the image has a directory in place of, `other`, for one that is none of OpenNebula's, or
`trailing`, for an .apk with bytes behind its archives.
"""
import gzip
import io
import os
import subprocess
import sys
import tarfile
import tempfile

UNIT = "[Unit]\nDescription=x\n[Service]\nType=oneshot\nExecStart=/usr/sbin/one-contextd\n[Install]\nWantedBy={}\n"
COMMON = {
    "usr/sbin/one-contextd": ("#!/bin/sh\n", 0o755),
    "etc/one-context.d/loc-10-network": ("#!/bin/sh\n", 0o755),
    "lib/udev/rules.d/65-context.rules": ("# rules\n", 0o644),
    "srv/one/file": ("x", 0o644),
}
SYSTEMD = {
    f"usr/lib/systemd/system/{name}": (UNIT.format(target), 0o644)
    for name, target in [
        ("one-context-local.service", "multi-user.target"), ("one-context.service", "multi-user.target"),
        ("one-context-reconfigure.timer", "timers.target"),
    ]
} | {"usr/lib/systemd/system/one-context-force.service": (UNIT.format("multi-user.target"), 0o644)}
OPENRC = {f"etc/init.d/{name}": ("#!/sbin/openrc-run\n", 0o755) for name in ["one-context-local", "one-context"]}


def entry(name, data=b"", mode=0o644, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size = kind, mode, len(data)
    return info, io.BytesIO(data)


def tree(directory, files):
    for name, (text, mode) in files.items():
        path = os.path.join(directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)


def deb(path, directory, files):
    tree(directory, files)
    os.makedirs(directory + "/DEBIAN")
    with open(directory + "/DEBIAN/control", "w") as file:
        file.write("Package: one-context\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n")
    with open(directory + "/DEBIAN/postinst", "w") as file:
        file.write("#!/bin/sh\ntouch /tmp/escaped\n")
    os.chmod(directory + "/DEBIAN/postinst", 0o755)
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", directory, path], check=True, stdout=subprocess.DEVNULL)


def hostile_deb(path):
    """As dpkg-deb would never make it."""
    def packed(name):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz") as archive:
            archive.addfile(*entry(name))
        return data.getvalue()

    with open(path, "wb") as file:
        file.write(b"!<arch>\n")
        for name, data in [("debian-binary", b"2.0\n"), ("control.tar.gz", packed("./control")),
                           ("data.tar.gz", packed("./../../escaped"))]:
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode())
            file.write(data + b"\n" * (len(data) % 2))


def rpm(path, directory, files):
    tree(directory + "/files", files)
    with open(directory + "/one-context.spec", "w") as file:
        file.write("Name: one-context\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n"
                   "%description\nx\n%install\ncp -a " + directory + "/files/. %{buildroot}/\n"
                   "%post\ntouch /tmp/escaped\n%files\n%defattr(-,root,root)\n"
                   + "".join(f"/{name}\n" for name in files))
    subprocess.run(["rpmbuild", "--quiet", "--define", f"_topdir {directory}", "--define", "_rpmdir " + directory,
                    "--define", "_build_name_fmt made.rpm", "-bb", directory + "/one-context.spec"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.rename(directory + "/made.rpm", path)


def apk(path, files):
    """Three compressed archives behind one another; the first two have no end."""
    def segment(entries, ends):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for item in entries:
                archive.addfile(*item)
            size = archive.offset
        return gzip.compress(data.getvalue() if ends else data.getvalue()[:size])

    directories = sorted({os.path.dirname(name) for name in files} | {"usr", "etc", "lib"})
    with open(path, "wb") as file:
        file.write(segment([entry(".SIGN.RSA.x", b"signature")], False))
        file.write(segment([entry(".PKGINFO", b"pkgname = one-context\npkgver = 1-r0\n"), entry(".post-install", b"#!/bin/sh\n")], False))
        file.write(segment([entry(name, mode=0o755, kind=tarfile.DIRTYPE) for name in directories]
                           + [entry(name, text.encode(), mode) for name, (text, mode) in files.items()], True))


def main():
    path, trick = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "none"
    kind = path.rsplit(".", 1)[1]
    files = COMMON | (OPENRC if kind == "apk" else SYSTEMD)
    if trick == "file":
        files = {"etc/network": ("x", 0o644)}
    elif trick == "other":
        files = {"opt/other": ("x", 0o644)}
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        if trick == "parent":
            hostile_deb(path)
        elif kind == "deb":
            deb(path, directory, files)
        elif kind == "rpm":
            rpm(path, directory, files)
        else:
            apk(path, files)
            if trick == "trailing":
                with open(path, "ab") as file:
                    file.write(os.urandom(3 << 20))


main()
