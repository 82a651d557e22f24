#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# doctor.sh - failures that a guest can make, each with its cause and its cure, and where
# the cure can be taken here, that it cures
#
# VM with --no-bind, uio_pci_generic and pci-stub in the initramfs; two test devices behind a
# bridge that does not keep them apart, an e1000e behind a port of its own; misuse.so,
# enable, and other.ko, a verify_pte.ko of another kernel.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/left.sh
. /tests/left.sh
ktap_plan 109

pci=/sys/bus/pci
release=$(uname -r)
ko=$(modinfo -n verify_pte 2>/dev/null || find /lib/modules -name verify_pte.ko)

# What is asked again and again: all of VFIO, with nothing that is slow.
quick() {
	vfio_test --quiet --dma none --no-rules --no-reset --size 16K "$@"
}
# ill ID REGEX NAME COMMAND...: doctor's line and its id in JSON
ill() {
	ill_id=$1 ill_regex=$2 ill_name=$3
	shift 3
	ill_status=0
	"$@" >"$ktap_dir/out" 2>"$ktap_dir/err" || ill_status=$?
	"$@" --json >"$ktap_dir/json" 2>&1
	if [ $ill_status -ne 0 ] && [ $ill_status -ne 1 ] && grep -qE -e "$ill_regex" "$ktap_dir/out" &&
	   grep -qE "\"id\": ?\"$ill_id\"" "$ktap_dir/json"; then
		ktap_result ok "$ill_name: doctor"
	else
		ktap_result 'not ok' "$ill_name: doctor"
		echo "# exit $ill_status, expected $ill_id and: $ill_regex"
		ktap_comment "$ktap_dir/out"
	fi
}
# bind BDF DRIVER; no DRIVER: none
bind() {
	[ ! -e $pci/devices/"$1"/driver ] || echo "$1" >$pci/devices/"$1"/driver/unbind
	echo "$2" >$pci/devices/"$1"/driver_override
	[ -z "$2" ] || echo "$1" >$pci/drivers_probe
}
# devices VENDOR DEVICE WHERE: addresses, one a line
devices() {
	for dev in "$pci"/devices/$3; do
		[ "$(cat "$dev/vendor" "$dev/device" | tr '\n' ' ')" != "$1 $2 " ] || echo "${dev##*/}"
	done
}
group_of() {
	basename "$(readlink $pci/devices/"$1"/iommu_group)"
}
said() {
	grep -qE -e "$1" "$ktap_dir/out"
}

behind=$(devices 0x1234 0x11e8 '0000:0[1-9]:*')
ours=$(echo "$behind" | sed -n 1p) sibling=$(echo "$behind" | sed -n 2p)
e1000e=$(devices 0x8086 0x10d3 '*')
port=$(basename "$(dirname "$(readlink -f $pci/devices/"$e1000e")")")

# --- modules, driver ---------------------------------------------------------

type1=$(modinfo -n vfio_iommu_type1 2>/dev/null)
type1=${type1:-$(find /lib/modules -name 'vfio_iommu_type1.ko*')}
expect 0 'back ends: none is there yet: vfio_iommu_type1 can be loaded' 'VFIO not loaded yet: a note' vfio_test doctor
check 'VFIO not loaded yet: no tick for it' sh -c "! grep -E '^\[ok\] (nodes|back ends):' $ktap_dir/out"
mv "$type1" /tmp/type1.ko
ill module-absent "modules: could not load the module vfio_iommu_type1: it is not in /lib/modules/$release; install the modules of this kernel" \
	'VFIO module absent' vfio_test doctor
mkdir -p /boot
[ ! -e "/boot/config-$release" ] || mv "/boot/config-$release" /tmp/config
echo '# CONFIG_VFIO_IOMMU_TYPE1 is not set' >"/boot/config-$release"
ill not-in-kernel "this kernel is built without it: CONFIG_VFIO_IOMMU_TYPE1 is not set in /boot/config-$release; boot a kernel that has it" \
	'VFIO not in the kernel' vfio_test doctor
