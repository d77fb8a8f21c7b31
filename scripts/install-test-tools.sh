#!/bin/sh
# Installs what the tests need from the system: on Debian with apt as root or through sudo; elsewhere it says what.
set -eu

packages=
need() { # need COMMAND PACKAGE
  command -v "$1" >/dev/null || packages="$packages $2"
}
# Some systems have only the one with windows, which the tests take as well.
if command -v apt-cache >/dev/null && [ -n "$(apt-cache search --names-only '^chromium-headless-shell$')" ]; then
  need chromium-headless-shell chromium-headless-shell
else
  need chromium chromium
fi
need curl curl
need jq jq
need openssl openssl
need busybox busybox
need systemd-analyze systemd
PATH=$PATH:/usr/sbin need nginx nginx-light
[ -n "$(find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" -iname '*notosans*cjk*' 2>/dev/null | head -n 1)" ] ||
  packages="$packages fonts-noto-cjk"
[ -n "$(find /usr/lib /usr/lib64 -name libfaketimeMT.so.1 2>/dev/null | head -n 1)" ] || packages="$packages libfaketime"
[ -n "$packages" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then as_root=sudo; fi
if ! command -v apt-get >/dev/null || { [ -n "$as_root" ] && ! command -v sudo >/dev/null; }; then
  echo "make test: please install:$packages" >&2
  exit 1
fi
echo "make test: installing$packages"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >/dev/null
# shellcheck disable=SC2086  # one word per package
$as_root apt-get install -qy --no-install-recommends $packages >/dev/null
