#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# refs.sh - what the module gives back, and what it must not answer with: see refs.c
#
# In a VM, the device bound to vfio-pci, with refs in PATH.

modprobe verify_pte && exec refs "$BDF"
