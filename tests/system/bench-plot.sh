#!/bin/bash
# SPDX-License-Identifier: MIT
# bench/plot draws results as SVG: well-formed, with the numbers it was given, nothing for a row without percentiles;
# files that are no results are refused. What would break: figures that are not those measured.
. "$(dirname "$0")/../lib.sh"

if ! command -v python3 >/dev/null; then
	case_begin "bench/plot"
	skip "python3 is not installed"
	finish
fi
plot() { python3 "$SRC/bench/plot" "$@"; }
well_formed() { python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$1"; }
has() { # FILE WORDS...: as texts of its own
	local file=$1 w
	shift
	for w in "$@"; do
		grep -qF -- ">$w</text>" "$file" || { echo "no $w in $(cat "$file")"; return 1; }
	done
}

cat >"$WORK/results.json" <<'END'
[
  {"metric":"net.lat_p50_us","value":21.5,"unit":"us","limit":null,"limit_value":null,"peer":"veth & co <1>","peer_value":17.25,"ratio":1.246,"goal":"<= 1.2","missing":null,
   "runs":[21.5],"limit_runs":[],"peer_runs":[17.25],
   "percentiles":[[1,20.5],[50,21.5],[99,80],[100,1250.5]],"reference_percentiles":[[1,15],[50,17.25],[99,60],[100,900]]},
  {"metric":"blk.read_1m_qd8.file","value":123456,"unit":"MB/s","limit":"fio","limit_value":120000.4,"peer":null,"peer_value":null,"ratio":1.029,"goal":">= 0.97","missing":null,
   "runs":[1,2],"limit_runs":[3],"peer_runs":[],"percentiles":[],"reference_percentiles":[]},
  {"metric":"idle.cpu_percent","value":0.5,"unit":"%","limit":null,"limit_value":null,"peer":"none","peer_value":null,"ratio":null,"goal":"< 1","missing":"not installed",
   "runs":[0.5],"limit_runs":[],"peer_runs":[],"percentiles":[],"reference_percentiles":[]}
]
END
expect "results are drawn" plot "$WORK/results.json" "$WORK/plots/new"
cd "$WORK/plots/new" || exit 1
expect_same "a table, and a distribution where there are percentiles" "net.lat_p50_us.svg table.svg" "$(echo *)"
for f in table.svg net.lat_p50_us.svg; do
	expect "$f is well-formed" well_formed $f
done
expect "the table has every row's numbers" has table.svg net.lat_p50_us 21.5 17.25 1.246 'veth &amp; co &lt;1&gt;' \
	blk.read_1m_qd8.file 123456 120000 1.029 idle.cpu_percent 0.5 'none (missing)'
expect "the distribution has both medians" has net.lat_p50_us.svg net.lat_p50_us 'ours: median 21.5 us' \
	'veth &amp; co &lt;1&gt;: median 17.25 us'
case_begin "and a point for each percentile"
n=$(grep -c '<circle' net.lat_p50_us.svg)
if [ "$n" = 8 ] && grep -q '<title>100%: 1250</title>\|<title>100%: 1250.5</title>\|<title>100%: 1251</title>' net.lat_p50_us.svg; then
	pass
else
	fail "$n points: $(grep title net.lat_p50_us.svg)"
fi
case_begin "a slower one lies to the right"
median_x() { sed -nE "s/.*cx=\"([0-9.]+)\".*<title>50%: $1<.*/\\1/p" net.lat_p50_us.svg; }
awk -v a="$(median_x 21.5)" -v b="$(median_x 17.25)" 'BEGIN {exit !(a > b && b > 60)}' && pass || fail "$(cat net.lat_p50_us.svg)"
echo '{"metric": 1}' >"$WORK/bad.json"
expect_fail "other JSON is refused" 'not what make bench wrote' plot "$WORK/bad.json" "$WORK/plots/bad"
expect_fail "no file is said" 'make bench' plot "$WORK/none.json" "$WORK/plots/bad"
expect_same "and nothing written" no "$([ -e "$WORK/plots/bad" ] && echo yes || echo no)"
case_begin "--help says what it writes"
plot --help | grep -q 'table.svg' && pass || fail "$(plot --help)"
finish
