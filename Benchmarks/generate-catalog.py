#!/usr/bin/env python3
"""A large catalog out of the recorded ones: generate-catalog.py one|linuxcontainers COUNT FILE."""
import json
import os
import sys

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "Fixtures", "catalogs")


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def one(count, out):
    with open(os.path.join(FIXTURES, "opennebula-7.4.json"), encoding="utf-8") as file:
        source = json.load(file)["appliances"]
    out.write('{"sEcho":1,"appliances":[')
    for number in range(count):
        app = dict(source[number % len(source)])
        app["name"] = f"{app['name']} {number}"
        app["_id"] = {"$oid": f"{app['_id']['$oid'][:-6]}{number:06x}"}
        out.write(("," if number else "") + compact(app))
    out.write("]}")


def linuxcontainers(count, out):
    with open(os.path.join(FIXTURES, "linuxcontainers-images.json"), encoding="utf-8") as file:
        source = list(json.load(file)["products"].items())
    out.write('{"content_id":"images","datatype":"image-downloads","format":"products:1.0","products":{')
    for number in range(count):
        key, product = source[number % len(source)]
        parts = key.split(":")
        parts[1] += f".{number}"
        out.write(("," if number else "") + compact(":".join(parts)) + ":" + compact(product))
    out.write("}}")


with open(sys.argv[3], "w", encoding="utf-8") as target:
    {"one": one, "linuxcontainers": linuxcontainers}[sys.argv[1]](int(sys.argv[2]), target)
