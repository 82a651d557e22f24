#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# devices.sh - regions, capabilities and configuration space of real devices; lies
#
# VM of host/devices.sh: edu on vfio-pci, e1000e, nvme, two virtio-net and VGA, jq
# and liar.so.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
# shellcheck source=tests/guest/pci.sh
. /tests/pci.sh
ktap_plan 101

report=$ktap_dir/out
# jq says true of the report; of an empty one it would say nothing bad
is() {
	[ -s "$report" ] && jq -e "$1" "$report"
}
# byte AT: of the configuration space as sysfs shows it
byte() {
	od -An -v -tu1 -j "$1" -N 1 "$config" | tr -d ' '
}
# "id@at" of each capability, by a walk of our own
caps() {
	at=$(byte $((0x34)))
	while [ "$at" -ne 0 ]; do
		printf '%x@%x\n' "$(byte "$at")" "$at"
		at=$(byte $((at + 1)))
	done
}
# The same as reported
reported_caps() {
	jq -r '.config.caps[] | "\(.id[2:])@\(.at[2:])"' "$report"
}
same_caps() {
	caps >"$ktap_dir/caps"
	[ -s "$ktap_dir/caps" ] && reported_caps | diff "$ktap_dir/caps" -
}
same_ids() {
	for file in vendor device class revision subsystem_vendor subsystem_device; do
		value=$(jq -r ".config.$file" "$report")
		if [ -z "$value" ] || [ $((value)) -ne $(($(cat "$dev/$file"))) ]; then
			echo "$file: $(cat "$dev/$file")"
			return 1
		fi
	done
}
# start and size of each of the resources 0 to 6, as far as they are any
same_resources() {
	i=0
	while read -r start end flags && [ "$i" -lt 6 ]; do
		[ $((flags)) -eq 0 ] || echo "$i $((start)) $((end - start + 1))"
		i=$((i + 1))
	done <"$dev/resource" >"$ktap_dir/resources"
	jq -r '.config.bars[] | "\(.index) \(.address) \(.size)"' "$report" | while read -r i start size; do
		echo "$i $((start)) $((size))"
	done | diff "$ktap_dir/resources" -
}
# What the CPU reads at a BAR's start is what the report has: with nobody in between.
same_memory() {
	jq -r '.config.bars as $bars | .regions[] | .index as $i | select(.mmap[0].offset == "0x0") |
		$bars[] | select(.index == $i) | .address' "$report" >"$ktap_dir/addresses"
	jq -r '.regions[].mmap[] | select(.offset == "0x0") | .first[0]' "$report" >"$ktap_dir/words"
	[ -s "$ktap_dir/words" ] && while read -r address; do
		devmem "$address" 32 || return 1
	done <"$ktap_dir/addresses" | tr A-F a-f | diff "$ktap_dir/words" -
}

# common NAME BDF [VERDICT STATUS]: what holds of every device; 6 points
common() {
	dev=$pci/$2 config=$pci/$2/config
	to_vfio "$2"
	expect "${4:-0}" "\"verdict\": *\"${3:-pass}\"" "$1: verdict ${3:-pass}" vfio_test --json --dma none "$2"
	check "$1: ids" same_ids
	check "$1: the list of capabilities" same_caps
	check "$1: BARs are the resources" same_resources
	check "$1: no mapping differs from pread" is '[.regions[].mmap // [] | .[]] | length > 0 and
		all(.[]; .agrees != false and (.first | length) > 0)'
	check "$1: regions have names, BARs agree, interrupts are as many" is '
		[.regions[].name] == ["BAR0", "BAR1", "BAR2", "BAR3", "BAR4", "BAR5", "ROM", "config", "VGA"] and
		all(.config.bars[]; .agrees) and
		([.config.caps[] | select(.name == "MSI") | .vectors] + [0])[0] == .irqs[1].count and
		([.config.caps[] | select(.name == "MSI-X") | .entries] + [0])[0] == .irqs[2].count and
		(.irqs[0].count == 1) == (.config.interrupt_pin > 0)'
}

common edu "$BDF"
check 'edu: its identification' is '.regions[0].first[0] == "0x010000ed" and
	.regions[0].mmap == [{offset: "0x0", size: "0x100000",
		first: .regions[0].first, agrees: true}]'
check 'edu: in memory as the CPU reads it' same_memory
check 'edu: conventional, no extended capability' is '.config.size == 256 and .config.extended == [] and
	.config.class == "0xff00" and ([.config.caps[] | .name] == ["MSI"])'
check 'edu: no VGA' is '.regions[8].errno == 22'

e1000e=$(find_device 0x8086 0x10d3)
common e1000e "$e1000e"
check 'e1000e: ports have no mapping' is '.config.bars[] | select(.index == 2) | .type == "io"'
check 'e1000e: ports are read' is '.regions[2] | .mmap == [] and (.first | length) == 4'
check 'e1000e: MSI-X in BAR3, which pread does not show' is '
	(.config.caps[] | select(.name == "MSI-X") | .entries == 5 and .bir == 3 and .offset == "0x0") and
	.regions[3].mmap[0].agrees == null and .regions[3].first[0] == "0xffffffff" and
	.regions[3].mmap[0].first[0] != "0xffffffff"'
