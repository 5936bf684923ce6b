# SPDX-License-Identifier: MIT
# Rows of `make bench` about block devices: a disk in a guest, and fio on the same file, one after the other.
# Sourced by bench/run.

# fio_run MODE BS QD DIRECT FILE...: a job per file; "iops N", "mb_s N", "cpu_us_per_io N", "wakeups_per_io N" and
# "percentiles 1=N 50=N ..." (us) of it.
fio_run() {
	local mode=$1 bs=$2 qd=$3 direct=$4 jobs=() f
	shift 4
	for f in "$@"; do
		jobs+=(--name="$f" --filename="$f")
	done
	fio --rw="$mode" --bs="$bs" --iodepth="$qd" --ioengine=io_uring --direct="$direct" --runtime=1 --time_based \
		--group_reporting=1 --lat_percentiles=1 --clat_percentiles=0 --percentile_list=1:5:10:25:50:75:90:95:99:99.9:100 \
		--output-format=json "${jobs[@]}" 2>/dev/null | tr -d ',"' | awk -v mode="$mode" '
	BEGIN { want = mode ~ /read/ ? "read" : "write" }
	/ : \{$/ { name = $1; if ($1 == "read" || $1 == "write" || $1 == "trim") kind = $1 }
	kind == want && $1 == "total_ios" { ios = $3 }
	kind == want && $1 == "iops" { iops = $3 }
	kind == want && $1 == "bw_bytes" { mb = $3 / 1e6 }
	kind == want && $1 == "runtime" { ms = $3 }
	kind == want && name == "percentile" && $1 ~ /^[0-9.]+$/ { list = list " " ($1 + 0) "=" $3 / 1000 }
	$1 == "job_runtime" { total = $3 }
	$1 == "usr_cpu" || $1 == "sys_cpu" { cpu += $3 }
	$1 == "ctx" { ctx = $3 }
	END {
		print "iops " iops; print "mb_s " mb; print "percentiles" list
		if (ios > 0) { print "cpu_us_per_io " cpu / 100 * total * 1000 / ios; print "wakeups_per_io " ctx / ios }
	}'
}

# During a guest's run: what its process and the backend cost meanwhile.
blk_cost() {
	local cpu=() ticks slept
	await "$1" '^bench-go'
	mapfile -t cpu < <(vcpu_pids "$1"; cat "$PARAVANE_RUNDIR/paravane-blkback.pid")
	ticks=$(cpu_ticks "${cpu[@]}") slept=$(sleeps "${cpu[@]}")
	await "$1" '^bench-script-done'
	ticks_used=$(($(cpu_ticks "${cpu[@]}") - ticks)) slept=$(($(sleeps "${cpu[@]}") - slept))
	sleeps_used=$slept
}

blk_value() { sed -n "s/^bench blk.* $1=\\([0-9.]*\\).*/\\1/p" <<<"$out" | tail -1; }

# One run of a guest and one of fio; METRIC is without its medium.
blk_pair() { # METRIC MODE BS QD
	local metric=$1.$medium during=blk_cost ops key=iops cost
	local latency=blk.lat_p50_4k_qd1.$medium
	case $1 in
	*_1m_*) key=mb_s ;;
	esac
	fio=$(fio_run "$2" "$3" "$4" "$direct" "$file")
	fio_value() { awk -v k="$1" '$1 == k {print $2}' <<<"$fio"; }
	record "$metric.limit" "$(fio_value $key)"
	guest blk 64 "echo bench-go; sleep 0.3; bench blk xvda $2 $3 $4 1" "$file,raw,xvda,w"
	record "$metric" "$(blk_value $key)"
	case $1 in
	*randread*) ;;
	*) return 0 ;;
	esac
	ops=$(blk_value ops) cost=qd$4.$medium
	record "blk.cpu_us_per_io_$cost" "$(awk -v t="$ticks_used" -v n="$ops" -v hz="$(getconf CLK_TCK)" 'BEGIN {print t * 1e6 / hz / n}')"
	record "blk.wakeups_per_io_$cost" "$(awk -v t="$sleeps_used" -v n="$ops" 'BEGIN {print t / n}')"
	record "blk.cpu_us_per_io_$cost.limit" "$(fio_value cpu_us_per_io)"
	record "blk.wakeups_per_io_$cost.limit" "$(fio_value wakeups_per_io)"
	[ "$4" = 1 ] || return 0
	percentiles "$latency" "$(sed -n 's/^bench percentiles //p' <<<"$out" | tail -1)"
	percentiles "$latency.limit" "$(sed -n 's/^percentiles //p' <<<"$fio")"
	for p in 50 99; do
		record "blk.lat_p${p}_4k_qd1.$medium" "$(sed -n "s/^bench percentiles .* $p=\\([0-9.]*\\).*/\\1/p" <<<"$out" | tail -1)"
		record "blk.lat_p${p}_4k_qd1.$medium.limit" "$(sed -n "s/^percentiles .* $p=\\([0-9.]*\\).*/\\1/p" <<<"$fio")"
	done
}

