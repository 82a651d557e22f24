#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# doctor-off.sh - an IOMMU that the kernel leaves off; VM with --append intel_iommu=off

# shellcheck source=tests/guest/ktap.sh
. /tests/ktap.sh
ktap_plan 4

why='no IOMMU group: the machine has an IOMMU \(ACPI DMAR\), but the kernel does not use it: its command line has intel_iommu=off; boot with intel_iommu=on'
expect 2 "^vfio_test: $BDF: $why" 'IOMMU off on the kernel line: run' vfio_test "$BDF"
expect 2 "^.*IOMMU: $why" 'IOMMU off on the kernel line: doctor' vfio_test doctor
check 'doctor: its first line says what to do' sh -c "head -n 1 $ktap_dir/out | grep -q intel_iommu=on"
expect 2 '"reason": ?"iommu-off"' 'IOMMU off on the kernel line: list' sh -c "vfio_test list --json; exit 2"
ktap_end