expect 2 'back ends: not known: neither VFIO.s container nor iommufd is in the kernel now' 'VFIO not in the kernel: what follows is not known' vfio_test doctor "$BDF"
check 'VFIO not in the kernel: no tick for what there is not' sh -c "! grep -E '^\[ok\] (modules|nodes|back ends|driver):' $ktap_dir/out"
: >"/boot/config-$release"
check 'a configuration without a word in it says nothing of the kernel' sh -c '! vfio_test doctor | grep "is not set"'
rm "/boot/config-$release"
[ ! -e /tmp/config ] || mv /tmp/config "/boot/config-$release"

expect 2 "^vfio_test: $BDF: not on vfio-pci: it is on no driver; vfio_test bind $BDF\$" 'no driver' quick "$BDF"
ill no-driver "driver: not on vfio-pci: it is on no driver; vfio_test bind $BDF" 'no driver' vfio_test doctor "$BDF"
modprobe -a vfio-pci pci-stub uio_pci_generic
bind "$BDF" pci-stub
expect 2 "not on vfio-pci: it is on the driver pci-stub; vfio_test bind $BDF\$" 'host driver' quick "$BDF"
ill host-driver 'driver: not on vfio-pci: it is on the driver pci-stub; ' 'host driver' vfio_test doctor "$BDF"
cure=$(sed -n 's/.*it is on the driver pci-stub; //p' "$ktap_dir/out")
check 'host driver: the cure can be typed as it is' sh -c "$cure"
expect 2 "could not load the module vfio_iommu_type1: .*; install the modules of this kernel" 'VFIO module absent: run' quick "$BDF"
mv /tmp/type1.ko "$type1"
expect 0 '^Verdict: pass' 'host driver, VFIO module absent: cured' quick "$BDF"
group=$(group_of "$BDF")
node=/dev/vfio/$group

# --- all is well -------------------------------------------------------------

expect 0 'All is fine$' 'healthy: doctor' vfio_test doctor "$BDF"
check 'healthy: a tick a line, and no cross' sh -c "grep -q '^\\[ok\\] IOMMU: ' $ktap_dir/out && ! grep -q 'FAIL' $ktap_dir/out"
check 'healthy: at most a screen' [ "$(fold -w 80 "$ktap_dir/out" | wc -l)" -le 24 ]
modules_now() {
	cut -d ' ' -f 1 /proc/modules
}
before=$(modules_now)
expect 0 '"verdict": ?"pass"' 'healthy: JSON' vfio_test doctor --json "$BDF"
check 'doctor loads nothing' [ "$before" = "$(modules_now)" ]
expect 0 'All is fine' 'healthy: without a device' vfio_test doctor
expect 0 '^All is fine$' '--quiet: the verdict alone' vfio_test doctor -q "$BDF"
check '--quiet: a line' [ "$(wc -l <"$ktap_dir/out")" -eq 1 ]

# --- the device --------------------------------------------------------------

expect 2 'no such device: the kernel knows no PCI device at this address; see lspci -D' 'absent device' quick 0000:7f:00.0
ill no-device 'device: no such device: ' 'absent device' vfio_test doctor 0000:7f:00.0
bind "$e1000e" vfio-pci
expect 0 'All is fine' 'a device of a port: fine' vfio_test doctor "$e1000e"
# The port's secondary bus number: what is behind it is out of reach.
bus=$(dd if=$pci/devices/"$port"/config bs=1 skip=25 count=1 2>/dev/null | hexdump -e '"%o"')
# shellcheck disable=SC2059 # an octal number
secondary() {
	printf "\\$1" | dd of=$pci/devices/"$port"/config bs=1 seek=25 conv=notrunc 2>/dev/null
}
secondary 176
expect 2 'the device does not answer: its configuration space reads all ones: it is gone or without power .*; switch its slot or port on' \
	'device gone: run' quick "$e1000e"
ill device-gone 'configuration space: the device does not answer: ' 'device gone' vfio_test doctor "$e1000e"
expect 0 'the device does not answer' 'device gone: list' vfio_test list "$e1000e"
secondary "$bus"
expect 0 'All is fine' 'device gone: back, and fine' vfio_test doctor "$e1000e"
expect 0 '^Verdict: pass' 'device gone: back, and passes' quick "$e1000e"

