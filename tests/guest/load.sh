# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# load.sh - the module comes and goes; source it

# load_unload TIMES: each time with what an opener leaves, the last request for those who only read
load_unload() {
	for _ in $(seq "$1"); do
		echo "$$ 0x400000" >/sys/kernel/debug/verify_pte/walk &&
			rmmod verify_pte && modprobe verify_pte || return 1
	done
}
