#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#: seconds 500
#: vm --file tests/guest/refs.c
#: kernels all
#
# refs.sh - what the module gives back, and what it must not answer with: see refs.c
#
# In a VM, the device bound to vfio-pci, with refs in PATH, which has a plan of its own.

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
# shellcheck source=tests/guest/load.sh
. /tests/load.sh

modprobe verify_pte || exit 1
refs "$BDF"
status=$?
ktap_plan 2
check 'refs ended well' [ $status -eq 0 ]
check 'the module is loaded and unloaded 100 times' load_unload 100
ktap_end