echo 1 >$pci/devices/"$e1000e"/remove
expect 2 'no such device: .*comes back with echo 1 > /sys/bus/pci/rescan' 'removed: run' quick "$e1000e"
echo 1 >$pci/rescan
expect 2 'not on vfio-pci' 'removed: a rescan cures' quick "$e1000e"
ill bridge "device: not a candidate: it is a PCI bridge, and other devices are behind it" 'bridge' vfio_test doctor "$port"

# --- the group ---------------------------------------------------------------

bind "$ours" vfio-pci
bind "$sibling" uio_pci_generic
viable=$(group_of "$ours")
expect 2 "group $viable is not viable: in the same group: $sibling on uio_pci_generic; vfio_test bind --group $ours" \
	'not viable: run' quick "$ours"
ill not-viable "siblings: group $viable is not viable: in the same group: $sibling on uio_pci_generic" 'not viable' vfio_test doctor "$ours"
cure=$(sed -n 's/.* on uio_pci_generic; //p' "$ktap_dir/out")
check 'not viable: the cure can be typed as it is' sh -c "$cure"
expect 0 '^Verdict: pass' 'not viable: cured' quick "$ours"
expect 0 'siblings: [1-9] other devices?, none on a host driver' 'not viable: doctor agrees' vfio_test doctor "$ours"

exec 9<>"$node"
expect 2 "group $group is in use: process $$ \\(.*\\) has it open; end that process; fuser -v $node" 'held: run' quick "$BDF"
ill held "users: group $group is in use: process $$ " 'held' vfio_test doctor "$BDF"
exec 9>&-
expect 0 'users: no process has the group open' 'held: cured' vfio_test doctor "$BDF"

vfio_test --quiet --no-rules --no-reset --dma none --no-module --hold "$BDF" >/tmp/held 2>&1 </dev/null &
holder=$!
ktap_wait holding /tmp/held $holder
expect 2 "the device is open: process $holder \\(vfio_test\\) has it open, and an unbind would wait in the kernel until that process ends; end that process" \
	'unbind of an open device' vfio_test unbind "$BDF"
# One that does not answer the request to give it back
kill -STOP $holder
(echo "$BDF" >$pci/drivers/vfio-pci/unbind) 2>/dev/null &
waiting=$!
sleep 1
check 'unbind waits while the device is open' kill -0 $waiting
ill removal-waits "driver: its removal is waiting: .*, and the kernel waits for process $holder \\(vfio_test\\), who has it open; end that process" 'unbind waits' vfio_test doctor "$BDF"
expect 0 'its removal is waiting' 'unbind waits: list' vfio_test list "$BDF"
check 'unbind waits: list does not say to bind it' sh -c "! grep -E 'no driver|vfio_test bind' $ktap_dir/out"
expect 2 'its removal is waiting' 'unbind waits: run' quick "$BDF"
timeout 20 vfio_test bind "$BDF" >"$ktap_dir/out" 2>"$ktap_dir/err"
check 'unbind waits: bind is refused at once' sh -c "[ $? -eq 2 ] && grep 'its removal is waiting' $ktap_dir/err"
check 'unbind waits: it still does' kill -0 $waiting
kill -KILL $holder
wait $holder $waiting 2>/dev/null
check 'unbind: the cure lets it through' [ ! -e $pci/devices/"$BDF"/driver ]
expect 0 'an unbind would wait in the kernel until that process ends' 'unbind waits: why' vfio_test doctor --why unbind-waits
bind "$BDF" vfio-pci
# A device that its process is asked to give back, and does not: unplugged while it is held.
bind "$e1000e" vfio-pci
: >/tmp/held
vfio_test --quiet --no-rules --no-reset --dma none --no-module --hold "$e1000e" >/tmp/held 2>&1 </dev/null &
holder=$!
ktap_wait holding /tmp/held $holder
kill -STOP $holder
(echo 1 >$pci/devices/"$e1000e"/remove) 2>/dev/null &
waiting=$!
sleep 1
expect 0 '"reason": ?"removal-waits"' 'taken out while it is held: list' timeout 20 vfio_test list --json "$e1000e"
expect 2 "and the kernel waits for process $holder \\(vfio_test\\)" 'taken out while it is held: doctor' timeout 20 vfio_test doctor "$e1000e"
kill -KILL $holder
wait $holder $waiting 2>/dev/null
check 'and then it is gone' [ ! -e $pci/devices/"$e1000e" ]
echo 1 >$pci/rescan
bind "$e1000e" ''
modprobe -r vfio_iommu_type1
if (echo identity >"$pci/devices/$e1000e/iommu_group/type") 2>/dev/null; then
	bind "$e1000e" vfio-pci
	expect 0 'group: .*the identity domain .*harmless' 'identity: told, and harmless' vfio_test doctor "$e1000e"
	expect 0 '^Verdict: pass' 'identity: passes' quick "$e1000e"
