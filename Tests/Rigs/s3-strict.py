#!/usr/bin/env python3
"""A service that refuses what S3 refuses and that few others do: a wrong region, a clock that is off, and a body whose
SHA-256 is not the one that was signed.

    s3-strict.py PORT REGION CLOCK [QUIRK …]

The bucket is in REGION, and the service's clock is CLOCK seconds ahead. It takes uploads, has an object `damaged` whose ETag is
not that of its bytes, and lists one object of three bytes and some uploads that are open until they are aborted. GET /~requests lists what was asked, a line each. A QUIRK:

    mute            a HEAD with a wrong region is refused without a word about the right one
    ceph            newer Ceph: the bytes of a bucket are told where they are asked for; errors have a code alone
    no-bucket, no-object     there is none
    same-page       each page of the open uploads says that the same one is next
    huge            sizes that no object has
    other-etag      objects' ETags are those of other bytes, and not the ones that they were given
    own-etags       ETags of parts and objects are 32 digits of the service's own making
    own-whole       ETags of objects in parts are `<32 digits>-N` of its own making
    untold          as own-whole, and the completion's answer has an empty ETag; capitals: it has it in capitals
    weak            ETags of parts and objects are marked as weak, and no condition matches them
    forbidden       the bucket is refused
    mixed-parts     every other part has an ETag of the service's own making
    late-errors=N   the first N completions are refused after status 200 has been sent
    refused-late    all of them are, for a reason that stays
    broken-answer   the first completion's answer breaks off
    portal          every PUT, POST and DELETE is answered with a web page
    many            lists 2,500 objects of a byte, 1,000 a page; some names have characters that XML has not
    version-1       ListObjectsV2 is answered as ListObjects is; version-1=refused: it is refused
    encodes         ListObjects does know encoding-type=url, for the marker, too
    no-marker       ListObjects names no next page
    same-listing    each page of the objects is the first one, whatever it calls the next; circle: there are three
    no-sizes        objects are listed without their sizes
    early-blanks    white space and a byte order mark stand before each document's declaration
    no-abort        an upload cannot be aborted
    no-conditions   If-None-Match is an error
    slow-down       the first try of each PUT is refused
    leftover        the first try finds an object that an earlier one with the same fields has sent
    damaged-part    the first try of each part is stored with another ETag
    short=N         an object's answer breaks off behind N bytes
    whole           an object's ranges are not known
    shifted         another range is given than the one asked for
    no-range        a part of an object comes without Content-Range
    no-length       an object's answer ends with the connection, behind 900000 bytes
    late            the connection breaks behind all of an object's bytes
    endless         an object's answer is longer than it says, and has no length
    changed         an object's ETag in GET is not that in HEAD
    grown           an object's answer says that there is a byte more in all than HEAD has said
    shrunk          an object has no such range any more
"""
import hashlib
import http.server
import itertools
import re
import sys
import time
import urllib.parse
from email.utils import formatdate

PORT, REGION, CLOCK, QUIRKS = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), set(sys.argv[4:])
ASKED, TRIED = [], set()
OPEN = {"old": "marketapp-3", "not ours": "marketapp-x", "running": "marketapp-4", "accent": "marketapp-é"}
OBJECTS = {"damaged": (b"abc", hashlib.md5(b"as it was").hexdigest(), {})}
LIST = "<%s><IsTruncated>false</IsTruncated>%s</%s>"
MANY = sorted(f"a{number}" + ("\x01" if number % 500 == 499 else "") for number in range(1000, 3500))
TOKENS, COMPLETIONS = itertools.count(), itertools.count(1)


def made(text):
    """An ETag of the service's own making."""
    return hashlib.md5(b"own" + text.encode()).hexdigest()


