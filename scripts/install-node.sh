#!/bin/sh
# Puts Node into the virtual environment (first argument) where the system has none, or one that ESLint does not support.
set -eu

supported='const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major >= 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19) ? 0 : 1);'
if ! node -e "$supported" 2>/dev/null || ! command -v npm >/dev/null; then
  echo "installing Node into $1"
  "$1/bin/pip" install --quiet --disable-pip-version-check -r requirements/node.txt
fi