else
	ktap_skip 'identity: told, and harmless' "this kernel does not change a group's type"
	ktap_skip 'identity: passes' "this kernel does not change a group's type"
fi

# --- who asks ----------------------------------------------------------------

echo 'user:x:1000:1000::/:/bin/sh' >>/etc/passwd
# as_user KIB COMMAND [OPTION]: with so much memory to lock
as_user() {
	(
		ulimit -l "$1"
		su user -c "$2 ${3:-}"
	)
}
ill module-not-loaded 'modules: could not load the module vfio_iommu_type1: no CAP_SYS_MODULE, .*; as root: modprobe vfio_iommu_type1' \
	'ordinary user: modules' as_user 1024 'vfio_test doctor "$BDF"'
modprobe vfio_iommu_type1
user_run='vfio_test --quiet --no-rules --no-reset --no-module --dma none --size 1M "$BDF"'
expect 2 "could not open $node: no permission on $node \\(root:root, mode 0600\\); run as root, or give the user the node: chown USER $node" \
	'no permission: run' as_user 1024 "$user_run"
ill no-permission "nodes: no permission on $node \\(root:root, mode 0600\\)" 'no permission' as_user 1024 'vfio_test doctor "$BDF"'
check 'ordinary user: who has it open is not known' said 'users: not known: an ordinary user may not look at every process'
chown user "$node"
expect 4 '^Verdict: unverified' 'no permission: cured' as_user 1024 "$user_run"
expect 2 '1024 KiB needed, the limit is 64 KiB; raise it with ulimit -l 1024 or more .*CAP_IPC_LOCK' 'memlock: run' as_user 64 "$user_run"
expect 2 'memory: 1024 KiB needed, the limit is 64 KiB|memory: not enough memory may be locked: 1024 KiB needed, the limit is 64 KiB' \
	'memlock: doctor' as_user 64 'vfio_test doctor "$BDF"'
expect 4 '^Verdict: unverified' 'memlock: cured' as_user 1024 "$user_run"
expect 4 'privilege: no CAP_SYS_ADMIN: ' 'ordinary user: doctor' as_user 1024 'vfio_test doctor "$BDF"'
check 'ordinary user: what could be opened is open to nobody else' said 'users: no process has the group open'
expect 4 'no CAP_SYS_MODULE; run as root' 'ordinary user: module' as_user 1024 'vfio_test --no-rules --dma none --size 16K "$BDF"'
chown root "$node"

# What else forbids a node than its owner and mode.
major=$(awk '$2 == "vfio" { print $1 }' /proc/devices)
minor=$(cut -d : -f 2 /sys/class/vfio/"$group"/dev)
mkdir -p /tmp/cgroup
mount -t cgroup -o devices none /tmp/cgroup
mkdir /tmp/cgroup/less
# in_cgroup RULE COMMAND: with this device denied
in_cgroup() {
	echo a >/tmp/cgroup/less/devices.allow
	echo "$1 rwm" >/tmp/cgroup/less/devices.deny
	sh -c "echo \$\$ >/tmp/cgroup/less/tasks; $2 ${3:-}"
}
if [ -e /tmp/cgroup/less/devices.deny ]; then
	ill devices-cgroup "nodes: $node is refused, and not because of its permissions \\(root:root, mode 0600\\): the devices cgroup of this process forbids it; .*echo 'c $major:$minor rw' > devices.allow" \
		'devices cgroup' in_cgroup "c $major:$minor" "vfio_test doctor $BDF"
	expect 2 "could not open $node: $node is refused, and not because .*: the devices cgroup of this process forbids it" 'devices cgroup: run' \
		in_cgroup "c $major:$minor" "vfio_test --quiet --no-rules --no-reset --no-module --dma none --size 1M $BDF"
	expect 2 'could not open /dev/vfio/vfio: .*: the devices cgroup of this process forbids it' 'devices cgroup: the container' \
		in_cgroup 'c 10:196' "vfio_test --quiet --no-rules --no-reset --no-module --dma none --size 1M $BDF"
