# SPDX-License-Identifier: GPL-2.0
#
# demo.jq - makes the output of scripts/demo from a joined report (qemu_verify_pte --join)
#
# jq -r -L scripts 'include "demo"; page' joined.json

def agree: .compared - .mismatched;
def pad($n): tostring | . + " " * ([0, $n - length] | max);
def lpad($n): tostring | " " * ([0, $n - length] | max) + .;

# How the five are shown, in the order of the table: the unit in which each counts, the steps
# of the run that may have a reason, what was compared, and the line that sums it up.
def known:
	(.witnesses.qemu // {compared: 0, mismatched: 0}) as $qemu |
	. as $r |
	[
		{key: "module", name: "module", unit: "pages", steps: ["page-user", "module"],
		 what: "_PAGE_USER is set at every level",
		 sum: "\($r.pages.user) of \($r.pages.total) pages user"},
		{key: "pagemap", name: "pagemap", unit: "frames", steps: ["pagemap"],
		 what: "the frame behind each page", sum: "module = pagemap on COUNT"},
		{key: "iommu", name: "iommu", unit: "pages", steps: ["iommu"],
		 what: "the frame behind each IOVA", sum: "module = IOMMU on COUNT"},
		{key: "device_dma", name: "device DMA", unit: "pages", steps: ["device-dma"],
		 what: "bytes that the device moved", sum: "process = device DMA on COUNT"},
		{key: "qemu", name: "QEMU", unit: "pages", steps: [],
		 what: "every entry, bit by bit",
		 sum: ("module = QEMU on \($qemu | agree) of \($qemu.compared) entries compared " +
			"(COUNT, \($r.mapping.levels) levels)")}
	];

# The witnesses: the five, which must be in each report, and any others that the report has.
def witnesses:
	. as $r |
	known as $known |
	$known + [
		$r.witnesses | keys_unsorted[] | select(IN($known[].key) | not) |
		{key: ., name: gsub("_"; " "), unit: "", steps: [], what: "", sum: "\(gsub("_"; " ")) on COUNT"}
	] |
	map(. + {said: ($r.witnesses[.key] // {status: "missing", compared: 0, mismatched: 0})}) |
	map(. + {
		# QEMU compares entries; a page agrees if all of its entries do.
		pages: (.said.pages // .said),
		entries: (if .said.pages == null then ""
			elif .said.in_passing > 0 and .said.mismatched == 0 then
				" (\(.said.compared) entries, \(.said.in_passing) but for ACCESSED, DIRTY)"
			elif .said.mismatched == 0 then " (\(.said.compared) entries)"
			else " (\(.said | agree) of \(.said.compared) entries)" end),
		reason: (.steps as $steps | .said |
			.reason // .first_mismatch // .detail //
			first($r.steps[] | select(.name == $steps[] and .status != "pass") |
				.error.why, .detail | select(. != null and . != "")) // "")
	});

# Device, mapping, one page table, and the table of witnesses.
def page:
	def row:
		"  \(.name | pad(11)) \(.said.status | pad(10)) " +
		"\(.pages | agree | lpad(6)) of \(.pages.compared | pad(6)) " +
		"\(.unit + .entries | pad(22)) " +
		if .said.status == "pass" or .reason == "" then .what else .reason end;
	.mapping as $m |
	"",
	"Device    \(.device.bdf) (\(.device.vendor):\(.device.device)), IOMMU group \(.device.group), on \(.device.driver), \(.iommu.type)",
	"Mapping   \($m.size) bytes at IOVA \($m.iova), which process \($m.pid) of the guest sees at \($m.vaddr)",
	"Root      \($m.root_pa), \($m.levels) levels, PTI \(if $m.pti then "on: the user half of the PGD" else "off" end)",
	"",
	"Page table of the first page, as the module read it in the guest:",
	(.walk[] | "  \(.level) index \(.index | lpad(3)) table \(.table_pa | pad(12)) entry \(.entry | pad(18)) \(.flags | join(" "))"),
	"",
	"  witness     says        agree",
	(witnesses[] | row);

# A line for each witness.
def sums:
	witnesses[] |
	("\(.pages | agree) of \(.pages.compared) \(.unit)" | rtrimstr(" ")) as $count |
	if .said.compared == 0 then
		"\(.name): \(.said.status)" + if .reason == "" then "" else ": \(.reason)" end
	else
		(.sum | sub("COUNT"; $count)) +
		if .said.status == "pass" then "" else ": \(.said.status)" end
	end;

# The steps that did not pass, with the reason: [{name, status, why}]. Those that ask a witness
# are left out unless they failed, as the witness has the reason.
def bad_steps:
	["module", "page-user", "pagemap", "iommu", "device-dma", "interrupts"] as $told |
	[
		.steps[] | .name as $name |
		select((.status == "fail" or .status == "unverified") and
			(.status == "fail" or ($told | index($name) == null))) |
		{name, status, why: ((.error // {} | [.what, .why] | map(select(. != null and . != "")) |
			join(": ")) as $e | if $e == "" then .detail else $e end)}
	];

# The exit status that follows from the counts. It is not 0 if a witness that says pass has a
# difference, or has compared nothing, if one is missing, or if the host was not asked.
def counted:
	[
		witnesses[] |
		if .said.mismatched > 0 or .pages.mismatched > 0 then 1
		elif .said.status == "missing" then 4
		elif .said.status == "pass" and .said.compared == 0 then 4
		elif .said.status == "fail" then 1
		elif .said.status == "unverified" or .said.status == "error" then 4
		elif .key == "qemu" and .said.status != "pass" then 4
		else 0 end
	] + [bad_steps[] | if .status == "fail" then 1 else 4 end]
	  + [if .verdict == "fail" then 1 elif .verdict == "pass" then 0 else 4 end]
	  # If the run went on after this report, it is not known how it ended.
	  + [if .final == false then 4 else 0 end] |
	if index(1) != null then 1 else max end;

# The last line, like that of vfio_test, over all witnesses. It has the reason of each witness that
# was not proven, and of each step that failed. $status is the exit status of the demo, for which
# more may count than the report.
def verdict_line($status):
	(witnesses | map(. + {proven: (.said.status == "pass" and .said.compared > 0 and
		.said.mismatched == 0 and .pages.mismatched == 0 and
		(.said.total // .said.compared) == .said.compared)})) as $all |
	([$all[] | select(.proven)] | length) as $proven |
	"Verdict: \(if $status == 0 then "pass" elif $status == 1 then "fail" elif $status == 4 then "unverified" else "error" end): " +
	([
		"\($proven) of \($all | length) witnesses",
		(bad_steps[] | "step \(.name) \(if .status == "fail" then "failed" else "was not verified" end): \(.why)"),
		($all[] | select(.proven | not) |
			"\(if .key == "iommu" then "IOMMU" else .name end) \(if .said.status == "fail" or .said.mismatched > 0 then "fails" else "not proven" end)" +
			if .reason == "" then "" else ": \(.reason)" end),
		(.not_proven // [] | .[] | select(.witness == "interrupts") | "interrupts not proven: \(.why)"),
		(if .final == false then "the run went on, and its end was not seen" else empty end)
	] | join("; "));

# Joins to the report of the run's end what the host found while the mapping was held: the witness
# QEMU, its place in proven or not_proven, and a verdict over everything.
def joined($host):
	($host.witnesses.qemu // {status: "missing", compared: 0, mismatched: 0}) as $qemu |
	($qemu | .status == "pass" and .compared > 0 and .mismatched == 0 and
		(.pages.mismatched // 0) == 0) as $proven |
	.witnesses += {qemu: $qemu} |
	.proven = ((.proven // []) - ["qemu"] + if $proven then ["qemu"] else [] end) |
	.not_proven = [(.not_proven // [])[] | select(.witness != "qemu")] + if $proven then [] else
		[{witness: "qemu", why: ($qemu | .reason // .first_mismatch // .detail // .status)}] end |
	if .verdict == "error" then . else
		.verdict = (counted | if . == 0 then "pass" elif . == 1 then "fail" else "unverified" end)
	end;
