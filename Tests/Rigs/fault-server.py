#!/usr/bin/env python3
"""An HTTP server that misbehaves as its URLs say, for the tests. Standard library only, 127.0.0.1 only.

    fault-server.py --port PORT --root DIR [--cert FILE --key FILE] [--proxy USER:PASSWORD]

A URL is `/~NAME=ARGUMENTS/~NAME/.../FILE`: any number of behaviours, then a file below the root. Without behaviours the
file is served with Content-Length, ETag, Last-Modified, ranges and If-Range.

    ~cut=N[-M],K     the first K answers end after N (or a random number from N to M of) bytes of their body
    ~reset           together with cut: the connection is reset rather than closed
    ~stall=N,K       the first K answers stop after N bytes and keep the connection
    ~slow=B          B bytes a second
    ~status=C,K      the first K requests get status C (all of them without K), with a body `status C`
    ~retry-after=S   the Retry-After field of such an answer
    ~redirect=C,N    N redirects of status C, one to the next, and then the file
    ~to=C,HEX        one redirect of status C to the URL that is written in hexadecimal
    ~mirrors=HEX,... a redirect to the next of these URLs at each request, to the last one from then on
    ~tag=TEXT        an ETag of its own
    ~no-range        Range is ignored, the answer is the whole
    ~no-etag ~no-date ~weak   validators left out, or a weak ETag
    ~changing        after the first answer the content, and with it the validators, are others
    ~careless        If-Range is ignored: what was asked for is sent from whatever is there
    ~shift=N         a 206 answer begins N bytes further on than was asked for, and says so
    ~lie=N           N more bytes are announced than come (fewer, where N is negative)
    ~chunked ~unframed   no Content-Length: chunks, or an end of the connection
    ~gzip            compressed with gzip where the request allows that
    ~echo            the answer is the request: its line, its headers, a blank line and its body
    ~endless         the body has no end

`GET /~requests` lists what was asked so far, a JSON object a line. With --proxy it is a proxy besides: it serves
absolute URLs and CONNECT, and wants the credentials.
"""
import argparse
import base64
import email.utils
import gzip
import hashlib
import http.client
import http.server
import itertools
import json
import os
import random
import select
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse


