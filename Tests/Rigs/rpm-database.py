#!/usr/bin/env python3
"""Gives a copy of an archive of a root directory its list of RPMs in another of rpm's formats.

rpm-database.py OLD.tar NEW.tar sqlite|bdb|ndb DATABASE

Debian's rpm writes only sqlite. DATABASE gets a copy of the new file: `rpmdb.sqlite`, `Packages` of bdb (EL 8, Amazon
Linux 2), `Packages.db` of ndb (openSUSE, SLES).
"""

import io
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib


def headers(database):
    with tempfile.NamedTemporaryFile() as file:
        file.write(database)
        file.flush()
        return sqlite3.connect(file.name).execute("SELECT hnum, blob FROM Packages ORDER BY hnum").fetchall()


def bdb(rows, path):
    """A hash of numbers and headers. The number 0 has the largest number."""
    entries = [(0, struct.pack("<I", rows[-1][0])), *rows]
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", "HEADER=END"]
    for number, value in entries:
        lines += [" " + struct.pack("<I", number).hex(), " " + value.hex()]
    subprocess.run(["db5.3_load", path], input="\n".join([*lines, "DATA=END", ""]), text=True, check=True)


def ndb(rows, path):
    """A page of slots, which say in which blocks of 16 bytes the headers are. An empty slot is between two."""
    slots = [struct.pack("<4sIIIIIII", b"RpmP", 0, len(rows), 1, rows[-1][0] + 1, 0, 0, 0)]
    blocks = b""
    for number, header in rows:
        head = struct.pack("<4sIII", b"BlbS", number, 1, len(header))
        padding = b"\0" * (-(len(header) + 12) % 16)
        checksum = zlib.adler32(head + header + padding)
        blob = head + header + padding + struct.pack("<II4s", checksum, len(header), b"BlbE")
        slots.append(struct.pack("<4sIII", b"Slot", number, 256 + len(blocks) // 16, len(blob) // 16))
        slots.append(struct.pack("<4sIII", b"Slot", 0, 0, 0))
        blocks += blob
    page = b"".join(slots)
    page += struct.pack("<4sIII", b"Slot", 0, 0, 0) * ((4096 - len(page)) // 16)
    with open(path, "wb") as file:
        file.write(page + blocks)


NAMES = {"sqlite": "rpmdb.sqlite", "bdb": "Packages", "ndb": "Packages.db"}


def main():
    old_path, new_path, kind, path = sys.argv[1:]
    with tarfile.open(old_path) as old, tarfile.open(new_path, "w", format=tarfile.PAX_FORMAT) as new:
        for entry in old:
            directory, _, name = entry.name.rpartition("/")
            if not name.startswith("rpmdb.sqlite"):
                new.addfile(entry, old.extractfile(entry) if entry.isreg() else None)
            if name != "rpmdb.sqlite":
                continue
            content = old.extractfile(entry).read()
            if kind == "sqlite":
                with open(path, "wb") as file:
                    file.write(content)
            else:
                {"bdb": bdb, "ndb": ndb}[kind](headers(content), path)
            with open(path, "rb") as file:
                content = file.read()
            entry.name = f"{directory}/{NAMES[kind]}"
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))


main()
