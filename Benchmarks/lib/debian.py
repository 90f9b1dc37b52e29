"""A proxy of Debian's server that keeps what it has fetched: what is timed waits for no network but this machine's."""

import http.server
import os
import sys
import urllib.request

UPSTREAM = "http://deb.debian.org"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        kept = os.path.join(sys.argv[2], self.path.strip("/").replace("/", "+"))
        if not os.path.exists(kept):
            try:
                with urllib.request.urlopen(UPSTREAM + self.path) as answer, open(kept + ".new", "wb") as file:
                    file.write(answer.read())
            except urllib.error.HTTPError as error:
                return self.send_error(error.code)
            os.rename(kept + ".new", kept)
        self.send_response(200)
        self.send_header("Content-Length", str(os.path.getsize(kept)))
        self.end_headers()
        with open(kept, "rb") as file:
            self.copy(file)

    def copy(self, file):
        while data := file.read(1 << 20):
            self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
