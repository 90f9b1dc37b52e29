"""market/s3 on Ceph's gateway and SeaweedFS on this machine, beside awscli, s3cmd and rclone, those of them that are installed.

boto3 is needed, and what Tests/Rigs/ceph-rig needs. The others compute no MD5 of the image that they upload, which import
has to answer: `md5sum` stands beside them. Each downloads what it has uploaded itself, since s3cmd and rclone keep an MD5
with that and compare it, as export does; rclone compares nothing with an object of another's. The server's ceiling is what
curl reaches with the same parts, as many at a time and with the same checksums, all computed beforehand. Client and server
share the machine.
"""

import base64
import concurrent.futures
import contextlib
import glob
import hashlib
import os
import shutil
import subprocess
import sys

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import report
import s3server
import timing
from market import MIB, RELEASE, Market

runs, directory = int(sys.argv[1]), sys.argv[2]
PART = 8 * MIB


class Service:
    def __init__(self, place, server):
        self.place, self.server = place, server
        self.endpoint, self.access, self.secret = server.endpoint, server.access, server.secret
        self.client = self.connect()
        s3server.wait_for(self.client)
        config = place.path("s3cfg")
        with open(config, "w", encoding="utf-8") as file:
            host = self.endpoint.split("//")[1]
            file.write(
                f"[default]\naccess_key={self.access}\nsecret_key={self.secret}\nhost_base={host}\nhost_bucket={host}\n"
                "use_https=False\n")
        self.env = dict(
            place.env, AWS_ACCESS_KEY_ID=self.access, AWS_SECRET_ACCESS_KEY=self.secret, AWS_DEFAULT_REGION="us-east-1",
            RCLONE_CONFIG_RIG_TYPE="s3", RCLONE_CONFIG_RIG_PROVIDER="Ceph", RCLONE_CONFIG_RIG_ENDPOINT=self.endpoint,
            RCLONE_CONFIG_RIG_ENV_AUTH="true", RCLONE_IGNORE_TIMES="true",
            RCLONE_CONFIG=place.path("rclone.conf"))
        aws, s3cmd = ["aws", "--endpoint-url", self.endpoint, "s3"], ["s3cmd", "-c", config, "-q", "--no-progress", "--force"]
        self.rivals = {
            "aws": (lambda a, b: [*aws, "cp", "--quiet", a, b], lambda name: "s3://apps/" + name, [*aws, "ls", "s3://list"]),
            "s3cmd": (
                lambda a, b: [*s3cmd, "get" if a.startswith("s3:") else "put", a, b], lambda name: "s3://apps/" + name,
                [*s3cmd, "ls", "s3://list"]),
            "rclone": (lambda a, b: ["rclone", "copyto", a, b], lambda name: "rig:apps/" + name, ["rclone", "size", "rig:list"]),
        }
        self.rivals = {name: rival for name, rival in self.rivals.items() if shutil.which(name)}

    def connect(self):
        config = botocore.config.Config(s3={"addressing_style": "path"}, signature_version="s3v4", max_pool_connections=8)
        return boto3.client(
            "s3", endpoint_url=self.endpoint, aws_access_key_id=self.access, aws_secret_access_key=self.secret,
            region_name="us-east-1", config=config)

    def message(self, **values):
        return self.place.message(
            MARKETPLACE__TEMPLATE__BUCKET=values.pop("bucket", "apps"), MARKETPLACE__TEMPLATE__ENDPOINT=self.endpoint,
            MARKETPLACE__TEMPLATE__ACCESS_KEY_ID=self.access, MARKETPLACE__TEMPLATE__SECRET_ACCESS_KEY=self.secret,
            MARKETPLACE__TEMPLATE__FORCE_PATH_STYLE="YES", **values)

    def act(self, action, message):
        return timing.measure([f"{RELEASE}/market-drivers", f"market/s3/{action}"], message, self.place.env)


def rows(case, sides):
    """The first side is ours."""
    samples = timing.alternately(runs, *[side for _, side in sides])
    for (name, _), theirs in list(zip(sides, samples))[1:]:
        report.row(case, samples[0], name, theirs)


class Signer(botocore.auth.S3SigV4Auth):
    """Takes the digest of the body as given, since the body stays in its file."""

    def payload(self, request):
        return request.context["sha256"]


