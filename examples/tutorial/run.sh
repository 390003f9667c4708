#!/bin/sh
# Makes a server in DIR unless there is one, imports the tutorial and serves it in the foreground until Ctrl-C.
# Usage: run.sh DIR [PORT [REMOTE_PORT]], with `zato` on the PATH. The remote systems listen 10 above PORT.
set -eu
dir=$1
port=${2:-17010}
remote_port=${3:-$((port + 10))}
here=$(dirname "$0")
server=$dir/server1
export Tutorial_Remote_Host="http://127.0.0.1:$remote_port"

python3 "$here/remote.py" "$remote_port" &
remote=$!

[ -e "$server" ] || zato quickstart create "$dir"
zato enmasse "$server" --import --replace-odb-objects --input "$here/enmasse" --env-file "$here/env.ini"
kill -0 $remote 2>/dev/null || exit 1

echo
echo "Once the server listens, call it from another terminal:"
echo "  curl -XPOST http://api:tutorial@localhost:$port/api/v1/user -d '{\"user_name\": \"my.user\"}'"
echo
exec zato start "$server" --fg --bind "127.0.0.1:$port" --deploy "$here"
