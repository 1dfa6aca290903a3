#!/bin/sh
# Brings the environment that builds the web pages and the slides up to date, and builds: tools.site, or what is named. The
# course's own .venv needs none of it. PYTHON names the Python to make it with.
set -eu
cd "$(dirname "$0")/.."
env=build/site-env
if ! cmp -s docs/site/requirements.txt $env/installed; then
    rm -rf $env
    "${PYTHON:-python3}" -m venv $env
    $env/bin/python -m pip install --disable-pip-version-check --quiet --requirement docs/site/requirements.txt || {
        echo "Sphinx, nbconvert and reveal.js come from the package index, and could not be fetched; see above" >&2
        exit 1
    }
    cp docs/site/requirements.txt $env/installed
fi
exec $env/bin/python -m "${@:-tools.site}"