class Ceiling:
    """curl(1) with an image's parts, four at a time, each signed and with its checksums."""

    def __init__(self, service, image):
        self.service, self.parts = service, []
        with open(image, "rb") as source:
            while body := source.read(PART):
                path = service.place.path(f"part-{len(self.parts)}")
                with open(path, "wb") as file:
                    file.write(body)
                md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
                self.parts.append((path, md5, hashlib.sha256(body).hexdigest()))

    def configuration(self):
        """Signatures grow old: for each run new ones, before the clock is started."""
        keys = botocore.credentials.Credentials(self.service.access, self.service.secret)
        blocks = []
        for number, (path, md5, sha256) in enumerate(self.parts):
            request = botocore.awsrequest.AWSRequest(
                "PUT", f"{self.service.endpoint}/apps/ceiling-{number}",
                headers={"Content-MD5": md5})
            request.context["sha256"] = sha256
            Signer(keys, "s3", "us-east-1").add_auth(request)
            headers = "".join(f'header = "{name}: {value}"\n' for name, value in request.headers.items())
            blocks.append(f'url = "{request.url}"\nupload-file = "{path}"\nsilent\nfail\n{headers}header = "Expect:"\n')
        file = self.service.place.path("curl.conf")
        with open(file, "w", encoding="utf-8") as out:
            out.write("next\n".join(blocks))
        return file

    def run(self):
        return timing.measure(["curl", "-Z", "--parallel-max", "4", "-K", self.configuration()])


def uploads(service, image):
    message = service.message(IMPORT_SOURCE=image, SIZE="1024", FORMAT="raw", MD5="", MARKETPLACEAPP__ID="1")
    def ours():
        # An import finds no object of its name; what it removes otherwise is no part of it.
        service.client.delete_object(Bucket="apps", Key="marketapp-1")
        return service.act("import", message)

    sides = [("ours", ours), ("`md5sum`", lambda: timing.measure(["md5sum", image]))]
    sides.append(("`curl`, 4 PUTs at a time", Ceiling(service, image).run))
    for name, (copy, remote, _) in service.rivals.items():
        sides.append((name, lambda c=copy, r=remote, n=name: timing.measure(c(image, r(n)), env=service.env)))
    rows(f"s3/import of 1 GiB random, {service.server.name}", sides)


def downloads(service):
    message = service.message(
        MARKETPLACEAPP__SOURCE="s3://apps/marketapp-1", MARKETPLACEAPP__FORMAT="raw", MARKETPLACEAPP__MD5="")

    def ours():
        sample = service.act("export", message)
        service.place.clear(service.place.datastore)
        return sample

    def theirs(copy, remote, script):
        target = service.place.path("copy")
        command = ["sh", "-ec", script, "sh", *copy(remote, target)]
        sample = timing.measure(command, env=dict(service.env, TARGET=target))
        for path in glob.glob(target + "*"):
            os.remove(path)
        return sample

    sides = [("ours", ours)]
    for name, (copy, remote, _) in service.rivals.items():
        # What export does beside: the image is verified, and on the disk.
        verified = '"$@"; md5sum "$TARGET" >"$TARGET.md5"' if name == "aws" else '"$@"'
        label = "aws, then `md5sum` and `sync`" if name == "aws" else f"{name}, then `sync`"
        sides.append((name, lambda c=copy, r=remote, n=name: theirs(c, r(n), 'exec "$@"')))
        sides.append((label, lambda c=copy, r=remote, n=name, v=verified: theirs(c, r(n), v + '; sync "$TARGET"')))
    if "rclone" in service.rivals:
        copy, remote, _ = service.rivals["rclone"]
        sides.append(("rclone, of another's object", lambda c=copy, r=remote: theirs(c, r("marketapp-1"), 'exec "$@"')))
    rows(f"s3/export of 1 GiB random, {service.server.name}", sides)


def listings(service):
    service.client.create_bucket(Bucket="list")
    # A client of its own: its connections are to be gone before programs are started with few descriptors.
    with contextlib.closing(service.connect()) as client, concurrent.futures.ThreadPoolExecutor(8) as pool:
        put = lambda number: client.put_object(Bucket="list", Key=f"marketapp-{number}", Body=b"x")
        list(pool.map(put, range(10_000)))
    # Ceph tells the sum in one request: beside whole listings that is hardly fair, and what a user gets.
    sides = [("ours", lambda: service.act("monitor", service.message(bucket="list")))]
    for name, (_, _, command) in service.rivals.items():
        sides.append((f"{name}, a listing", lambda c=command: timing.measure(c, env=service.env)))
    rows("s3/monitor of 10,000 objects", sides)


def measure(place, server, image):
    try:
        service = Service(place, server)
        uploads(service, image)
        downloads(service)
        if server.name == "Ceph":
            listings(service)
    finally:
        server.end()


with Market(directory) as place:
    # Not in the datastore, which is emptied after each export.
    image = place.random_image(1024, "random")
    measure(place, s3server.Ceph(place), image)
    if s3server.SeaweedFS.is_installed():
        measure(place, s3server.SeaweedFS(place), image)
