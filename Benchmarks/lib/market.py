"""A marketplace and a datastore for the actions to work on, in a temporary OpenNebula installation."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

import timing

RELEASE = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.build/release"))
BASE_URL = "http://127.0.0.1:1/market"
MIB = 1 << 20


class Market:
    """Use it with `with`: the end removes everything."""

    def __init__(self, directory):
        self.root = tempfile.mkdtemp(prefix="market-drivers-benchmark-", dir=directory)
        self.public, self.datastore = self.path("public"), self.path("datastore")
        os.mkdir(self.public)
        os.mkdir(self.datastore)
        for driver, actions in (("market/http", ("import", "delete", "monitor", "export")), ("datastore/fs", ("export",))):
            for action in actions:
                self.launcher(f"{driver}/{action}")
        self.env = dict(os.environ, ONE_LOCATION=self.path("one"))

    def launcher(self, name):
        """As the installer makes them: sh becomes the executable, and one_market runs that at once."""
        path = self.action(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec '{RELEASE}/market-drivers' {name} \"$@\" # message on stdin\n")
        os.chmod(path, 0o755)

    def path(self, name):
        return os.path.join(self.root, name)

    def action(self, name):
        return self.path("one/var/remotes/" + name)

    def configure(self, text):
        path = self.path("one/var/remotes/etc/market")
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "market-drivers.conf"), "w", encoding="utf-8") as file:
            file.write(text)

    def __enter__(self):
        # A benchmark that is ended removes what it has made, too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def clear(self, *directories):
        """Empties PUBLIC_DIR, or the directories named."""
        for directory in directories or (self.public,):
            for name in os.listdir(directory):
                os.remove(os.path.join(directory, name))

    def message(self, root="MARKET_DRIVER_ACTION_DATA", bridge="", **values):
        """A driver message; `values` are elements of its root, or, with __ in their names, of elements below."""
        tree = {
            "MARKETPLACEAPP": {"ID": "0", "TYPE": "1", "NAME": "app"},
            "MARKETPLACE": {
                "ID": "100", "MARKET_MAD": "http",
                "TEMPLATE": {"BASE_URL": BASE_URL, "PUBLIC_DIR": self.public, "BRIDGE_LIST": bridge},
            },
            "IMAGE": {"ID": "0", "FORMAT": "raw"},
            "DATASTORE": {"ID": "1", "DS_MAD": "fs", "BASE_PATH": self.datastore},
        }
        for name, value in values.items():
            *parents, last = name.split("__")
            place = tree
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = value
        return f"<{root}>{xml(tree)}</{root}>".encode()

    def copy_message(self, path, **values):
        """What oned sends to a datastore's `cp` for a new image that comes from `path`."""
        return self.message(
            root="DS_DRIVER_ACTION_DATA", IMAGE__PATH=path, IMAGE__FORMAT="", DATASTORE__TEMPLATE__RESTRICTED_DIRS="/",
            DATASTORE__TEMPLATE__SAFE_DIRS=self.root, **values)

    def run(self, name, message):
        """Runs an action through its launcher."""
        return timing.measure([self.action(name), "0"], message, self.env)

    def random_image(self, mebibytes, name="datastore/random"):
        path = self.path(name)
        with open(path, "wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(MIB))
            os.fsync(file.fileno())
        return path

    def sparse_image(self, mebibytes, data=64, name="datastore/sparse"):
        """An image with `data` MiB in pieces of 1 MiB all over it."""
        path = self.path(name)
        with open(path, "wb") as file:
            file.truncate(mebibytes * MIB)
            for piece in range(data):
                file.seek(piece * (mebibytes // data) * MIB)
                file.write(os.urandom(MIB))
            os.fsync(file.fileno())
        return path

    def allocated(self, folder=None):
        """MiB that the files of PUBLIC_DIR, or of another folder, take on the disk."""
        folder = folder or self.public
        return sum(os.stat(os.path.join(folder, name)).st_blocks * 512 for name in os.listdir(folder)) / MIB


def xml(tree):
    return "".join(
        f"<{name}>{xml(value) if isinstance(value, dict) else escape(value)}</{name}>" for name, value in tree.items())


def has(program):
    return shutil.which(program) is not None


def quiet(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