check 'e1000e: MSI-X mappable' is '[.regions[3].caps[].name] == ["MSI-X mappable"]'
check 'e1000e: PCIe' is '.config.caps[] | select(.name == "PCIe") |
	.type == "root complex endpoint" and .version == 1'
check 'e1000e: extended capabilities' is '[.config.extended[] | "\(.name)@\(.at)"] == ["AER@0x100", "serial number@0x140"]'
check 'e1000e: in memory as the CPU reads it' same_memory
check 'e1000e: the ROM begins as one does' is '.regions[6] | .size == "0x40000" and (.first[0] | endswith("aa55"))'

nvme=$(find_device 0x1b36 0x0010)
common nvme "$nvme"
check 'nvme: version register' is '.regions[0].first[2] == "0x00010400"'
check 'nvme: BAR of 64 bits' is '.config.bars | length == 1 and .[0].type == "mem64"'

virtio=$(find_device 0x1af4 0x1041 | head -n 1)
common virtio-net "$virtio"
check 'virtio-net: its own capabilities are five' is '[.config.caps[] | select(.name == "vendor")] | length == 5'
check 'virtio-net: through the IOMMU' is '.dma_path == {virtio: true, translated: true, note: null} and
	(.steps[] | select(.name == "dma-path") | .status == "pass")'
legacy=$(find_device 0x1af4 0x1000)
common 'virtio-net, legacy' "$legacy" fail 1
check 'virtio-net, legacy: ports' is '.config.bars[0] | .type == "io" and .size == "0x20"'

# A virtio device that does not offer feature bit 33 takes physical addresses: no mapping keeps
# it in bounds, and a pass would say that one does.
past='the DMA of {} goes past the IOMMU: this virtio device does not offer feature bit 33 .*; in a VM give QEMU.s device disable-legacy=on,iommu_platform=on'
# only_fails BDF: that step is the one that fails, with its id
only_fails() {
	is '[.steps[] | select(.status == "fail") | .name] == ["dma-path"] and
		(.steps[] | select(.name == "dma-path") | .error.id == "virtio-past-iommu") and
		.dma_path.translated == false'
}
check 'virtio-net, legacy: past the IOMMU' only_fails
command_register() {
	od -An -tx2 -j4 -N2 "$pci/$1/config"
}
rng=$(find_device 0x1af4 0x1044)
to_vfio "$rng"
before=$(command_register "$rng")
expect 1 "$(echo "$past" | sed "s/{}/$rng/")" 'virtio-rng without iommu_platform: fails, with the cure' vfio_test --dma none "$rng"
check 'virtio-rng: its command register is as it was' [ "$(command_register "$rng")" = "$before" ]
expect 1 '"verdict": *"fail"' 'virtio-rng: verdict' vfio_test --json --dma none "$rng"
check 'virtio-rng: that step alone fails' only_fails
expect 1 "$rng: DMA path: this virtio device does not offer feature bit 33" 'virtio-rng with another: fails as well' \
	vfio_test --dma none --no-rules --no-reset --with "$rng" "$BDF"
expect 0 "$virtio: DMA path: through the IOMMU" 'virtio-net with another: passes' \
	vfio_test -v --dma none --no-rules --no-reset --with "$virtio" "$BDF"
balloon=$(find_device 0x1af4 0x1002)
to_vfio "$balloon"
expect 1 "past the IOMMU: it only has the interface before virtio 1\.0" 'virtio-balloon of before 1.0: fails' vfio_test --dma none "$balloon"
for lie in virtio-error='BAR4 at 0x[0-9a-f]*: Input/output error' virtio-ones='has 0xffffffff where its features' \
	virtio-zero='has 0x00000000 where its features'; do
	expect 4 "it is not known whether the virtio device.s DMA goes through the IOMMU: .*${lie#*=}" "lie: ${lie%%=*}: unverified" \
		env LD_PRELOAD=/root/liar_vfio.so LIE="${lie%%=*}" vfio_test --dma none "$virtio"
done
expect 1 'does not offer feature bit 33' 'lie: virtio-past: fails' \
	env LD_PRELOAD=/root/liar_vfio.so LIE=virtio-past vfio_test --dma none "$virtio"
expect 4 'virtio capabilities contradict themselves' 'lie: virtio-cap: unverified' \
	env LD_PRELOAD=/root/liar_vfio.so LIE=virtio-cap vfio_test --dma none "$virtio"

vga=$(find_device 0x1234 0x1111)
to_vfio "$vga"
expect 0 '"verdict": *"pass"' 'VGA: passes' vfio_test --json --dma none "$vga"
check 'VGA: its region is there, what cannot be read says so' is '.regions[8] |
	.size == "0xc0000" and .read_errno == 22 and .errno == null'
check 'VGA: prefetchable' is '.config.bars[0] | .prefetch and .agrees'

