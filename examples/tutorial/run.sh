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

if [ -e "$server" ] && running=$(zato info "$server") && echo "$running" | grep -q '^running *yes'; then
    address=$(echo "$running" | sed -n 's/^address *//p')
    echo "The tutorial runs already, at $address; to stop it: Ctrl-C where it runs, or $(command -v zato) stop $server" >&2
    exit 1
fi

waiting=$(mktemp -d)
mkfifo "$waiting/told"
python3 "$here/remote.py" "$remote_port" >"$waiting/told" &
read -r listening <"$waiting/told" || listening=
rm -r "$waiting"
if [ -z "$listening" ]; then
    echo "Their port is 10 above PORT; choose another: make run PORT=…" >&2
    exit 1
fi
echo "$listening"

[ -e "$server" ] || zato quickstart create "$dir"
zato enmasse "$server" --import --replace-odb-objects --input "$here/enmasse" --env-file "$here/env.ini"

echo
echo "Once the server listens, call it from another terminal:"
echo "  curl -XPOST http://api:tutorial@localhost:$port/api/v1/user -d '{\"user_name\": \"my.user\"}'"
echo
exec zato start "$server" --fg --bind "127.0.0.1:$port" --deploy "$here"