else
	ktap_skip 'devices cgroup: doctor' 'no devices cgroup of version 1 in this kernel'
	ktap_skip 'devices cgroup: run' 'no devices cgroup of version 1 in this kernel'
	ktap_skip 'devices cgroup: the container' 'no devices cgroup of version 1 in this kernel'
fi
rmdir /tmp/cgroup/less
umount /tmp/cgroup
# in_dev OPTIONS MAJOR COMMAND: with a /dev/vfio of its own
in_dev() {
	unshare -m sh -c "mount -t tmpfs $1 none /dev/vfio && mknod /dev/vfio/vfio c 10 196 && mknod $node c $2 $minor && $3"
}
expect 2 "nodes: /dev/vfio/vfio is on a file system that is mounted nodev" 'nodev' in_dev '-o nodev' "$major" "vfio_test doctor $BDF"
expect 2 "could not open $node: no driver is behind the node: it is left over, or was made with a wrong number; rm it" 'a node left over' \
	in_dev '' 240 "vfio_test --quiet --no-rules --no-reset --no-module --dma none $BDF"

# --- the mapping -------------------------------------------------------------

expect 2 'IOVA 0xfee00000 of 0x4000 bytes: it is in none of the IOVA ranges: part of it is reserved' 'IOVA reserved' quick --iova 0xfee00000 "$BDF"
expect 2 'in none of the IOVA ranges: past the aperture, which ends at 0x7fffffffff; .*aw-bits=48' 'IOVA beyond the aperture' quick --iova 0x8000000000 "$BDF"
expect 0 '^Verdict: pass' 'IOVA: a lower one cures' quick --iova 0x7fffff0000 "$BDF"
expect 2 '^vfio_test: --iova 0x123: not aligned to the page size, 0x1000; choose another' 'IOVA unaligned' quick --iova 0x123 "$BDF"
expect 2 'the IOVAs of two mappings overlap; choose each --iova at least --size from the others' 'overlap' quick --iova 0 --iova 0x1000 "$BDF"
expect 0 '^Verdict: pass' 'overlap: cured' quick --iova 0 --iova 0x4000 "$BDF"
limit=/sys/module/vfio_iommu_type1/parameters/dma_entry_limit
old=$(cat $limit)
echo 2 >$limit
expect 2 'the container has as many mappings as it may have; .*dma_entry_limit' 'entry limit' quick --iova 0 --iova 0x4000 --iova 0x8000 "$BDF"
echo "$old" >$limit
expect 0 '^Verdict: pass' 'entry limit: cured' quick --iova 0 --iova 0x4000 --iova 0x8000 "$BDF"
expect 2 'fewer than 1 free huge pages of 2048 KiB; echo 1 > ' 'no huge pages: run' quick --page-size 2M --size 2M "$BDF"
expect 2 'memory: could not allocate the buffer: the kernel has fewer than 1 free huge pages of 2048 KiB' 'no huge pages: doctor' \
	vfio_test doctor --page-size 2M --size 2M "$BDF"
cure=$(sed -n 's/.*huge pages of 2048 KiB; //p' "$ktap_dir/out")
check 'no huge pages: the cure can be typed as it is' sh -c "$cure"
expect 0 '1 huge pages of 2048 KiB free' 'no huge pages: doctor agrees' vfio_test doctor --page-size 2M --size 2M "$BDF"
expect 0 '^Verdict: pass' 'no huge pages: cured' quick --page-size 2M --size 2M "$BDF"

# misuse WHAT COMMAND...
misuse() {
	misuse_what=$1
	shift
	LD_PRELOAD=/root/misuse.so MISUSE=$misuse_what vfio_test --quiet --dma none --no-rules --no-reset --size 16K "$@" "$BDF"
}
expect 2 'VFIO_SET_IOMMU: calls in the wrong order: .*; open the container, open the group' 'wrong order' misuse no-group
check 'wrong order: the errno is EINVAL' sh -c "LD_PRELOAD=/root/misuse.so MISUSE=no-group vfio_test --json $BDF | grep -q '\"errno\": *22'"
expect 2 'the buffer is not memory that the device may write: .*; map it with PROT_WRITE' 'buffer not writable' misuse read-only
expect 0 '^Verdict: pass' 'the misuses do nothing else' misuse nothing
expect 0 '^before EINVAL after ENOTTY map 0$' 'VFIO_IOMMU_ENABLE: what the kernel answers' enable "$group"
expect 0 'call of sPAPR .*answers ENOTTY, on bare metal too, and EINVAL before SET_IOMMU' 'VFIO_IOMMU_ENABLE: why it is never called' \
	vfio_test doctor --why iommu-enable
