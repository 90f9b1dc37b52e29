"""S3 services of this machine on free ports of 127.0.0.1: what they are asked with, and their end."""

import json
import os
import shutil
import subprocess
import time

from servers import Server

RIG = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../Tests/Rigs/ceph-rig"))


class Ceph:
    """Ceph's gateway with the daemons behind it: see Tests/Rigs/ceph-rig."""

    name = "Ceph"

    def __init__(self, place):
        def command(ports):
            self.folder = place.path(f"ceph-{ports[0]}")
            return [RIG, "run", self.folder, *map(str, ports)]

        self.server = Server(command, count=2, seconds=300)
        lines = subprocess.run([RIG, "env", self.folder], check=True, capture_output=True, text=True).stdout.split()
        values = dict(line.split("=", 1) for line in lines)
        self.endpoint, self.access, self.secret = values["ENDPOINT"], values["ACCESS_KEY"], values["SECRET_KEY"]

    def end(self):
        self.server.end()


class SeaweedFS:
    """weed(1) as one process with all its parts."""

    name = "SeaweedFS"

    def __init__(self, place):
        self.access, self.secret = "access", "secret"
        keys = {"accessKey": self.access, "secretKey": self.secret}
        users = {"identities": [{"name": "all", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List"]}]}
        with open(place.path("weed.json"), "w", encoding="utf-8") as file:
            json.dump(users, file)
        names = [part + kind for part in ("s3", "master", "volume", "filer") for kind in (".port", ".port.grpc")]

        def command(ports):
            folder = place.path(f"weed-{ports[0]}")
            os.mkdir(folder)
            return [
                "weed", "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=100", "-filer", "-s3",
                "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={place.path('weed.json')}",
                *(f"-{name}={port}" for name, port in zip(names, ports))]

        self.server = Server(command, count=len(names))
        self.endpoint = f"http://127.0.0.1:{self.server.port}"

    @staticmethod
    def is_installed():
        return shutil.which("weed") is not None

    def end(self):
        self.server.end()


def wait_for(client, seconds=30):
    """Waits until the service makes a bucket."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return client.create_bucket(Bucket="apps")
        except Exception:  # whatever boto3 says of a service that is not there yet
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
