#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks at NBD servers, each a real nbdkit or qemu-nbd: the ways to name one, disks that come by HTTP,
# and servers that are slow, full, faulty, hang, or die.  What would break: a bad server would
# take the disks of others with it, or data would be lost without a word.
. "${BASH_SOURCE[0]%/*}/../lib.sh"

console() { echo "$PARAVANE_RUNDIR/log/console/guest-$1.log"; }
says() { grep -aq -- "$2" "$(console "$1")"; }
said() { wait_for 60 says "$1" "$2"; }
gone() { ! xl domid "$1" >/dev/null 2>&1; }
blklog() { cat "$PARAVANE_RUNDIR/log/paravane-blkback.log"; }
logged() { wait_for 30 eval "blklog | grep -Eq -- '$1'"; }
command -v nbdkit >/dev/null || { case_begin "disks at NBD servers"; fail "nbdkit is not installed"; finish; }

# start NAME DISKS EXTRA
start() {
	cat >"$WORK/$1.cfg" <<-CFG
		name = "$1"
		kernel = "$BUILD/pv-guest/pv-guest"
		memory = 32
		disk = [ $2 ]
		extra = "$3"
	CFG
	rm -f "$(console "$1")"
	xl create -q "$WORK/$1.cfg"
}
# ask NAME LINE PATTERN: what is typed at the guest's shell has an answer with the pattern.
ask() {
	local mark=mark$RANDOM$RANDOM
	printf '%s\r' "$2; echo $mark-end" >"$(xenstore-read "/local/domain/$(xl domid "$1")/console/tty")"
	wait_for "${4:-60}" says "$1" "^$mark-end" || { echo "no answer: $(tail -3 "$(console "$1")")"; return 1; }
	sed "1,/echo $mark-end/d" "$(console "$1")" | grep -aE -- "$3" || { tail -5 "$(console "$1")"; return 1; }
}
shell() { start "$@" && said "$1" '^pv#'; }
# serve NAME ARGUMENTS...: an nbdkit at $WORK/NAME.sock
servers=()
serve() {
	local name=$1
	shift
	rm -f "$WORK/$name.sock"
	nbdkit --exit-with-parent -f -U "$WORK/$name.sock" -P "$WORK/$name.nbdpid" "$@" >"$WORK/$name.nbdlog" 2>&1 </dev/null &
	servers+=($!)
	wait_for 30 test -S "$WORK/$name.sock" || { cat "$WORK/$name.nbdlog"; return 1; }
	wait_for 30 test -s "$WORK/$name.nbdpid"
}
serving() { cat "$WORK/$1.nbdpid"; }
# at NAME: the disk specification
at() { echo "'vdev=${2:-xvda},${3:-access=w},target=nbd:unix:$WORK/$1.sock'"; }
trap 'kill -CONT "${servers[@]}" 2>/dev/null; kill "${servers[@]}" 2>/dev/null; stop_all; [ -n "${KEEP:-}" ] || rm -rf "$WORK"' EXIT

mkdir "$WORK/tree"
head -c 3000000 /dev/urandom >"$WORK/tree/data"
want=$(sha256sum <"$WORK/tree/data" | cut -d' ' -f1)
mke2fs -q -F -t ext2 -d "$WORK/tree" "$WORK/plain.img" 16M
copy="root=/dev/xvda rw script='sha256sum /data; cp /data /copy; sync; echo copied' init=poweroff"
holds() { [ "$(debugfs -R "cat $2" "$1" 2>/dev/null | sha256sum | cut -d' ' -f1)" = "$want" ] && e2fsck -fn "$1" >/dev/null 2>&1; }

# Every way to name one.
cp "$WORK/plain.img" "$WORK/file.img"
serve file file "$WORK/file.img"
expect "a guest boots from an NBD server" start a "$(at file)" "$copy"
expect "it ends by itself" wait_for 60 gone a
expect "what it read was there" says a "^$want"
expect "what it wrote is there" holds "$WORK/file.img" /copy
expect "as a URI" start b "'vdev=xvda,access=r,target=nbd+unix:///?socket=$WORK/file.sock'" \
	"root=/dev/xvda ro script='sha256sum /copy; echo read' init=poweroff"
