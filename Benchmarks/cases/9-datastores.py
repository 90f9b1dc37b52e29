"""datastore/fs/cp and datastore/downloader.sh of 1 GiB from a web server on this machine, beside curl, tee and md5sum.

The stock cp stands beside them if STOCK_REMOTES names the untouched `remotes` of an OpenNebula, and ONE_LOCATION that
OpenNebula, if it is not installed from packages. It finds its Ruby libraries as under oned: by RUBYLIB.
"""

import base64
import os
import sys

import market
import report
import timing
import web

runs, directory = int(sys.argv[1]), sys.argv[2]
STOCK = os.environ.get("STOCK_REMOTES")
LOCATION = os.environ.get("ONE_LOCATION")
STOCK_ENVIRONMENT = dict(os.environ, RUBYLIB=LOCATION + "/lib/ruby" if LOCATION else "/usr/lib/one/ruby")
SHELL = ["bash", "-c", 'curl -s -f "$1" | tee >(md5sum > /dev/null) > "$2"; sync "$2"', "bash"]
USUAL = "`curl \\| tee >(md5sum) > f; sync f`"


def compare(case, *sides):
    samples = timing.alternately(runs, *[side for _, side in sides])
    for (name, _), figures in list(zip(sides, samples))[1:]:
        report.row(case, samples[0], name, figures)


with market.Market(directory) as place, web.Server(place.public) as server:
    app, copy, program = os.path.join(place.public, "app"), place.path("copy"), market.RELEASE + "/market-drivers"
    os.rename(place.random_image(1024), app)
    url, sum_of = server.base + "/app", timing.measure(["md5sum", app]).output.decode()[:32]

    def fetch(*argv):
        sample = timing.measure([*argv, url, copy], env=place.env)
        os.remove(copy)
        return sample

    def copied(argv, env):
        """What oned sends for an app of a marketplace that is brought into a datastore."""
        message = place.copy_message(url, IMAGE__TEMPLATE__FROM_APP_MD5=sum_of)
        sample = timing.measure([*argv, "0"], base64.b64encode(message), env)
        place.clear(place.datastore)
        return sample

    rivals = [(USUAL, lambda: fetch(*SHELL))]
    compare("fs/cp of 1 GiB random", (None, lambda: copied([program, "datastore/fs/cp"], place.env)), *rivals, *(
        [("stock `cp`", lambda: copied([STOCK + "/datastore/fs/cp"], STOCK_ENVIRONMENT))] if STOCK else []))
    compare(
        "downloader.sh of 1 GiB random", (None, lambda: fetch(program, "datastore/downloader.sh", "--md5", sum_of)), *rivals)
