#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 300
#: vm --no-bind --append debugfs=off
#
# no-debugfs.sh - a kernel that was booted with debugfs=off
#
# The module says so when it is loaded, and does not stay there without its files.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 5

check 'the module does not load' sh -c '! modprobe verify_pte 2>/dev/null'
check 'and is not there' sh -c '! grep -q "^verify_pte " /proc/modules'
check 'the log has the reason' sh -c 'dmesg | grep -q "verify_pte: .*debugfs=off"'
expect 4 'could not load the module verify_pte: .*debugfs.*; boot without debugfs=off' \
	'vfio_test walk: unverified, and why' vfio_test walk 1
check 'vfio_test walk: the module is not left' sh -c '! grep -q "^verify_pte " /proc/modules'
ktap_end