expect "the same is there" eval 'said b "^$want"'
port=$((20000 + RANDOM % 20000))
nbdkit --exit-with-parent -f -i 127.0.0.1 -p $port -e dsk -P "$WORK/tcp.nbdpid" --filter=exportname file "$WORK/file.img" exportname=dsk \
	exportname-strict=true >"$WORK/tcp.nbdlog" 2>&1 </dev/null &
servers+=($!)
wait_for 30 test -s "$WORK/tcp.nbdpid"
expect "by TCP, with the name of an export" start c "'vdev=xvda,access=r,target=nbd://127.0.0.1:$port/dsk'" \
	"root=/dev/xvda ro script='sha256sum /copy; echo read' init=poweroff"
expect "and there, too" eval 'said c "^$want"'
expect_fail "another export than there is" 'nbd://127.0.0.1.*(export|server)' \
	start bad "'vdev=xvda,access=r,target=nbd://127.0.0.1:$port/none'" ""
wait_for 30 eval 'gone b && gone c'

# What is not there, or not allowed.
expect_fail "a socket that is not there" 'cannot reach the NBD server at .*No such file' start bad "$(at none)" ""
expect_fail "a port where nobody listens" 'cannot reach the NBD server.*refused' start bad "'vdev=xvda,target=nbd:127.0.0.1:1'" ""
serve ro -r file "$WORK/file.img"
expect_fail "a server that lets nobody write" 'reading only' start bad "$(at ro)" ""
serve tiny memory 100
expect_fail "a disk of less than a sector" 'empty' start bad "$(at tiny)" ""
python3 -c 'import socket,sys,time; s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(9); time.sleep(600)' "$WORK/silent.sock" &
servers+=($!)
wait_for 30 test -S "$WORK/silent.sock"
expect_fail "a server that says nothing" 'does not answer' start bad "$(at silent)" ""

# A disk that comes by HTTP, from a server that knows ranges.
cat >"$WORK/ranges.py" <<'PY'
import http.server, os, re, sys
image, ready = sys.argv[1:]
class Ranges(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_HEAD(self):
        self.answer(False)
    def do_GET(self):
        self.answer(True)
    def answer(self, body):
        size = os.path.getsize(image)
        m = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        first, last = (int(m[1]), min(int(m[2]), size - 1)) if m else (0, size - 1)
        self.send_response(206 if m else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last - first + 1))
        if m:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, last, size))
        self.end_headers()
        if body:
            with open(image, "rb") as f:
                f.seek(first)
                self.wfile.write(f.read(last - first + 1))
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
with open(ready, "w") as f:
    f.write(str(server.server_port))
server.serve_forever()
PY
python3 "$WORK/ranges.py" "$WORK/file.img" "$WORK/http.port" >/dev/null 2>&1 </dev/null &
servers+=($!)
wait_for 30 test -s "$WORK/http.port"
serve web curl "http://127.0.0.1:$(cat "$WORK/http.port")/disk.img"
expect "a guest boots from a disk that comes by HTTP" start web "$(at web xvda access=r)" \
	"root=/dev/xvda ro script='sha256sum /copy; echo read' init=poweroff"
expect "and reads what the web server has" eval 'said web "^$want"'
wait_for 30 gone web

# A neighbour on a file of the host's, all the while.
cp "$WORK/plain.img" "$WORK/calm.img"
expect "a neighbour on a raw disk" shell calm "'$WORK/calm.img,raw,xvda,w'" "root=/dev/xvda rw"
goes_on() { ask calm "cp /data /x; sync; sha256sum /x" "^$want"; }
expect "goes" goes_on
cp "$WORK/plain.img" "$WORK/root.img"
root="'$WORK/root.img,raw,xvdb,w'"
nothing=/x