# Two guests of two vCPUs, so of two queues, each on a file of its own, started together by hand; two jobs of fio.
blk_two() {
	local metric=blk.two_guests_4k_qd32.$medium name n=0 a b
	record "$metric.limit" "$(fio_run randread 4k 32 "$direct" "$file" "$file.2" | awk '$1 == "iops" {print $2}')"
	for name in two1 two2; do
		vcpus=2 config $name 64 "" "$([ $name = two1 ] && echo "$file" || echo "$file.2"),raw,xvda,w"
		rm -f "$(console $name)"
		xl create -q "$work/$name.cfg"
	done
	for name in two1 two2; do
		await $name 'pv#'
		tty[n++]=$(xenstore-read "/local/domain/$(xl domid $name)/console/tty")
	done
	printf 'bench blk xvda randread 4k 32 2\r' | tee "${tty[0]}" >"${tty[1]}"
	n=0
	for name in two1 two2; do
		await $name '^(pv# )?bench percentiles'
		out=$(tr -d '\r' <"$(console $name)")
		ops[n++]=$(blk_value iops)
		xl destroy $name
	done
	a=${ops[0]:-0} b=${ops[1]:-0}
	record "$metric" $((a + b))
	record "blk.two_guests_share.$medium" "$(awk -v a="$a" -v b="$b" 'BEGIN {print (a < b ? a : b) * 200 / (a + b + 1e-9)}')"
}

# System calls by perf, in a run of their own: counting them slows everything down.
syscalls_of() { # PIDS-OR-COMMAND
	perf stat -x, -e raw_syscalls:sys_enter "$@" 2>&1 >/dev/null | awk -F, '/sys_enter/ {print $1}'
}
blk_syscalls_once() { # QD
	local metric=blk.syscalls_per_io_qd$1.$medium during=blk_perf
	guest blk 64 "echo bench-go; sleep 0.3; bench blk xvda randread 4k $1 2" "$file,raw,xvda,w"
	record "$metric" "$(awk -v c="$calls_counted" -v n="$(blk_value iops)" 'BEGIN {if (c != "" && n > 0) print c / n}')"
	perf stat -x, -e raw_syscalls:sys_enter -o "$work/perf" fio --name=j --filename="$file" --rw=randread --bs=4k \
		--iodepth="$1" --ioengine=io_uring --direct="$direct" --runtime=1 --time_based --output-format=terse \
		--terse-version=3 >"$work/fio" 2>/dev/null
	record "$metric.limit" "$(awk -F, -v n="$(awk -F';' '{print $8 * $9 / 1000}' "$work/fio")" '/sys_enter/ && n > 0 {print $1 / n}' "$work/perf")"
}
blk_perf() { # a second of it
	await "$1" '^bench-go'
	calls_counted=$(syscalls_of -p "$(vcpu_pids "$1" | paste -sd,),$(cat "$PARAVANE_RUNDIR/paravane-blkback.pid")" sleep 1)
}

# The peers' guests, each once in a run: all their works in one boot. METRIC NAME-OF-ITS-LINE for each work.
peer_works="randread_4k_qd32:randread_4k_qd32_iops randread_4k_qd1:randread_4k_qd1_iops
	lat_p50_4k_qd1:randread_4k_qd1_p50_us read_1m_qd8:read_1m_qd8_mb_s"
