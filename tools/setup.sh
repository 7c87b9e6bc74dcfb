#!/usr/bin/env bash
# Installs the project into .venv/: the packages of requirements.lock, each with its hash, then the project itself as an editable package.
# Does nothing when the stamp says that this lock, this pyproject.toml and this folder are installed; starts afresh when an
# earlier installation was interrupted or the folder was moved. The system's Python is never touched.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/installed
unfinished=.venv/installing
wanted="$(pwd) $(cat requirements.lock pyproject.toml | cksum)"

if [ -f "$stamp" ] && [ ! -e "$unfinished" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

here_before="$(cut -d' ' -f1 "$stamp" 2>/dev/null || true)"
if [ -e .venv ] && { [ -e "$unfinished" ] || [ ! -x .venv/bin/python ] || [ "${here_before:-$(pwd)}" != "$(pwd)" ] \
    || ! .venv/bin/python -c 'import pip, sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; }; then
    echo "setup: .venv/ is unfinished, broken or was moved; making it again"
    rm -rf .venv
fi
if [ ! -e .venv ]; then
    python="$(bash tools/find_python.sh)"
    free_kb="$(df -Pk . | awk 'NR == 2 { print $4 }')"
    if [ "$free_kb" -lt 9000000 ]; then
        echo "error: the packages need about 7 GB (9 GB while installing), but only $((free_kb / 1000000)) GB are free here. Make room." >&2
        exit 1
    fi
    echo "setup: making .venv/ with $python"
    "$python" -m venv .venv
fi
touch "$unfinished"
pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input)
echo "setup: installing $(grep -c == requirements.lock) packages, about 7 GB (the first time takes some minutes)"
# Every file has the hash that the lock says. Builders of source packages would be fetched unseen: they use ours.
"${pip[@]}" install -qq --no-compile --no-deps --require-hashes -r <(grep '^setuptools==' requirements.lock)
"${pip[@]}" install -qq --no-compile --no-deps --require-hashes --no-build-isolation -r requirements.lock
"${pip[@]}" install -qq --no-compile --no-deps --no-build-isolation -e .
rm -f "$unfinished"
.venv/bin/python tools/check_libraries.py
printf '%s\n' "$wanted" > "$stamp"
echo "setup: done, try .venv/bin/cad2real --help"
