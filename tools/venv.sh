#!/bin/sh
# Brings .venv up to date with requirements.txt, pyproject.toml and this script, and says what it does.
#
# PYTHON=python3.12 names the Python to make .venv with; otherwise the first fitting one on PATH is taken.
# Inside .venv, `installed` holds what the last complete installation was made from. While one is under
# way the file is called `installing`; found later, it tells of a broken one, and .venv is made anew.
set -eu
cd "$(dirname "$0")/.."

wanted=$(pwd && cat requirements.txt pyproject.toml tools/venv.sh)
recent='import sys; sys.exit(sys.version_info < (3, 11))'

fail() {
    echo "$1" >&2
    exit 1
}

find_python() { # sets $python to a Python >= 3.11 that can make environments, or ends in one sentence
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.13 python3.12 python3.11 python3.14 python
    fi
    old="" incomplete=""
    for python in "$@"; do
        "$python" -c 'import sys' 2>/dev/null || continue # absent, or a launcher with nothing behind it
        if ! "$python" -c "$recent"; then
            old=${old:-$("$python" -c 'import sys; print("%s is %d.%d" % ((sys.executable,) + sys.version_info[:2]))')}
        elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
            incomplete=${incomplete:-$("$python" -c 'import sys; print(sys.executable)')}
        else
            return 0
        fi
    done
    [ -z "$incomplete" ] ||
        fail "$incomplete lacks the venv module: add it (on Debian or Ubuntu: sudo apt install python3-venv) or name another Python with PYTHON=/path/to/python3."
    fail "This course needs Python 3.11 or newer, but ${old:-${PYTHON:-python3} cannot be run}: install one, or name it with PYTHON=/path/to/python3."
}

if [ "$(cat .venv/installed 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c "$recent" 2>/dev/null; then
    echo "The environment in .venv is up to date."
    exit 0
fi

if [ -e .venv/installing ] || ! .venv/bin/python -c "import pip; $recent" 2>/dev/null; then
    find_python
    echo "Making the environment .venv with $("$python" -c 'import platform, sys; print(sys.executable, platform.python_version())')"
    rm -rf .venv
    mkdir .venv
    touch .venv/installing
    "$python" -m venv .venv
fi

echo "Installing requirements.txt into .venv (a download of several hundred MB the first time)"
rm -f .venv/installed
touch .venv/installing
.venv/bin/python -m pip install --disable-pip-version-check --requirement requirements.txt
# nbgrader's Validate button would call a lesson with no exercise written a success, and JupyterLab asks whoever
# opens it first about news from its makers.
mkdir -p .venv/etc/jupyter/labconfig
echo '{"disabledExtensions": {"@jupyter/nbgrader:validate-assignment": true, "@jupyterlab/apputils-extension:announcements": true}}' >.venv/etc/jupyter/labconfig/page_config.json
printf '%s\n' "$wanted" >.venv/installing
mv .venv/installing .venv/installed
echo "The environment in .venv is ready."
