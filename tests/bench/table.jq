# SPDX-License-Identifier: GPL-2.0
# What scripts/bench measured, as --json gives it: {guest, host, boot}.
# `report` makes the result of it, `table` the text.

def median: sort | .[length / 2 | floor];

# By round, since a round's measures were taken together; then the median.
def ratio($m; $a; $b): [range($m[$a].ns | length) | $m[$a].ns[.] / $m[$b].ns[.]] | median;

def limit($what; $value; $limit): { $what, $value, $limit, holds: ($value <= $limit) };

def report($vm_options):
	.guest as $g | .host as $h | ($g.measures | INDEX(.name)) as $m |
	([$g.memory[].bytes] | max - min) as $spread |
	{
		schema: 1, tool: "bench", kernel: $g.release, $vm_options,
		pages: $g.pages, runs: $g.runs, runs_scattered: $g.runs_scattered,
		measures: [($g.measures[], $h.measures[]) |
			{ name, unit, what } +
			if .absent then { absent } else { median_ns: (.ns | median), min_ns: (.ns | min), ns } end],
		limits: [
			limit("range as runs / pagemap in bulk, a page"; ratio($m; "range_runs"; "pagemap_bulk"); 0.1),
			limit("range as runs / plain read of as many entries"; ratio($m; "range_runs"; "linear"); 2),
			limit("one page by ioctl / null ioctl on the same file"; ratio($m; "ioctl_page"; "null_ioctl"); 1.3),
			limit("sparse, a table: over 64 TiB / over 1 GiB"; ratio($m; "sparse_64t"; "sparse_1g"); 1.1),
			# Less than a page an open file is what the counters of others move.
			limit("memory of a walk, 4 KiB to 64 GiB: bytes between least and most"; $spread; 4096)
		],
		memory: $g.memory
	} + (if .boot then { boot } else {} end);

def lpad($n): tostring | " " * ([0, $n - length] | max) + .;
def pad($n): tostring | . + " " * ([0, $n - length] | max);
def round2: . * 100 | round / 100 | tostring |
	if test("e") then . elif test("\\.") then (if test("\\.[0-9]$") then . + "0" else . end) else . + ".00" end;

def table:
	"Linux \(.kernel), \(.pages) pages of 4K: in \(.runs) runs as they came, in \(.runs_scattered) scattered",
	"",
	"  \("median, ns" | lpad(14))  \("least" | lpad(12))",
	(.measures[] |
		if .absent then "  \("-" | lpad(14))  \("-" | lpad(12))  \(.what): \(.absent)"
		else "  \(.median_ns | round2 | lpad(14))  \(.min_ns | round2 | lpad(12))  \("a " + .unit | pad(8))  \(.what)" end),
	"",
	"  \("ratio" | lpad(8))  \("limit" | lpad(8))",
	(.limits[] | "  \(.value | round2 | lpad(8))  \(.limit | round2 | lpad(8))  \(if .holds then "✓" else "✗" end)  \(.what)"),
	"",
	"Kernel memory of an open file: " + ([.memory[] |
		"\(.bytes) bytes for \(if .range < 1048576 then "\(.range / 1024) KiB" elif .range < 1073741824 then "\(.range / 1048576) MiB" else "\(.range / 1073741824) GiB" end)"] | join(", ")),
	(.boot // empty |
		"",
		"Bare boot to power-off \(.bare_s | round2) s, make demo \(.demo_s | round2) s: ratio \(.demo_s / .bare_s | round2) (medians of \(.runs))");