modprobe -r vfio_iommu_type1

# --- back ends ---------------------------------------------------------------

if [ -e /dev/iommu ]; then
	ktap_skip 'no iommufd: told' 'this kernel has it'
	ktap_skip 'no iommufd: asked for' 'this kernel has it'
else
	expect 0 'back ends: no iommufd: there is no /dev/iommu: .*; modprobe iommufd' 'no iommufd: told' vfio_test doctor
	expect 2 'iommufd is not offered: .*; choose another --iommu' 'no iommufd: asked for' quick --iommu iommufd "$BDF"
fi

# --- the module --------------------------------------------------------------

mv "$ko" /tmp/verify_pte.ko
expect 4 'could not load the module verify_pte: no such file.*; build it for this kernel' 'verify_pte absent: run' vfio_test --dma none --no-rules --no-reset --size 16K "$BDF"
ill no-verify-pte 'verify_pte: could not load the module verify_pte: no such file' 'verify_pte absent' vfio_test doctor "$BDF"
expect 0 '^Verdict: pass' 'verify_pte absent: cured' quick --module /tmp/verify_pte.ko "$BDF"
mv /tmp/verify_pte.ko "$ko"
expect 4 "built for another kernel: for 9.*, and this is $release; build it for this kernel" 'verify_pte of another kernel: run' \
	vfio_test --dma none --no-rules --no-reset --size 16K --module /root/other.ko "$BDF"
ill other-kernel "verify_pte: could not load the module /root/other.ko: built for another kernel: for 9" 'verify_pte of another kernel' \
	vfio_test doctor --module /root/other.ko "$BDF"

umount /sys/kernel/debug
expect 4 'debugfs is not mounted at /sys/kernel/debug.*; mount -t debugfs none /sys/kernel/debug' 'debugfs not mounted: run' \
	vfio_test --dma none --no-rules --no-reset --size 16K "$BDF"
ill no-debugfs 'debugfs: debugfs is not mounted' 'debugfs not mounted' vfio_test doctor "$BDF"
cure=$(sed -n 's/.*where the module has its files; //p' "$ktap_dir/out")
check 'debugfs: the cure can be typed as it is' sh -c "$cure"
expect 0 '^Verdict: pass' 'debugfs: cured' quick "$BDF"

expect 4 'no CAP_SYS_ADMIN: .*; run as root' 'no CAP_SYS_ADMIN' \
	env LD_PRELOAD=/root/misuse.so MISUSE=no-sys-admin vfio_test --dma none --no-rules --no-reset --size 16K "$BDF"

# These two stay until the next boot.
insmod "$ko"
echo integrity >/sys/kernel/security/lockdown
expect 4 'could not open /sys/kernel/debug/verify_pte/walk: the kernel is locked down \(integrity\)' 'lockdown: debugfs' \
	vfio_test --dma none --no-rules --no-reset --size 16K "$BDF"
rmmod verify_pte
expect 4 'could not load the module .*the kernel is locked down \(integrity\): .*; boot without lockdown=' 'lockdown: module' \
	vfio_test --dma none --no-rules --no-reset --size 16K "$BDF"
ill lockdown 'lockdown: the kernel is locked down \(integrity\)' 'lockdown' vfio_test doctor "$BDF"
echo 1 >/sys/module/module/parameters/sig_enforce
expect 4 'this kernel takes signed modules only .*; sign it with a key' 'signatures enforced: run' vfio_test --dma none --no-rules --no-reset --size 16K "$BDF"
ill unsigned 'verify_pte: could not load the module .*: this kernel takes signed modules only' 'signatures enforced' vfio_test doctor "$BDF"

check 'nothing left' nothing_left
ktap_end
