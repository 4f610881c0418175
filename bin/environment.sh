# Sourced by bin/up and bin/test: makes .venv hold what a requirements file says.

UV_VERSION=0.13.9

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
may_apt() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }
apt_install() {
    say "Installing $* with apt-get"
    as_root apt-get update -q >/dev/null && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "otcrisk needs Python 3.11, 3.12 or 3.13; found $(python3 --version 2>&1 || true)." \
        "Install one of them, or name it: PYTHON=/path/to/python3.12 $0"
}

make_venv() {
    local python version
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "Creating .venv with Python $version"
    if ! "$python" -m venv --clear .venv >/dev/null 2>&1; then  # Debian keeps ensurepip in a package of its own
        may_apt || die "Python's venv module is incomplete. Install it first: sudo apt-get install python3-venv"
        apt_install "python$version-venv"
        "$python" -m venv --clear .venv
    fi
}

# ensure_venv REQUIREMENTS: a second call with unchanged files takes milliseconds.
ensure_venv() {
    local requirements=$1 stamp wanted
    stamp=.venv/.installed-${requirements%.txt}
    wanted=$(cat requirements*.txt constraints.txt overrides.txt bin/environment.sh | cksum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null && return
    .venv/bin/python -c '' 2>/dev/null || make_venv
    if [ ! -x .venv/bin/uv ]; then
        .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
        .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
    fi
    say "Installing $requirements"
    .venv/bin/uv pip install --python .venv/bin/python --overrides overrides.txt --constraint constraints.txt \
        --requirement "$requirements"
    printf '%s\n' "$wanted" >"$stamp"
}
