# SPDX-License-Identifier: MIT
# Rows of `make bench` about block devices: a disk in a guest, and fio on the same file. Sourced by bench/run.

# fio on the same file: IOPS or MB/s of one job.
fio_value() { # FILE MODE BS QD DIRECT
	fio --name=j --filename="$1" --rw="$2" --bs="$3" --iodepth="$4" --ioengine=io_uring --direct="$5" \
		--runtime=1 --time_based --output-format=terse --terse-version=3 2>/dev/null |
		awk -F';' -v m="$2" '{ bw = (m ~ /read/ ? $7 : $48); io = (m ~ /read/ ? $8 : $49); print (m ~ /rand/ ? io : bw / 1000 * 1.024) }'
}

bench_blk_one() { # MEDIUM FILE DIRECT MODE BS QD
	local metric unit key i
	case $4 in
	rand*) metric=blk.${4}_4k_qd$6.$1 unit=IOPS key=iops ;;
	*) metric=blk.${4}_1m_qd$6.$1 unit=MB/s key=mb_s ;;
	esac
	wanted "$metric" || return 0
	for i in $(seq "$RUNS"); do
		note "$metric $i/$RUNS"
		record "$metric.limit" "$(fio_value "$2" "$4" "$5" "$6" "$3")"
		guest blk 64 "bench blk xvda $4 $5 $6 1" "$2,raw,xvda,w"
		record "$metric" "$(sed -n "s/^bench blk.* $key=\\([0-9.]*\\).*/\\1/p" <<<"$out" | tail -1)"
	done
	row "$metric" "$unit" "fio io_uring on the same file" "" "reported"
}

bench_blk() {
	local medium file direct
	command -v fio >/dev/null || { echo "bench: fio (package fio) is not installed: no blk rows" >&2; return; }
	for medium in file tmpfs; do
		[ $medium = file ] && file=$work/disk.img direct=1 || { file=$shm/disk.img direct=0; }
		head -c 512M /dev/urandom >"$file"
		sync "$file"
		for qd in 1 32; do
			bench_blk_one $medium "$file" $direct randread 4k $qd
			bench_blk_one $medium "$file" $direct randwrite 4k $qd
		done
		bench_blk_one $medium "$file" $direct read 1m 8
		bench_blk_one $medium "$file" $direct write 1m 8
		rm -f "$file"
	done
}

# shellcheck disable=SC2046
part bench_blk $(for m in file tmpfs; do
	printf '%s ' blk.rand{read,write}_4k_qd{1,32}.$m blk.{read,write}_1m_qd8.$m
done)
