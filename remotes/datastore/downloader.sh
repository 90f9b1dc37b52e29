#!/bin/sh
exec "${0%/*}/../../.build/release/datastore-downloader" "$@"