def moment(age):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + CLOCK - age))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, text="", **fields):
        body = text if isinstance(text, bytes) else text.encode()
        if "weak" in QUIRKS and "ETag" in fields:
            fields["ETag"] = "W/" + fields["ETag"]
        if "early-blanks" in QUIRKS and body.startswith(b"<"):
            body = b" \r\n\xef\xbb\xbf\n<?xml version='1.0'?>" + body
        self.send_response_only(status)
        self.send_header("Date", formatdate(time.time() + CLOCK, usegmt=True))
        self.send_header("x-amz-request-id", "tx1")
        for name, value in fields.items():
            if value is None:
                continue
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in fields:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status, code, more="", **fields):
        text = "" if "ceph" in QUIRKS else "<Message>refused</Message>"
        self.answer(status, f"<Error><Code>{code}</Code>{text}{more}<RequestId>r1</RequestId></Error>", **fields)

    def handle_request(self):
        if self.path == "/~requests":
            return self.answer(200, "\n".join(ASKED) + "\n")
        ASKED.append(f"{self.command} {self.path}")
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(self.path)
        self.key = urllib.parse.unquote(url.path).strip("/").partition("/")[2]
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        scope = re.search(r"Credential=[^/]+/\d+/([^/]*)/s3", self.headers.get("Authorization", ""))
        stamp = self.headers.get("x-amz-date", "19700101T000000Z")
        signed = time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - time.timezone
        if scope is None or abs(signed - time.time() - CLOCK) > 900:
            return self.refuse(403, "RequestTimeTooSkewed")
        if scope[1] != REGION:
            if self.command == "HEAD":
                return self.answer(400) if "mute" in QUIRKS else self.answer(301, x_amz_bucket_region=REGION)
            return self.refuse(400, "AuthorizationHeaderMalformed", f"<Region>{REGION}</Region>")
        # Behind TLS a body need not be signed.
        right = {hashlib.sha256(self.body).hexdigest()}
        if self.headers.get("X-Forwarded-Proto") == "https":
            right.add("UNSIGNED-PAYLOAD")
        if self.headers.get("x-amz-content-sha256") not in right:
            return self.refuse(400, "XAmzContentSHA256Mismatch")
        if "portal" in QUIRKS and self.command in ("PUT", "POST", "DELETE"):
            return self.answer(200, "<html><body><p>Please log in.<br></body></html>")
        if "no-bucket" in QUIRKS:
            return self.refuse(404, "NoSuchBucket")
        return self.serve_object() if self.key else self.serve_bucket()

    def serve_bucket(self):
        if "forbidden" in QUIRKS and self.command == "HEAD":
            return self.answer(403)
        if self.command == "HEAD":
            used = {"x_rgw_bytes_used": "7"} if "ceph" in QUIRKS and "read-stats" in self.query else {}
            return self.answer(200, **used)
        if "uploads" in self.query:
            return self.list_uploads()
        if "version-1=refused" in QUIRKS and "list-type" in self.query:
            return self.refuse(501, "NotImplemented")
        if "forbidden" in QUIRKS:
            return self.refuse(403, "AccessDenied")
        if QUIRKS & {"many", "same-listing", "circle"}:
            return self.list_many()
        sizes = [1 << 63, 1 << 63] if "huge" in QUIRKS else [3]
        entries = "".join(f"<Contents><Key>a</Key><Size>{size}</Size></Contents>" for size in sizes)
        if "no-sizes" in QUIRKS:
            entries = re.sub("<Size>.*?</Size>", "", entries)
        return self.answer(200, LIST % ("ListBucketResult", entries, "ListBucketResult"))

    def list_many(self):
        """Pages of 1,000 keys, not encoded whatever was asked for. A token is the last key, or a number."""
        is_first = "version-1" in QUIRKS or "list-type" not in self.query
        place = self.query.get("marker" if is_first else "continuation-token", "")
        if "same-listing" in QUIRKS:
            rest, place = MANY, ""
        elif "circle" in QUIRKS:
            rest = MANY[1000 * (next(TOKENS) % 2):]
        else:
            rest = [key for key in MANY if key > place]
        written = urllib.parse.quote if "encodes" in QUIRKS else str
        entries = "".join(f"<Contents><Key>{written(key)}</Key><Size>1</Size></Contents>" for key in rest[:1000])
        text = LIST % ("ListBucketResult", entries, "ListBucketResult")
        if len(rest) > 1000:
            token = f"{next(TOKENS)}" if "same-listing" in QUIRKS else written(rest[999])
            name = "NextMarker" if is_first else "NextContinuationToken"
            token = "" if is_first and "no-marker" in QUIRKS else f"<{name}>{token}</{name}>"
            text = text.replace("false</IsTruncated>", "true</IsTruncated>" + token)
        if "encodes" in QUIRKS:
            text = text.replace("<IsTruncated>", "<EncodingType>url</EncodingType><IsTruncated>")
        return self.answer(200, text.replace("\x01", "&#x1;") if is_first else text)

    def list_uploads(self):
        entries = "".join(
            f"<Upload><Key>{key}</Key><UploadId>{name}</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>"
            for name, key in OPEN.items())
        text = LIST % ("ListMultipartUploadsResult", entries, "ListMultipartUploadsResult")
        if "same-page" in QUIRKS:
            more = "true</IsTruncated><NextKeyMarker>m</NextKeyMarker><NextUploadIdMarker>o</NextUploadIdMarker>"
            text = text.replace("false</IsTruncated>", more)
        return self.answer(200, text)

    def list_parts(self):
        """Nothing has come to the upload `old`; the newest part of `running` is 100 seconds old, and on the second page."""
        if self.query["uploadId"] != "running":
            return self.answer(200, LIST % ("ListPartsResult", "", "ListPartsResult"))
        is_first = "part-number-marker" not in self.query
        part = f"<Part><PartNumber>1</PartNumber><LastModified>{moment(200_000 if is_first else 100)}</LastModified></Part>"
        text = LIST % ("ListPartsResult", part, "ListPartsResult")
        more = "true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>"
        return self.answer(200, text.replace("false</IsTruncated>", more) if is_first else text)

    def serve_object(self):
        upload = self.query.get("uploadId")
        if self.command == "DELETE":
            if upload and "no-abort" in QUIRKS:
                return self.refuse(403, "AccessDenied")
            OPEN.pop(upload, None) if upload else OBJECTS.pop(self.key, None)
            return self.answer(204)
        if self.command == "GET" and upload:
            return self.list_parts()
        if self.command in ("PUT", "POST"):
            return self.store(upload)
        if self.key not in OBJECTS or "no-object" in QUIRKS:
            return self.refuse(404, "NoSuchKey")
        body, etag, fields = OBJECTS[self.key]
        if self.command == "HEAD":
            length = (1 << 63) - 1 if "huge" in QUIRKS else len(body)
            return self.answer(200, ETag=f'"{etag}"', Content_Length=str(length), **fields)
        return self.give(body, etag)

    def give(self, body, etag):
        """GetObject with a range, and what may be wrong with it."""
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        ASKED[-1] += f" {first}-{last}"
        if "weak" in QUIRKS and "If-Match" in self.headers:
            return self.refuse(412, "PreconditionFailed")
        if "changed" in QUIRKS:
            etag = hashlib.md5(b"another version").hexdigest()
        if "whole" in QUIRKS:
            return self.answer(200, body, ETag=f'"{etag}"')
        if "shrunk" in QUIRKS:
            return self.refuse(416, "InvalidRange")
        if "shifted" in QUIRKS:
            first, last = first + 1, last + 1
        part, fields = body[first:last + 1], {"Content_Range": f"bytes {first}-{last}/{len(body) + ('grown' in QUIRKS)}"}
        if "endless" in QUIRKS:
            self.close_connection = True
            return self.answer(206, part + b"more", ETag=f'"{etag}"', Content_Length=None, Connection="close", **fields)
        if "no-range" in QUIRKS:
            fields = {}
        if "no-length" in QUIRKS:
            self.close_connection = True
            return self.answer(206, part[:900_000], ETag=f'"{etag}"', Content_Length=None, Connection="close", **fields)
        if "late" in QUIRKS:
            self.close_connection = True
            return self.answer(206, part, ETag=f'"{etag}"', Content_Length=str(len(part) + 10), **fields)
        short = [int(quirk[6:]) for quirk in QUIRKS if quirk.startswith("short=")]
        self.close_connection = bool(short)
        return self.answer(206, part[:short[0]] if short else part, ETag=f'"{etag}"', Content_Length=str(len(part)), **fields)

    def store(self, upload):
        etag = hashlib.md5(self.body).hexdigest()
        is_first = self.path not in TRIED
        TRIED.add(self.path)
        if is_first and self.command == "PUT" and "slow-down" in QUIRKS:
            return self.refuse(503, "SlowDown")
        if self.command == "PUT" and upload:
            if is_first and "damaged-part" in QUIRKS:
                etag = hashlib.md5(b"other bytes").hexdigest()
            number = int(self.query["partNumber"])
            if "own-etags" in QUIRKS or "mixed-parts" in QUIRKS and number % 2 == 0:
                etag = made(f"{number} {next(TOKENS)}")
            OBJECTS.setdefault(upload, {})[number] = self.body
            return self.answer(200, ETag=f'"{etag}"')
        fields = {name: value for name, value in self.headers.items() if name.lower().startswith("x-amz-meta-")}
        if self.command == "POST" and not upload:
            OPEN["new"], OBJECTS["new fields"] = self.key, fields
            return self.answer(200, "<InitiateMultipartUploadResult><UploadId>new</UploadId></InitiateMultipartUploadResult>")
        if "If-None-Match" in self.headers and "no-conditions" in QUIRKS:
            return self.refuse(400, "InvalidArgument")
        if is_first and "leftover" in QUIRKS:
            fields = OBJECTS["new fields"] if upload else fields
            OBJECTS[self.key] = (b"old", hashlib.md5(b"old").hexdigest(), {**fields, "x-amz-meta-market-try": "earlier"})
            return self.refuse(412, "PreconditionFailed")
        if upload:
            done = next(COMPLETIONS)
            if "refused-late" in QUIRKS or any(f"late-errors={number}" in QUIRKS for number in range(done, 10)):
                return self.refuse(200, "InvalidPart" if "refused-late" in QUIRKS else "InternalError")
            if "broken-answer" in QUIRKS and done > 1:
                return self.refuse(404, "NoSuchUpload")
        body, count = self.body, 0
        if upload:
            count = len(OBJECTS[upload])
            body = b"".join(part for _, part in sorted(OBJECTS.pop(upload).items()))
            etag, fields = hashlib.md5(body).hexdigest(), OBJECTS.pop("new fields")
            OPEN.pop(upload)
        is_own = bool(QUIRKS & {"own-whole", "untold", "capitals"})
        if "own-etags" in QUIRKS or is_own and upload:
            etag = made(self.key) + (f"-{count}" if is_own else "")
        OBJECTS[self.key] = (body, made("other") if "other-etag" in QUIRKS else etag, fields)
        if not upload:
            return self.answer(200, ETag=f'"{etag}"')
        told = "" if "untold" in QUIRKS else f"&quot;{etag.upper() if 'capitals' in QUIRKS else etag}&quot;"
        text = f"<CompleteMultipartUploadResult><ETag>{told}</ETag></CompleteMultipartUploadResult>"
        if "broken-answer" in QUIRKS:
            text = "<?xml version='1.0'?>" + text[:-20]
        return self.answer(200, text)

    do_GET = do_HEAD = do_DELETE = do_PUT = do_POST = handle_request

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