class Broken(Exception):
    """The connection is to be closed without another word."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    # Without it the body waits until the headers are acknowledged.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except (Broken, ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    def note(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append({"method": self.command, "path": self.path, "headers": headers})

    def count(self):
        """How often this was asked before."""
        with self.server.lock:
            return next(self.server.counts.setdefault(self.path, itertools.count()))

    def parse(self):
        segments = urllib.parse.urlsplit(self.path).path.split("/")[1:]
        self.behaviours = {}
        while segments and segments[0].startswith("~"):
            name, _, arguments = segments.pop(0)[1:].partition("=")
            self.behaviours[name] = arguments.split(",") if arguments else []
        self.file = urllib.parse.unquote("/".join(segments))

    def number(self, name, position=0, otherwise=0):
        arguments = self.behaviours.get(name, [])
        return int(arguments[position]) if len(arguments) > position else otherwise

    def do_GET(self):
        if self.server.options.proxy and not self.path.startswith("/"):
            return self.relay()
        if self.path == "/~requests":
            return self.reply(200, "".join(json.dumps(entry) + "\n" for entry in self.server.requests).encode())
        self.note()
        self.parse()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = self.count()
        if "to" in self.behaviours:
            return self.redirect(self.number("to"), bytes.fromhex(self.behaviours["to"][1]).decode())
        if "mirrors" in self.behaviours:
            mirrors = self.behaviours["mirrors"]
            return self.redirect(302, bytes.fromhex(mirrors[min(seen, len(mirrors) - 1)]).decode())
        if "redirect" in self.behaviours and self.number("redirect", 1) > 0:
            code, left = self.number("redirect"), self.number("redirect", 1)
            return self.redirect(code, self.path.replace(f"~redirect={code},{left}", f"~redirect={code},{left - 1}"))
        if "status" in self.behaviours and seen < self.number("status", 1, 1 << 60):
            return self.refuse(self.number("status"))
        if "echo" in self.behaviours:
            return self.reply(200, f"{self.requestline}\n{self.headers}".encode() + body)
        if "endless" in self.behaviours:
            return self.endless()
        self.serve(seen)

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET

    def reply(self, status, body, fields=()):
        self.send_response(status)
        for name, value in [*fields, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if self.command != "HEAD" else b"")

    def redirect(self, status, location):
        self.reply(status, b"this is not the file\n", [("Location", location)])

    def refuse(self, status):
        fields = [("Retry-After", delay) for delay in self.behaviours.get("retry-after", [])]
        self.reply(status, f"status {status}".encode(), fields)

    def endless(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while self.wfile.write(bytes(65536)):
            pass

    def serve(self, seen):
        try:
            with open(os.path.join(self.server.options.root, self.file), "rb") as file:
                content = file.read()
        except OSError:
            return self.refuse(404)
        version = int("changing" in self.behaviours and seen > 0)
        if version:
            content = bytes(byte ^ 0xFF for byte in content)
        fields = self.validators(content, version)
        start, end = self.wanted(content, fields)
        if start is None:
            return self.reply(416, b"", fields + [("Content-Range", f"bytes */{len(content)}")])
        status = 200
        if "Range" in self.headers and "no-range" not in self.behaviours and (start, end) != (0, len(content)):
            status = 206
            start += self.number("shift")
            total = "*" if "chunked" in self.behaviours else len(content)
            fields.append(("Content-Range", f"bytes {start}-{end - 1}/{total}"))
        self.send(status, fields, content[start:end], seen)

    def validators(self, content, version):
        fields = []
        if "no-etag" not in self.behaviours:
            tag = '"' + (self.behaviours["tag"][0] if "tag" in self.behaviours else hashlib.md5(content).hexdigest()) + '"'
            fields.append(("ETag", "W/" + tag if "weak" in self.behaviours else tag))
        if "no-date" not in self.behaviours:
            fields.append(("Last-Modified", email.utils.formatdate(1_700_000_000 + version, usegmt=True)))
        return fields

    def wanted(self, content, fields):
        """The bytes to send, from and to; (None, None) where there are none such."""
        wanted, condition = self.headers.get("Range"), self.headers.get("If-Range")
        holds = not condition or condition in [value for _, value in fields] or "careless" in self.behaviours
        if not wanted or not holds or "no-range" in self.behaviours:
            return 0, len(content)
        first, last = wanted.removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last or len(content)) + 1, len(content))
        return (start, end) if start < end else (None, None)

    def send(self, status, fields, body, seen):
        if "gzip" in self.behaviours and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            fields.append(("Content-Encoding", "gzip"))
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        chunked, unframed = "chunked" in self.behaviours, "unframed" in self.behaviours
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif unframed:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body) + self.number("lie")))
        self.end_headers()
        if self.command != "HEAD":
            self.send_body(body, seen, chunked)
        if unframed or "lie" in self.behaviours:
            raise Broken

    def send_body(self, body, seen, chunked):
        limit, stops = len(body), None
        if "cut" in self.behaviours and seen < self.number("cut", 1, 1 << 60):
            ends = [int(end) for end in self.behaviours["cut"][0].split("-")]
            limit, stops = random.randint(ends[0], ends[-1]), "cut"
        elif "stall" in self.behaviours and seen < self.number("stall", 1, 1 << 60):
            limit, stops = self.number("stall"), "stall"
        rate = self.number("slow")
        step = max(rate // 20, 1) if rate else 65536
        for offset in range(0, min(limit, len(body)), step):
            part = body[offset:min(offset + step, limit)]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            if rate:
                time.sleep(0.05)
        if stops and limit < len(body):
            self.stop(stops)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def stop(self, how):
        if how == "stall":
            # Until the client gives up.
            self.connection.recv(1)
        elif "reset" in self.behaviours:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Broken

    def is_authorised(self):
        wanted = base64.b64encode(self.server.options.proxy.encode()).decode()
        if self.headers.get("Proxy-Authorization") == "Basic " + wanted:
            return True
        self.reply(407, b"who are you?", [("Proxy-Authenticate", 'Basic realm="proxy"')])
        return False

    def relay(self):
        self.note()
        if not self.is_authorised():
            return
        target = urllib.parse.urlsplit(self.path)
        upstream = http.client.HTTPConnection(target.hostname, target.port or 80, timeout=30)
        fields = {n: v for n, v in self.headers.items() if not n.lower().startswith("proxy-")}
        upstream.request(self.command, urllib.parse.urlunsplit(("", "", *target[2:])), headers=fields)
        answer = upstream.getresponse()
        kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in ("content-length", "transfer-encoding")]
        self.reply(answer.status, answer.read(), kept)

    def do_CONNECT(self):
        self.note()
        if not self.server.options.proxy:
            return self.reply(405, b"")
        if not self.is_authorised():
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as upstream:
            self.send_response(200)
            self.end_headers()
            ends = [self.connection, upstream]
            while True:
                for end in select.select(ends, [], [], 30)[0]:
                    piece = end.recv(65536)
                    if not piece:
                        raise Broken
                    ends[1 - ends.index(end)].sendall(piece)


class FaultServer(http.server.ThreadingHTTPServer):
    request_queue_size = 64
    parent = os.getppid()

    def service_actions(self):
        # A test process that has crashed ends nobody.
        if os.getppid() != self.parent:
            sys.exit()

    def handle_error(self, request, client_address):
        pass

    def finish_request(self, request, client_address):
        # The handshake belongs to the connection's own thread.
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--proxy", metavar="USER:PASSWORD")
    options = parser.parse_args()
    server = FaultServer(("127.0.0.1", options.port), Handler)
    server.options, server.context, server.lock = options, None, threading.Lock()
    server.requests, server.counts = [], {}
    if options.cert:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(options.cert, options.key)
    server.serve_forever()


main()
