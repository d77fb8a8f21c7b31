#!/bin/sh
# Installs what the benchmarks need from the system: wrk, on Debian with apt as root or through sudo; elsewhere it says so.
set -eu

if command -v wrk >/dev/null; then exit 0; fi

as_root=
if [ "$(id -u)" != 0 ]; then as_root=sudo; fi
if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
  echo "make bench: please install wrk" >&2
  exit 1
fi
echo "make bench: installing wrk" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >/dev/null
$as_root apt-get install -qy --no-install-recommends wrk >/dev/null
