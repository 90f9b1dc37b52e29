"""Large catalogs out of the recorded ones, and a web server for them."""

import json
import os
import tempfile

import servers

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
FIXTURES = os.path.join(TREE, "Tests", "Fixtures", "catalogs")
PATHS = {"one": "appliance", "linuxcontainers": "streams/v1/images.json"}


def load(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as file:
        return json.load(file)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def one(count, out):
    source = load("opennebula-7.4.json")["appliances"]
    out.write('{"sEcho":1,"appliances":[')
    for number in range(count):
        app = dict(source[number % len(source)])
        app["name"] = f"{app['name']} {number}"
        app["_id"] = {"$oid": f"{app['_id']['$oid'][:-6]}{number:06x}"}
        out.write(("," if number else "") + compact(app))
    out.write("]}")


def linuxcontainers(count, out):
    source = list(load("linuxcontainers-images.json")["products"].items())
    out.write('{"content_id":"images","datatype":"image-downloads","format":"products:1.0","products":{')
    for number in range(count):
        key, product = source[number % len(source)]
        parts = key.split(":")
        parts[1] += f".{number}"
        out.write(("," if number else "") + compact(":".join(parts)) + ":" + compact(product))
    out.write("}}")


WRITERS = {"one": one, "linuxcontainers": linuxcontainers}


class Server:
    """An nginx of its own that serves one catalog, and an installation of OpenNebula with nothing but a release."""

    def __init__(self, kind, count, directory):
        self.kind, self.path = kind, PATHS[kind]
        self.directory = tempfile.TemporaryDirectory(dir=directory)
        root = self.directory.name
        os.makedirs(os.path.join(root, "var", "remotes"))
        with open(os.path.join(root, "var", "remotes", "VERSION"), "w", encoding="ascii") as file:
            file.write("7.4.0\n")
        self.file = os.path.join(root, "www", self.path)
        os.makedirs(os.path.dirname(self.file))
        with open(self.file, "w", encoding="utf-8") as file:
            WRITERS[kind](count, file)
        self.size = os.path.getsize(self.file)

    def __enter__(self):
        path = os.environ["PATH"] + ":/usr/sbin"
        self.nginx = servers.Server(self.command, env=dict(os.environ, PATH=path))
        self.port = self.nginx.port
        return self

    def command(self, ports):
        root = self.directory.name
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = os.path.join(root, "nginx.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(
                f"{user} pid nginx.pid; error_log stderr; daemon off; worker_processes 1;\n"
                "events { worker_connections 64; }\n"
                f"http {{ access_log off; sendfile on; server {{ listen 127.0.0.1:{ports[0]}; root {root}/www; }} }}\n")
        return ["nginx", "-p", root, "-e", "stderr", "-c", configuration]

    def __exit__(self, *_):
        self.nginx.end()
        self.directory.cleanup()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/{self.path}"

    @property
    def environment(self):
        return dict(os.environ, ONE_LOCATION=self.directory.name)

    @property
    def message(self):
        return (
            "<MARKET_DRIVER_ACTION_DATA><MARKETPLACE><ID>1</ID><TEMPLATE>"
            f"<ENDPOINT>http://127.0.0.1:{self.port}</ENDPOINT><SKIP_UNTESTED>NO</SKIP_UNTESTED>"
            "<CATALOG_LIMIT_MB>1024</CATALOG_LIMIT_MB><CONTEXT_URL>http://127.0.0.1/7.2.1-0</CONTEXT_URL>"
            "</TEMPLATE></MARKETPLACE></MARKET_DRIVER_ACTION_DATA>").encode()
