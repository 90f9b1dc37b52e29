#!/bin/sh
exec "${0%/*}/../../.build/release/market-drivers" datastore/downloader.sh "$@"