expect 0 '^    mapped 0x100000 bytes at 0x0: 010000ed .* \(as by pread\)$' 'text: a mapping' vfio_test --dma none "$BDF"
check 'text: flags in words' grep -qE '^  Region 0: size=0x100000, .* \(READ WRITE MMAP' "$report"
check 'text: a capability' grep -qE '^  capability 0x05 at 0x40: MSI: 1 vectors, 64 bits$' "$report"

# lies WORD STATUS REGEX
lies() {
	expect "$2" "$3" "lie: $1" env LD_PRELOAD=/root/liar.so LIE="$1" vfio_test --json --dma none "$BDF"
}
lies nothing 0 '"verdict": *"pass"'
lies pread 1 'region 0 differs between its mapping and pread'
lies read-error 1 'at 0x4 the mapping says 0x[0-9a-f]{8}, and pread Input/output error'
lies changing 0 '"verdict": *"pass"'
lies mmap 1 'region 0 said that it can be mapped, and cannot'
lies sparse 0 '"verdict": *"pass"'
check 'lie: sparse: both areas are mapped, no more' is '.regions[0] |
	[.mmap[] | [.offset, .size, .agrees]] == [["0x0", "0x1000", true], ["0x40000", "0x2000", true]] and
	.caps[0].areas == [{offset: "0x0", size: "0x1000"}, {offset: "0x40000", size: "0x2000"}]'
# What the kernel does not tell of a device is no fact of it.
refused() {
	env LD_PRELOAD=/root/liar.so LIE="$1" vfio_test --json --dma none --no-rules --no-reset "$BDF"
}
expect 4 'region 0 was not checked' 'lie: region-refused' refused region-refused
check 'lie: region-refused: nor its BAR' is '.regions[0].errno == 22 and
	([.steps[] | select(.name == "regions" or .name == "config") | .status] == ["unverified", "unverified"])'
expect 4 'the configuration space was not checked' 'lie: config-refused' refused config-refused
expect 4 'VFIO did not describe IRQ 1 \(MSI\)' 'lie: irq-refused' refused irq-refused
expect 4 'could not reach the device.s registers' 'lie: region-no-memory: nothing is known of its DMA' \
	env LD_PRELOAD=/root/liar.so LIE=region-no-memory vfio_test --json --no-rules --no-reset "$BDF"
check 'lie: region-no-memory: so says the step' is \
	'[.steps[] | select(.name == "device-dma") | .status] == ["unverified"] and .witnesses.device_dma.status == "unverified"'
lies chain-cycle 1 'its capability chain contradicts itself'
lies size 1 'its region is not as large as its resource'
lies bar 1 'its address is not that of its resource'
lies cap-cycle 1 'the list of capabilities turns back on itself'
lies vendor 1 'configuration space says 0x1235, sysfs 0x1234'
lies gone 1 'the configuration space'

# Rules that would take any errno, or any length, are none.
# map_lies WORD RULE: that rule is the one that sees it
map_lies() {
	expect 1 "^    not ok [0-9]+ - $2\$" "lie: $1: $2" \
		env LD_PRELOAD=/root/liar_vfio.so LIE="$1" vfio_test --ktap --dma none --no-module --no-reset "$BDF"
}
map_lies map-errno 'map, zero length'
map_lies map-exists 'map over its end'
map_lies map-fault 'map, read-only memory to write'
map_lies map-taken 'map, IOVA beyond the aperture'
map_lies unmap-errno 'unmap its first page'
map_lies unmap-size 'unmap it exactly'
map_lies unmap-taken 'unmap, zero length'

# device_lies WORD STATUS REGEX: with the device at work
device_lies() {
	expect "$2" "$3" "lie: $1" \
		env LD_PRELOAD=/root/liar_vfio.so LIE="$1" vfio_test --no-rules --no-reset --size 16K "$BDF"
}
echo "vfio_test: $BDF: IOMMU faults on purpose begin" >/dev/kmsg
device_lies map-writable 1 'the device wrote into a page mapped read-only for it, and memory changed: first at .*, in the page itself'
device_lies map-more 1 'the device wrote into an IOVA that is not mapped, and memory changed'
device_lies log-device 4 "the kernel logged no IOMMU fault of $BDF at IOVA 0x4000 \(read-only\)"
device_lies log-address 4 "the kernel logged no IOMMU fault of $BDF at IOVA 0x4000 \(read-only\)"
echo "vfio_test: $BDF: IOMMU faults on purpose end" >/dev/kmsg
device_lies event-twice 1 'MSI: the device.s interrupt arrived more than once: 2 events after raising it'
device_lies irq-info 4 'MSI: VFIO does not say whether the device has it: VFIO_DEVICE_GET_IRQ_INFO: Input/output error'
device_lies event-late 1 'MSI: the device.s interrupt arrived more than once: 1 more events within 50 ms after the first'
# Who has it locked is no fault of the device.
expect 4 'the reset of its function was not checked: EAGAIN: another process had the device locked' 'lie: reset-locked: unverified' \
	env LD_PRELOAD=/root/liar_vfio.so LIE=reset-locked vfio_test --no-rules --dma none --size 16K "$e1000e"
check 'nothing left' nothing_left
ktap_end
