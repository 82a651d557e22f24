#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 400
#: vm --no-bind --file README.md --file docs
#
# readme.sh - what README and docs/ tell a reader to type is typed here, as it stands there
#
# VM with an IOMMU, the test device on no driver.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh

# block PAGE HEADING: the first block of code below that heading
block() {
	awk -v heading="$2" '
		/^#+ / && !inside { here = $0 ~ heading }
		/^```/ { if (inside && here) exit; inside = !inside; next }
		inside && here' "$1"
}

# Its device is ours, and root needs no sudo.
typed() {
	sed "s/^sudo //; s/  *#.*//; s/0000:01:00\\.0/$BDF/g"
}

block README.md 'Your own device' | typed >"$ktap_dir/own"
block README.md 'Reading the verdict' | tr '\n' ' ' | sed 's/ *$//' >"$ktap_dir/verdict"
echo >>"$ktap_dir/verdict"
block docs/module.md 'Text' | sed -n 's/^# //p' | typed >"$ktap_dir/module"

ktap_plan $((2 + $(wc -l <"$ktap_dir/own") + 1 + 4))

check 'README: five commands for a device of your own' [ "$(wc -l <"$ktap_dir/own")" -eq 5 ]
check 'they are of vfio_test, and nothing else' sh -c '! grep -v "^vfio_test " "$0"' "$ktap_dir/own"
while read -r line; do
	# Of a device that is on no driver yet, doctor says what the next command does.
	case $line in
	*doctor*) status=2 says='vfio_test bind' ;;
	*) status=0 says='' ;;
	esac
	# shellcheck disable=SC2086 # words of a command
	expect $status "$says" "README: $line" $line
done <"$ktap_dir/own"

vfio_test bind --quiet "$BDF"
vfio_test --quiet --dma none "$BDF" >"$ktap_dir/said"
check 'README: the verdict is what a run with --dma none says' cmp "$ktap_dir/said" "$ktap_dir/verdict"

# A process whose program lies where the page has it.
modprobe verify_pte
sleep 1000 &
pid=$!
sed -i "s/100 0x400000/$pid 0x400000/" "$ktap_dir/module"
check 'docs/module.md: a request and its answer' [ "$(wc -l <"$ktap_dir/module")" -eq 2 ]
sh "$ktap_dir/module" >"$ktap_dir/answer" 2>&1
# Each number is another one on each boot; the words are the same.
words() {
	sed -E 's/0x[0-9a-f]+|[0-9]+/N/g; s/ +/ /g'
}
block docs/module.md 'Text' | grep -v '^# ' | words >"$ktap_dir/told"
words <"$ktap_dir/answer" >"$ktap_dir/found"
check 'docs/module.md: the answer has the same words' diff "$ktap_dir/told" "$ktap_dir/found"
kill $pid
check 'docs/module.md: the module goes' rmmod verify_pte
check 'and the device is where it was' vfio_test unbind "$BDF"
ktap_end
