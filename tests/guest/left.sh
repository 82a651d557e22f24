# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# left.sh - what a run of vfio_test must not leave behind; source it

# Does any process hold a VFIO file open?
vfio_held() {
	for fd in /proc/[0-9]*/fd/*; do
		readlink "$fd"
	done 2>/dev/null | grep '^/dev/vfio/'
}

nothing_left() {
	! pidof vfio_test && ! grep '^verify_pte ' /proc/modules && ! vfio_held
}
