#!/usr/bin/env python3
"""Small inputs for the fuzzers, of every kind that they should know.

    seeds.py json|simplestreams|tar|qcow2 FIXTURES FOLDER
"""
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile

target, fixtures, folder = sys.argv[1:4]


def put(name, content):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


def catalog(name):
    with open(os.path.join(fixtures, "catalogs", name), encoding="utf-8") as file:
        return json.load(file)


def write_json():
    for number, text in enumerate([
            '[null, true, false, 0, -1.5e+10, "", {}, []]', r'"\u00e9\ud83d\ude00\n\\\""', '{"a": {"b": [1, {"c": "d"}]}}',
            '\ufeff{"a": "{\\"inner\\": [1]}"}', "[" * 70 + "]" * 70]):
        put(f"{number}.json", text.encode())
    app = catalog("opennebula-7.4.json")["appliances"][0]
    put("app.json", json.dumps({name: value for name, value in app.items() if len(str(value)) < 300}).encode())


def write_simplestreams():
    products = list(catalog("linuxcontainers-images.json")["products"].items())
    wanted = [pair for pair in products if pair[0].endswith((":amd64:default", ":arm64:default"))]
    for number in range(0, len(wanted), max(1, len(wanted) // 8)):
        key, product = wanted[number]
        product = dict(product, versions=dict(list(product["versions"].items())[:1]))
        put(f"{number}.json", json.dumps({"products": {key: product}}).encode())


def write_tar():
    long = "long/" + "n" * 120
    for name, form in (("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT)):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            for path, kind, link in (
                    ("dir", tarfile.DIRTYPE, ""), ("dir/file", tarfile.REGTYPE, ""), ("link", tarfile.SYMTYPE, "dir"),
                    ("hard", tarfile.LNKTYPE, "dir/file"), (long[:90] if form == tarfile.USTAR_FORMAT else long, tarfile.REGTYPE, "")):
                entry = tarfile.TarInfo(path)
                entry.type, entry.linkname = kind, link
                entry.size = 5 if kind == tarfile.REGTYPE else 0
                if form == tarfile.PAX_FORMAT and path == "dir/file":
                    entry.pax_headers = {"SCHILY.xattr.security.capability": "value", "mtime": "1.5"}
                archive.addfile(entry, io.BytesIO(b"hello"))
        # Without the zeros that fill up the last record.
        put(name, buffer.getvalue()[:4096])


def write_qcow2():
    with tempfile.TemporaryDirectory() as directory:
        base = os.path.join(directory, "base")
        subprocess.run(["qemu-img", "create", "-q", "-f", "raw", base, "1M"], check=True)
        for name, options in {
                "v2": ["-o", "compat=0.10"], "v3": [], "backed": ["-b", base, "-F", "raw"],
                "external": ["-o", f"data_file={base}.data"]}.items():
            image = os.path.join(directory, name)
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *options, image, "1M"], check=True)
            with open(image, "rb") as file:
                put(name, file.read(200))


{"json": write_json, "simplestreams": write_simplestreams, "tar": write_tar, "qcow2": write_qcow2}[target]()