blk_peers() { # for a pattern: names of all rows that METRIC's medium has
	local w
	for w in $peer_works; do
		printf '%s ' "peer.$1.${w%%:*}.$medium"
	done
}
blk_peer() { # ubd|tcg NAME
	local w lines direct_word=off
	# shellcheck disable=SC2046
	wanted $(blk_peers "$2") || return 0
	[ -z "${why[peer.$2]:-}" ] || return 0
	note "peer.$2.$medium $i/$RUNS"
	[ "$direct" = 0 ] || direct_word=on
	lines=$(DIRECT=$direct_word "$SRC/bench/blkpeer.sh" "$1" "$file" "$BUILD/bench/blkload" "$BUILD/bench/peer" 2>"$work/peer.why") || {
		missing "peer.$2" "$(tail -1 "$work/peer.why")"
		echo "bench: no rows peer.$2.*: ${why[peer.$2]}" >&2
		return 0
	}
	for w in $peer_works; do
		record "peer.$2.${w%%:*}.$medium" "$(awk -v k="${w#*:}" '$1 == k && $2 > 0 {print $2}' <<<"$lines")"
	done
}

bench_blk_medium() {
	local i qd
	head -c 512M /dev/urandom >"$file"
	sync "$file"
	for i in $(seq "$RUNS"); do
		for work_of in $blk_works; do
			IFS=: read -r metric mode bs qd <<<"$work_of"
			# shellcheck disable=SC2046
			wanted "$metric.$medium" $([[ $metric != *randread* ]] || blk_beside "$qd") \
				peer.{ubd,tcg_virtio}.${metric#blk.}.$medium || continue
			note "$metric.$medium $i/$RUNS"
			blk_pair "$metric" "$mode" "$bs" "$qd"
		done
		blk_peer ubd ubd
		blk_peer tcg tcg_virtio
	done
	if wanted blk.two_guests_4k_qd32.$medium blk.two_guests_share.$medium; then
		cp "$file" "$file.2"
		sync "$file.2"
		for i in $(seq "$RUNS"); do
			note "blk.two_guests.$medium $i/$RUNS"
			blk_two
		done
		rm -f "$file.2"
	fi
	for qd in 1 32; do
		wanted blk.syscalls_per_io_qd$qd.$medium || continue
		if [ -n "$(syscalls_of true)" ]; then
			blk_syscalls_once $qd
		else
			missing blk.syscalls_per_io_qd$qd.$medium "perf cannot count system calls here (package linux-perf, root)"
		fi
	done
	rm -f "$file"
}

blk_works="blk.randread_4k_qd32:randread:4k:32 blk.randwrite_4k_qd32:randwrite:4k:32 blk.randread_4k_qd1:randread:4k:1
	blk.randwrite_4k_qd1:randwrite:4k:1 blk.read_1m_qd8:read:1m:8 blk.write_1m_qd8:write:1m:8"
# What a random read at that depth gives beside its own row.
blk_beside() {
	printf '%s ' blk.{cpu_us,wakeups}_per_io_qd"$1".$medium
	[ "$1" != 1 ] || printf '%s ' blk.lat_p{50,99}_4k_qd1.$medium peer.{ubd,tcg_virtio}.lat_p50_4k_qd1.$medium
}

bench_blk() {
	local medium file direct tty ops qd name fio="fio io_uring on the same file"
	if ! command -v fio >/dev/null; then
		echo "bench: fio (package fio) is not installed: no blk rows" >&2
		return
	fi
	for medium in file tmpfs; do
		[ $medium = file ] && file=$work/disk.img direct=1 || { file=$shm/disk.img direct=0; }
		bench_blk_medium
	done
	for medium in file tmpfs; do
		fio="fio io_uring on the same file"
		row blk.randread_4k_qd32.$medium IOPS "$fio" "" ">= 0.95"
		row blk.randwrite_4k_qd32.$medium IOPS "$fio" "" ">= 0.95"
		row blk.randread_4k_qd1.$medium IOPS "$fio" "" reported
		row blk.randwrite_4k_qd1.$medium IOPS "$fio" "" reported
		row blk.lat_p50_4k_qd1.$medium us "$fio" "" "<= 1.15"
		row blk.lat_p99_4k_qd1.$medium us "$fio" "" "<= 1.3"
		row blk.read_1m_qd8.$medium MB/s "$fio" "" ">= 0.97"
		row blk.write_1m_qd8.$medium MB/s "$fio" "" ">= 0.97"
		row blk.two_guests_4k_qd32.$medium IOPS "fio, two jobs" "" ">= 0.93"
		row blk.two_guests_share.$medium % "" "" ">= 95"
		for qd in 1 32; do
			row blk.cpu_us_per_io_qd$qd.$medium us "fio, its workers with it" "" reported
			row blk.wakeups_per_io_qd$qd.$medium 1 "fio, its workers with it" "" reported
			row blk.syscalls_per_io_qd$qd.$medium 1 "fio, its workers with it" "" reported
		done
		for name in ubd tcg_virtio; do
			blk_peer_rows $name
		done
	done
}

# A peer's rows: its figure, and beside it ours of the same run.
blk_peer_rows() {
	local w unit goal v
	[ -z "${why[peer.$1]:-}" ] || return 0
	for w in $peer_works; do
		w=${w%%:*} unit=IOPS goal="<= 0.2"
		case $w in
		lat_*) unit=us goal=">= 5" ;;
		read_*) unit=MB/s ;;
		esac
		for v in $(awk -v s="blk.$w.$medium" '$1 == s {print $2}' "$raw"); do
			record "peer.$1.$w.$medium.peer" "$v"
		done
		row "peer.$1.$w.$medium" "$unit" "" "ours" "$goal"
	done
}

# shellcheck disable=SC2046
part bench_blk $(for m in file tmpfs; do
	printf '%s ' blk.rand{read,write}_4k_qd{1,32}.$m blk.{read,write}_1m_qd8.$m blk.lat_p{50,99}_4k_qd1.$m \
		blk.two_guests_{4k_qd32,share}.$m blk.{cpu_us,wakeups,syscalls}_per_io_qd{1,32}.$m \
		peer.{ubd,tcg_virtio}.{randread_4k_qd32,randread_4k_qd1,lat_p50_4k_qd1,read_1m_qd8}.$m
done)
