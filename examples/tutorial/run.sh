#!/bin/sh
# Makes a server in DIR unless there is one, imports the tutorial and serves it in the foreground until Ctrl-C.
# Usage: run.sh DIR [PORT], with `zato` on the PATH.
set -eu
dir=$1
port=${2:-17010}
here=$(dirname "$0")
server=$dir/server1

[ -e "$server" ] || zato quickstart create "$dir"
zato enmasse "$server" --import --replace-odb-objects --input "$here/enmasse" --env-file "$here/env.ini"

python3 "$here/remote.py" 17020 &
trap 'kill $! 2>/dev/null || true' EXIT

echo
echo "Once the server listens, call it from another terminal:"
echo "  curl -XPOST http://api:tutorial@localhost:$port/api/v1/user -d '{\"user_name\": \"my.user\"}'"
echo
zato start "$server" --fg --bind "127.0.0.1:$port" --deploy "$here"
