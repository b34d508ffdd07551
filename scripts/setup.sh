#!/usr/bin/env bash
# Install what the project needs and does not find: system packages, the virtual environment, the locked packages.
# A second run finds everything and does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

fail() {
    echo "setup: $1" >&2
    exit 3
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "Python 3.11 or newer is needed: install it, or name it: make demo PYTHON=/path/to/python3.11"

missing=()
command -v tesseract >/dev/null || missing+=(tesseract-ocr)
command -v chromium >/dev/null || missing+=(chromium)
command -v espeak-ng >/dev/null || missing+=(espeak-ng)
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
    command -v apt-get >/dev/null ||
        fail "these programs are missing: ${missing[*]} (Debian's names): install them and run make again"
    if ((EUID != 0)); then
        fail "run this once, then make again: sudo apt-get update && sudo apt-get install -y ${missing[*]}"
    fi
    echo "setup: installing ${missing[*]}"
    log=$(mktemp)
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
        >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "apt-get could not install ${missing[*]}; its last lines stand above"; }
    rm -f "$log"
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "setup: installing the locked Python packages into .venv"
# the lock is complete, so pip has nothing to resolve
.venv/bin/python -m pip install -qq --no-deps --require-hashes --disable-pip-version-check -r requirements.lock
.venv/bin/python -m pip install -qq --no-deps --no-build-isolation --disable-pip-version-check -e .
