#!/bin/sh
# Installs the servers that the tests start for themselves, where they are missing: RabbitMQ and PostgreSQL, from the
# distribution (Debian, Ubuntu), as root or through sudo. Starts no system service. Says nothing when all is there.
set -eu

missing=""
[ -n "$(find /usr/lib/rabbitmq/lib -path '*/sbin/rabbitmq-server' 2>/dev/null)" ] || missing="$missing rabbitmq-server"
[ -n "$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null)" ] || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

fail() {
    echo "The tests need$missing: $1" >&2
    exit 1
}

command -v apt-get >/dev/null || fail "this system has no apt-get; install them with its own package manager"
if [ "$(id -u)" -eq 0 ]; then
    as_root() { "$@"; }
elif command -v sudo >/dev/null; then
    as_root() { sudo "$@"; }
else
    fail "run $0 as root, or install sudo"
fi

# Debian starts a service as soon as it is installed, unless this script of the administrator's says no
policy=/usr/sbin/policy-rc.d
saved="$policy.before-zato-tests"
restore() {
    if [ -e "$saved" ]; then as_root mv -f "$saved" "$policy"; else as_root rm -f "$policy"; fi
}
[ ! -e "$policy" ] || [ -e "$saved" ] || as_root mv "$policy" "$saved"
trap restore EXIT
trap 'exit 1' HUP INT TERM
printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
as_root chmod 755 "$policy"

echo "Installing$missing for the tests" >&2
as_root apt-get update -q
# shellcheck disable=SC2086 # a list of names
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
