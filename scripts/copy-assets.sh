#!/bin/sh
# Copies what the pages need of node_modules, with its licences, into a directory (first argument): the Makefile and the
# Containerfile call this.
set -eu

mkdir -p "$1"
cp node_modules/bootstrap/dist/css/bootstrap.min.css node_modules/socket.io-client/dist/socket.io.esm.min.js "$1/"
cp node_modules/bootstrap/LICENSE "$1/bootstrap.LICENSE"
cp node_modules/socket.io-client/LICENSE "$1/socket.io-client.LICENSE"