# Errors.
serve eio --filter=error file "$WORK/file.img" error-pread=EIO error-pread-file="$WORK/faulty" error-pread-rate=100%
expect "a guest with two disks" shell eio "$root,$(at eio)" "root=/dev/xvdb rw"
touch "$WORK/faulty"
expect "a server's error is the guest's" ask eio "dd if=/dev/xvda of=$nothing bs=4096 skip=2000 count=100" 'error'
expect "and in the log" logged 'read at sector [0-9]+: Input/output error'
rm "$WORK/faulty"
expect "and when the server has none any more, the disk is sound" \
	ask eio "dd if=/dev/xvda of=$nothing bs=4096 skip=3000 count=100" '^409600 bytes'
xl destroy eio
serve full --filter=error memory 16M error-pwrite=ENOSPC error-pwrite-rate=100%
expect "a guest on a server that is full" shell full "$root,$(at full)" "root=/dev/xvdb rw"
expect "cannot write" ask full "dd if=/data of=/dev/xvda bs=4096 count=500; sync" 'error'
expect "but read" ask full "dd if=/dev/xvda of=$nothing bs=4096 count=100" '^409600 bytes'
case_begin "the log says so once"
n=$(blklog | grep -c 'No space left')
if [ "$n" = 1 ]; then pass; else fail "$n times"; fi
xl destroy full

# Slow.
cp "$WORK/plain.img" "$WORK/slow.img"
serve slow --filter=delay file "$WORK/slow.img" rdelay=20ms wdelay=30ms
expect "a slow server" start slow "$(at slow)" "$copy"
expect "slows nobody else" goes_on
expect "and has all in the end" wait_for 60 eval 'gone slow && holds "$WORK/slow.img" /copy'

# One that hangs: requests wait, and go on; or are given up with their domain.
cp "$WORK/plain.img" "$WORK/hung.img"
serve hung file "$WORK/hung.img"
expect "a guest whose server will hang" shell hung "$(at hung)" "root=/dev/xvda rw"
kill -STOP "$(serving hung)"
printf 'cp /data /copy; sync; sha256sum /copy\r' >"$(xenstore-read "/local/domain/$(xl domid hung)/console/tty")"
expect "it holds up nobody else" goes_on
expect "a server that hangs is said to" logged 'hung.sock has not answered for 10 s'
kill -CONT "$(serving hung)"
expect "when it goes on, so does its disk" logged 'hung.sock answers again'
expect "its guest saw a pause only" said hung "^$want"
kill -STOP "$(serving hung)"
printf 'cp /data /other; sync\r' >"$(xenstore-read "/local/domain/$(xl domid hung)/console/tty")"
expect "and nobody else one" goes_on
expect "a domain whose server hangs can be destroyed" timeout 30 xl destroy hung
pid=$(cat "$PARAVANE_RUNDIR/paravane-blkback.pid")
expect "what it waited for is given up" logged 'hung.sock does not answer: [0-9]+ requests are given up'
kill -CONT "$(serving hung)"

# One that dies.
cp "$WORK/plain.img" "$WORK/dies.img"
serve dies file "$WORK/dies.img"
expect "a guest whose server will die" shell dies "$root,$(at dies)" "root=/dev/xvdb rw"
kill -9 "$(serving dies)"
expect "that is said" logged 'dies.sock has gone: all requests of this disk fail'
expect "its guest has errors" ask dies "dd if=/dev/xvda of=$nothing bs=4096 skip=2000 count=100" 'error'
expect "the neighbour goes on" goes_on
serve dies file "$WORK/dies.img"
expect "the disk is detached" xl block-detach --force dies xvda
expect "and attached again when the server is back" xl block-attach dies "$(at dies | tr -d "'")"
expect "and read" wait_for 30 ask dies "dd if=/dev/xvda of=$nothing bs=4096 skip=2000 count=100" '^409600 bytes' 5
xl destroy dies
xl destroy calm
case_begin "the backend is the one that it was"
if kill -0 "$pid" && [ "$(cat "$PARAVANE_RUNDIR/paravane-blkback.pid")" = "$pid" ]; then pass; else fail "$(blklog | tail -3)"; fi
finish
