#!/usr/bin/env python3
"""A service that refuses what S3 refuses and that few others do: a wrong region, and a clock that is off.

    s3-strict.py PORT REGION CLOCK

The bucket is in REGION, and the service's clock is CLOCK seconds ahead. It has one bucket, with one object of three
bytes and an upload of the year 2020 that is open until it is aborted. GET /~requests lists what was asked, a line each.
"""
import http.server
import re
import sys
import time
from email.utils import formatdate

PORT, REGION, CLOCK = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ASKED = []
OPEN = ["<Upload><Key>marketapp-3</Key><UploadId>old</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>",
        "<Upload><Key>marketapp-x</Key><UploadId>not ours</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>"]
LIST = "<%s><IsTruncated>false</IsTruncated>%s</%s>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text="", **fields):
        body = text.encode()
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + CLOCK, usegmt=True))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        if self.command == "HEAD":
            self.send_header("Content-Length", fields.get("length", "0"))
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code, more="", **fields):
        self.answer(status, f"<Error><Code>{code}</Code><Message>refused</Message>{more}<RequestId>r1</RequestId></Error>", **fields)

    def handle_request(self):
        if self.path == "/~requests":
            return self.answer(200, "\n".join(ASKED) + "\n")
        ASKED.append(f"{self.command} {self.path}")
        scope = re.search(r"Credential=[^/]+/\d+/([^/]*)/s3", self.headers.get("Authorization", ""))
        stamp = self.headers.get("x-amz-date", "19700101T000000Z")
        moment = time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - time.timezone
        if scope is None or abs(moment - time.time() - CLOCK) > 900:
            return self.refuse(403, "RequestTimeTooSkewed")
        if scope[1] != REGION:
            if self.command == "HEAD":
                return self.answer(301, x_amz_bucket_region=REGION)
            return self.refuse(400, "AuthorizationHeaderMalformed", f"<Region>{REGION}</Region>")
        if self.command == "DELETE":
            OPEN[:] = [upload for upload in OPEN if f"uploadId={re.search('<UploadId>(.*?)<', upload)[1]}" not in self.path]
            return self.answer(204)
        if "uploads=" in self.path:
            return self.answer(200, LIST % ("ListMultipartUploadsResult", "".join(OPEN), "ListMultipartUploadsResult"))
        return self.answer(200, LIST % ("ListBucketResult", "<Contents><Key>a</Key><Size>3</Size></Contents>", "ListBucketResult"))

    do_GET = do_HEAD = do_DELETE = do_PUT = do_POST = handle_request

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
