# SPDX-License-Identifier: MIT
# The row of `make bench` about idle guests: what all processes of ours use together while nobody has anything to do.
# Sourced by bench/run.

bench_idle() {
	local i guests=${IDLE_GUESTS:-100} can before pids seconds=20
	can=$(($(awk '/^MemAvailable:/ {print $2}' /proc/meminfo) / 65536))
	if [ $can -lt $guests ]; then
		guests=$can
		echo "bench: idle.*: memory for $guests guests only" >&2
	fi
	truncate -s 1M "$work/idle.img"
	for i in $(seq $guests); do
		note "idle: guest $i of $guests"
		vif="bridge=bench" config "idle$i" 32 "" "$work/idle.img,raw,xvda,r"
		xl create -q "$work/idle$i.cfg"
	done
	for i in $(seq $guests); do
		await "idle$i" 'eth0: 00:16'
	done
	sleep 3
	note "idle: $seconds seconds of $guests guests"
	mapfile -t pids < <(our_pids | sort -u)
	before=$(cpu_ticks "${pids[@]}")
	sleep $seconds
	record idle.guests $guests
	record idle.cpu_percent "$(awk -v t=$(($(cpu_ticks "${pids[@]}") - before)) -v s=$seconds -v hz="$(getconf CLK_TCK)" 'BEGIN {print 100 * t / hz / s}')"
	for i in $(seq $guests); do
		xl destroy "idle$i"
	done
	row idle.guests 1 "" "" "100, if there is memory"
	row idle.cpu_percent % "" "" "< 1"
}

part bench_idle idle.guests idle.cpu_percent
