#!/bin/sh
# Brings the environment that builds the site for the browser up to date, and builds it. PYTHON names the Python to make it with.
set -eu
cd "$(dirname "$0")/.."
env=build/lite-env
if ! cmp -s docs/lite/requirements.txt $env/installed; then
    rm -rf $env
    "${PYTHON:-python3}" -m venv $env
    $env/bin/python -m pip install --disable-pip-version-check --quiet --requirement docs/lite/requirements.txt
    cp docs/lite/requirements.txt $env/installed
fi
exec $env/bin/python -m tools.lite
