#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# liars.sh - a lie about any of the witnesses is seen, whoever tells it and wherever it stands
#
# VM of host/stale.sh: the device on vfio-pci, witness.so in /root.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh

# lie | variables | options | exit status | what the verdict line has
# 16 MiB are more entries than one call of the module answers; three mappings are three
# answers of the IOMMU's, and the fourth is that before unmap.
small='--dma none'
maps='--dma none --iova 0x10000 --iova 0x8000000 --iova 0x10000000'
large='--dma none --size 16M'
moves='--no-module'
lies="
nothing         |                | $maps  | 0 | ^Verdict: pass: 3 of 4
run-pa          |                | $small | 1 | module fails: 1 of 256 pages differ: runs and raw entries differ
run-pa          | LIE_AT=first   | $small | 1 | module fails
run-all-pa      |                | $large | 1 | module fails
run-hole        |                | $small | 1 | module fails
run-rights      |                | $small | 1 | module fails
run-user        |                | $small | 1 | module fails
run-user        | LIE_AT=first   | $large | 1 | module fails
run-short       |                | $small | 1 | module fails
run-lost        |                | $small | 1 | module fails
run-twice       |                | $small | 1 | module fails
run-more        |                | $small | 1 | module fails
run-none        |                | $small | 1 | module fails
raw-pa          |                | $small | 1 | module fails: 1 of 256 pages differ: runs and raw entries differ
raw-pa          |                | $large | 1 | module fails
raw-user        |                | $large | 1 | module fails
raw-upper       | LIE_AT=first   | $small | 1 | module fails
raw-upper       |                | $small | 1 | module fails
raw-kind        |                | $small | 1 | module fails
raw-lost        |                | $large | 1 | module fails
raw-root        |                | $small | 1 | module fails
raw-levels      |                | $small | 1 | module fails
both-pa         |                | $small | 1 | pagemap fails: 1 of 256 frames differ
both-pa         | LIE_AT=first   | $small | 1 | pagemap fails: 1 of 256 frames differ
both-pa         |                | $large | 1 | pagemap fails: 1 of 4096 frames differ
pagemap-pa      |                | $small | 1 | pagemap fails: 1 of 256 frames differ
pagemap-pa      | LIE_AT=first   | $large | 1 | pagemap fails: 1 of 4096 frames differ
pagemap-absent  |                | $small | 1 | pagemap fails: 1 of 256 frames differ
pagemap-zero    |                | $small | 1 | pagemap fails: 1 of 256 frames differ
pagemap-hidden  |                | $small | 4 | pagemap not proven: pagemap hides the frames
pagemap-end     |                | $small | 4 | pagemap not proven: could not read
iommu-pa        | LIE_CALL=1     | $maps  | 1 | IOMMU fails: 1 of 768 pages differ
iommu-pa        | LIE_CALL=2     | $maps  | 1 | IOMMU fails: 1 of 768 pages differ
iommu-pa        | LIE_CALL=3     | $maps  | 1 | IOMMU fails: 1 of 768 pages differ
iommu-pa        | LIE_CALL=4     | $maps  | 1 | step recheck failed: stale DMA: 1 of 768 pages .*IOMMU fails: 1 of 768 pages differ
iommu-pa        | LIE_CALL=6     | $maps  | 1 | step recheck failed: stale DMA: 1 of 768 pages
iommu-pa        | LIE_CALL=1 LIE_AT=first | $large | 1 | IOMMU fails: 1 of 4096 pages differ
iommu-pa        | LIE_CALL=1     | $large | 1 | IOMMU fails: 1 of 4096 pages differ
iommu-hole      | LIE_CALL=3     | $maps  | 1 | IOMMU fails
iommu-short     | LIE_CALL=3     | $maps  | 1 | IOMMU fails: 1 of 768 pages differ
iommu-lost      | LIE_CALL=1     | $small | 1 | IOMMU fails
iommu-none      | LIE_CALL=2     | $maps  | 1 | IOMMU fails: 256 of 768 pages differ
dma-elsewhere   | LIE_CALL=32    | $moves | 1 | device DMA fails
dma-lost        | LIE_CALL=64    | $moves | 1 | device DMA fails
"

ktap_plan $(($(echo "$lies" | grep -c '|') + 1))
while IFS='|' read -r lie vars options status line; do
	lie=${lie%% *}
	[ -n "$lie" ] || continue
	# shellcheck disable=SC2086 # words
	expect $status "${line# }" "$lie, ${vars# }$options" env LIE="$lie" $vars \
		LD_PRELOAD=/root/witness.so vfio_test --quiet --no-rules --no-reset --no-faults $options "$BDF"
done <<END
$lies
END
check 'nothing is left' nothing_left
ktap_end
