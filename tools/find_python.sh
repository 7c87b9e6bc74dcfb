#!/usr/bin/env bash
# Prints the path of a Python 3.13 that really runs and can make environments (bpy is built for 3.13 only).
# Looked for, in this order: $PYTHON, the PATH, pyenv, uv, Homebrew. Version managers put shims on the PATH that exist but fail, so each is tried.
set -uo pipefail

is_good() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if is_good "$PYTHON"; then
        "$PYTHON" -c 'import sys; print(sys.executable)'
        exit 0
    fi
    echo "error: PYTHON=$PYTHON is not a Python 3.13 that runs and has the modules venv and ensurepip. Give the path of one, for example PYTHON=/usr/bin/python3.13." >&2
    exit 1
fi

shopt -s nullglob
for candidate in python3.13 python3 python \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python "$HOME"/.pyenv/versions/3.13*/bin/python \
    "$HOME"/.local/share/uv/python/cpython-3.13*/bin/python3.13 \
    /usr/local/bin/python3.13 /opt/homebrew/bin/python3.13 /usr/bin/python3.13; do
    if command -v "$candidate" >/dev/null 2>&1 && is_good "$candidate"; then
        "$candidate" -c 'import sys; print(sys.executable)'
        exit 0
    fi
done
cat >&2 <<'MESSAGE'
error: no Python 3.13 found that runs (tried PYTHON, the PATH, pyenv, uv and Homebrew).
Install one, for example with `apt-get install python3.13 python3.13-venv` (Debian 13), `pyenv install 3.13` or
`uv python install 3.13`, or name one: make setup PYTHON=/path/to/python3.13
MESSAGE
exit 1
