#!/usr/bin/env python3
"""Imports and exports through a proxy that misbehaves, and what is left afterwards.

    s3-faults.py ENDPOINT ACCESS_KEY SECRET_KEY PROGRAMS DIRECTORY RUNS SEED

PROGRAMS is the folder of market-drivers. One JSON line is printed: how many runs succeeded, how
many failed, and what was wrong in any of them. A run that succeeded has a whole object or file; one that failed says
why on one line and leaves nothing: no object, no open upload, no file.
"""
import base64
import collections
import concurrent.futures
import hashlib
import json
import os
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time

import boto3
import botocore.config

ENDPOINT, ACCESS, SECRET, PROGRAMS, DIRECTORY, RUNS, SEED = sys.argv[1:8]
UPSTREAM = ENDPOINT.split("//")[1].split(":")
BUCKET = "faults"
FAULTS = ["reset", "delay", "truncate", "500", "503", "lost answer", "lie", "half"]
ERROR = "<?xml version='1.0'?><Error><Code>%s</Code><Message>the proxy's own</Message></Error>"


class Proxy(threading.Thread):
    """One listening socket; each request draws from a generator of its own whether something goes wrong."""

    def __init__(self, seed):
        super().__init__(daemon=True)
        self.random = random.Random(seed)
        # Some runs meet a fault now and then, some a service that never does one thing right.
        self.rate = self.random.choice([0.05, 0.15, 0.3])
        self.broken = self.random.choice([None, None, None, "part", "complete", "create", "get", "put"])
        self.fault = self.random.choice(FAULTS)
        self.drawn = collections.Counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def kind(self, method, target):
        if "partNumber=" in target and method == "PUT":
            return "part"
        if method == "POST":
            return "complete" if "uploadId=" in target else "create"
        if method == "PUT":
            return "put"
        return "get" if method == "GET" and "?" not in target else "other"

    def draw(self, method, target):
        if self.kind(method, target) == self.broken:
            return self.fault
        return self.random.choice(FAULTS) if self.random.random() < self.rate else None

    def serve(self, client):
        try:
            with client, client.makefile("rb") as incoming:
                while self.exchange(client, incoming):
                    pass
        except OSError:
            pass

    def exchange(self, client, incoming):
        head = read_head(incoming)
        if not head:
            return False
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ", 2)
        fault = self.draw(method, target)
        self.drawn[fault] += 1
        length = content_length(head)
        if fault == "reset":
            return reset(client)
        if fault == "half":
            incoming.read(length // 2)
            return reset(client)
        body = incoming.read(length)
        if fault in ("500", "503"):
            code = {"500": "InternalError", "503": "SlowDown"}[fault]
            text = b"" if method == "HEAD" else (ERROR % code).encode()
            client.sendall(b"HTTP/1.1 %s Fault\r\nContent-Length: %d\r\n\r\n" % (fault.encode(), len(text)) + text)
            return True
        if fault == "delay":
            time.sleep(self.random.random() * 2)
        answer, content = forward(head, body, method)
        if fault == "lost answer":
            return reset(client)
        if fault == "lie":
            answer = re.sub(rb'(?im)^etag: "?[0-9a-f]{4}', b'ETag: "0000', answer)
            content = re.sub(rb"(<ETag>(?:&quot;|&#34;|\")?)[0-9a-f]{4}", rb"\g<1>0000", content) if method != "GET" else content
        if fault == "truncate":
            client.sendall((answer + content)[: (len(answer) + len(content)) // 2])
            return reset(client)
        client.sendall(answer + content)
        return True


def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    return head


def content_length(head):
    found = re.search(rb"(?im)^content-length: *(\d+)", head)
    return int(found[1]) if found else 0


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def forward(head, body, method):
    """The server's answer: its head, made to announce its length, and its body."""
    with socket.create_connection((UPSTREAM[0], int(UPSTREAM[1]))) as server, server.makefile("rb") as stream:
        server.sendall(re.sub(rb"(?im)^connection:.*\r\n", b"", head) + body)
        answer = read_head(stream)
        if not answer:
            raise OSError("the server gave no answer")
        status = int(answer.split(b" ")[1])
        if method == "HEAD" or status in (204, 304):
            return answer, b""
        if re.search(rb"(?im)^transfer-encoding: *chunked", answer):
            content = b""
            while size := int(stream.readline(), 16):
                content += stream.read(size)
                stream.readline()
            answer = re.sub(rb"(?im)^transfer-encoding:.*\r\n", b"", answer)
            return answer[:-2] + b"Content-Length: %d\r\n\r\n" % len(content), content
        return answer, stream.read(content_length(answer))


def storage():
    return boto3.client(
        "s3", endpoint_url=ENDPOINT, aws_access_key_id=ACCESS, aws_secret_access_key=SECRET, region_name="us-east-1",
        config=botocore.config.Config(s3={"addressing_style": "path"}))


def message(proxy, number, source="", extra=""):
    text = f"""<MARKET_DRIVER_ACTION_DATA><MARKETPLACEAPP><ID>{number}</ID><REGTIME>{number}</REGTIME>
<SOURCE>s3://{BUCKET}/marketapp-{number}</SOURCE><FORMAT>raw</FORMAT>{extra}</MARKETPLACEAPP><MARKETPLACE><TEMPLATE>
<BUCKET>{BUCKET}</BUCKET><ENDPOINT>{proxy.url}</ENDPOINT><ACCESS_KEY_ID>{ACCESS}</ACCESS_KEY_ID>
<SECRET_ACCESS_KEY>{SECRET}</SECRET_ACCESS_KEY><FORCE_PATH_STYLE>YES</FORCE_PATH_STYLE><READ_LENGTH>5</READ_LENGTH>
</TEMPLATE></MARKETPLACE><DATASTORE><DS_MAD>fs</DS_MAD><BASE_PATH>{DIRECTORY}/store-{number}</BASE_PATH></DATASTORE>
<IMPORT_SOURCE>{source}</IMPORT_SOURCE><SIZE>1</SIZE><FORMAT>raw</FORMAT></MARKET_DRIVER_ACTION_DATA>"""
    return base64.b64encode(text.encode())


def run(program, text):
    done = subprocess.run([f"{PROGRAMS}/market-drivers", program], input=text, capture_output=True, timeout=300)
    reasons = [line for line in done.stderr.decode().splitlines() if not re.match("(ERROR|INFO|WARN|DEBUG):", line)]
    return done.returncode, done.stdout.decode(), reasons, done.stderr.decode()


def one(number):
    """What was wrong in a run, and whether it succeeded."""
    proxy = Proxy(f"{SEED}-{number}")
    proxy.start()
    generator = random.Random(f"{SEED}-{number}-image")
    image = f"{DIRECTORY}/image-{number}"
    data = generator.randbytes(generator.choice([100, 3 << 20, (5 << 20) + 1, 17 << 20]))
    with open(image, "wb") as file:
        file.write(data)
    try:
        check = imported if number % 2 else exported
        wrong, succeeded = check(number, proxy, image, data)
        context = f"run {number} ({len(data)} bytes, broken {proxy.broken} {proxy.fault}, {dict(proxy.drawn)})"
        return [f"{context}: {what}" for what in wrong], succeeded
    finally:
        proxy.listener.close()
        os.unlink(image)


def imported(number, proxy, image, data):
    status, output, reasons, said = run("market/s3/import", message(proxy, number, image))
    s3, key, wrong = storage(), f"marketapp-{number}", []
    found = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents", []) if entry["Key"] == key]
    if status == 0:
        if hashlib.md5(data).hexdigest() not in output:
            wrong.append("another MD5 was printed")
        if not found or s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() != data:
            wrong.append("the object is not the image")
    else:
        wrong += [f"reasons {reasons}"] if len(reasons) != 1 or output else []
        wrong += ["an object is left"] if found else []
    uploads = s3.list_multipart_uploads(Bucket=BUCKET, Prefix=key).get("Uploads", [])
    wrong += [f"an upload is left open after status {status}"] if any(upload["Key"] == key for upload in uploads) else []
    return [what + f"; said {said}" for what in wrong], status == 0


def exported(number, proxy, image, data):
    storage().put_object(Bucket=BUCKET, Key=f"marketapp-{number}", Body=data)
    md5 = f"<MD5>{hashlib.md5(data).hexdigest()}</MD5>"
    status, output, reasons, said = run("market/s3/export", message(proxy, number, extra=md5))
    store, wrong = f"{DIRECTORY}/store-{number}", []
    names = os.listdir(store) if os.path.isdir(store) else []
    if status == 0:
        source = re.search('SOURCE="(.*)"', output)[1]
        if names != [os.path.basename(source)] or open(source, "rb").read() != data:
            wrong.append("the file is not the image")
    else:
        wrong += [f"reasons {reasons}"] if len(reasons) != 1 or output else []
        wrong += [f"{names} is left"] if names else []
    return [what + f"; said {said}" for what in wrong], status == 0


def main():
    try:
        storage().create_bucket(Bucket=BUCKET)
    except storage().exceptions.BucketAlreadyOwnedByYou:
        pass
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, range(int(RUNS))))
    wrong = [what for run in results for what in run[0]]
    succeeded = sum(1 for _, success in results if success)
    print(json.dumps({"succeeded": succeeded, "failed": len(results) - succeeded, "wrong": wrong}))


main()
