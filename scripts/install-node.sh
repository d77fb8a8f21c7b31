#!/bin/sh
# Puts Node into the virtual environment (first argument) where the system has none, or an older one than the tests need.
set -eu

major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 20 ] || ! command -v npm >/dev/null; then
  echo "installing Node into $1"
  "$1/bin/pip" install --quiet --disable-pip-version-check -r requirements/node.txt
fi
