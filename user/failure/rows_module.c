// SPDX-License-Identifier: GPL-2.0
/* What the witnesses need, and what the module answers. */
#include "failure/rows.h"

#include <errno.h>
#include <string.h>

#include "failure/facts.h"

static bool lacks_cap_sys_admin(const struct env *env)
{
	return env->cap_sys_admin == FACT_NO;
}

static bool lacks_cap_sys_module(const struct env *env)
{
	return env->cap_sys_module == FACT_NO;
}

static bool is_in_kernel(const struct env *env)
{
	return env->modules[MODULE_VERIFY_PTE] >= MODULE_LOADED;
}

static bool would_load_ko(const struct env *env)
{
	return !is_in_kernel(env) && env->ko.path[0];
}

static bool lacks_debugfs(const struct env *env)
{
	return env->debugfs == FACT_NO;
}

static bool is_locked_down(const struct env *env)
{
	return env->lockdown == FACT_YES;
}

static bool would_refuse_unsigned(const struct env *env)
{
	return would_load_ko(env) && env->sig_enforce == FACT_YES && !env->ko.is_signed;
}

static bool has_no_ko(const struct env *env)
{
	return !is_in_kernel(env) && !env->ko.path[0];
}

static bool is_about_missing_ko(const struct env *env)
{
	return concerns_verify_pte(env) && !env->ko.path[0];
}

/* The part of a vermagic that comes after the release. */
static const char *flags_of(const char *vermagic)
{
	return vermagic + strcspn(vermagic, " ");
}

static bool is_of_other_release(const struct env *env)
{
	size_t n = flags_of(env->ko.vermagic) - env->ko.vermagic;

	return would_load_ko(env) && n &&
	       (n != strlen(env->release) || strncmp(env->ko.vermagic, env->release, n) != 0);
}

/*
 * As kernel/module/version.c: same_magic(): if kernel and module both have the versions of
 * symbols, the releases may differ and the rest must be the same.
 */
static bool is_of_another_kernel(const struct env *env)
{
	const char *flags = flags_of(env->ko.vermagic);

	if (!strstr(flags, "modversions"))
		return is_of_other_release(env);
	return would_load_ko(env) && env->vermagic[0] &&
	       strcmp(flags, flags_of(env->vermagic)) != 0;
}

static bool may_be_of_this_kernel(const struct env *env)
{
	return is_of_other_release(env) && !is_of_another_kernel(env);
}

static bool is_of_another_in_any_way(const struct env *env)
{
	return is_of_other_release(env) || is_of_another_kernel(env);
}

static bool is_realtime(const struct env *env)
{
	return env->realtime;
}

/* clang-format off */
static const struct failure rows[] = {
	/* VFIO itself works without the witnesses. */
	{
		.id = "no-cap-sys-admin",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_PRIVILEGE,
		.steps = "debugfs pagemap",
		.no = EPERM,
		.applies_if = lacks_cap_sys_admin,
		.detect = lacks_cap_sys_admin,
		.why = "no CAP_SYS_ADMIN: it takes this capability to read page tables and frames",
		.fix = "run as root",
		.source = "fs/proc/task_mmu.c: pagemap_read(); kmod/main.c",
	},
	{
		.id = "no-cap-sys-admin",
		.severity = SEVERITY_WITNESS,
		.steps = "debugfs",
		.no = EACCES,
		.why = "no permission: only root may use debugfs and the module",
		.fix = "run as root",
		.source = "fs/debugfs/inode.c; kmod/main.c",
	},
	{
		.id = "no-cap-sys-module",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = EPERM,
		.applies_if = lacks_cap_sys_module,
		.why = "no CAP_SYS_MODULE",
		.fix = "run as root",
		.source = "kernel/module/main.c: may_init_module()",
	},
	{
		.id = "lockdown",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_LOCKDOWN,
		.steps = "insert debugfs",
		.no = EPERM,
		.applies_if = is_locked_down,
		.detect = is_locked_down,
		.why = "the kernel is locked down ({lockdown}): it allows no unsigned module and no debugfs",
		.fix = "boot without lockdown= and with secure boot off; VFIO itself works",
		.source =
			"kernel/module/signing.c: module_sig_check(); fs/debugfs/file.c: debugfs_locked_down()",
	},
	{
		.id = "not-permitted",
		.severity = SEVERITY_WITNESS,
		.steps = "insert debugfs",
		.no = EPERM,
		.why = "not permitted: the kernel is locked down, or a security module forbids it",
		.fix = "see dmesg; boot without lockdown=",
		.source = "security/lockdown/lockdown.c: lockdown_is_locked_down()",
	},
	{
		.id = "debugfs-off",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = ENODEV,
		.applies_if = concerns_verify_pte,
		.why = "the kernel makes no files in debugfs, and the module needs one there",
		.fix = "boot without debugfs=off; see Documentation/admin-guide/kernel-parameters.txt",
		.source = "fs/debugfs/inode.c: debugfs_create_dir()",
	},
	{
		.id = "no-debugfs",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_DEBUGFS,
		.steps = "debugfs",
		.no = ENOENT,
		.applies_if = lacks_debugfs,
		.detect = lacks_debugfs,
		.why = "debugfs is not mounted at /sys/kernel/debug, where the module has its files",
		.fix = "mount -t debugfs none /sys/kernel/debug",
		.source = "Documentation/filesystems/debugfs.rst",
	},
	{
		.id = "not-loaded",
		.severity = SEVERITY_WITNESS,
		.steps = "debugfs",
		.no = ENOENT,
		.why = "the module is not loaded",
		.fix = "insmod verify_pte.ko",
		.source = "kmod/main.c",
	},
	{
		.id = "no-verify-pte",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.steps = "insert",
		.no = ENOENT,
		.applies_if = is_about_missing_ko,
		.detect = has_no_ko,
		.what = "could not load the module verify_pte",
		.why = "no such file: it is not beside the program, nor in /lib/modules/{release}",
		.fix = "build it for this kernel with `make`, then give --module kmod/verify_pte.ko or run `make install`",
		.source = "kmod/Makefile",
	},
	{
		.id = "unknown-symbol",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = ENOENT,
		.applies_if = concerns_verify_pte,
		.why = "it uses a symbol that this kernel lacks, or its file is gone",
		.fix = "see dmesg; build it for this kernel with `make`",
		.source = "kernel/module/main.c: resolve_symbol_wait()",
	},
	{
		.id = "other-kernel",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.steps = "insert",
		.no = ENOEXEC,
		.applies_if = is_of_another_in_any_way,
		.detect = is_of_another_kernel,
		.what = "could not load the module {ko}",
		.why = "built for another kernel: for {vermagic}, and this is {release}",
		.fix = "build it for this kernel with `make`, with linux-headers-{release} installed",
		.source = "kernel/module/main.c: check_modinfo()",
	},
	{
		.id = "other-kernel",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = EINVAL,
		.applies_if = is_of_another_in_any_way,
		.what = "could not load the module {ko}",
		.why = "built for another kernel, {vermagic}: its symbols have other versions here",
		.fix = "build it for this kernel with `make`, with linux-headers-{release} installed",
		.source = "kernel/module/version.c: check_version()",
	},
	{
		.id = "other-release",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.detect = may_be_of_this_kernel,
		.what = "it may not load",
		.why = "built for another release, {vermagic}: taken only if all its symbols have the same versions in {release}",
		.fix = "build it for this kernel with `make`",
		.source = "kernel/module/version.c: same_magic(), check_version()",
	},
	{
		.id = "no-module",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = ENOEXEC,
		.why = "built for another kernel, or not a module",
		.fix = "see dmesg; build it for this kernel with `make`",
		.source = "kernel/module/main.c: elf_validity_check()",
	},
	{
		.id = "unsigned",
		.severity = SEVERITY_WITNESS,
		.check = CHECK_MODULE,
		.steps = "insert",
		.no = EKEYREJECTED,
		.detect = would_refuse_unsigned,
		.what = "could not load the module {ko}",
		.why = "this kernel takes signed modules only (module.sig_enforce)",
		.fix = "sign it with a key that the kernel knows (scripts/sign-file), or boot without module.sig_enforce",
		.source = "kernel/module/signing.c: module_sig_check()",
	},
	{
		.id = "bad-machine",
		.severity = SEVERITY_WITNESS,
		.steps = "insert",
		.no = EOPNOTSUPP,
		.why = "the module does not support this machine",
		.fix = "see dmesg",
		.source = "kmod/main.c",
	},
	/* What the module answers. */
	{
		.id = "no-process",
		.steps = "walk",
		.no = ESRCH,
		.why = "no such process, or one without memory of its own (a kernel thread, a zombie)",
		.fix = "see ps",
		.source = "kmod/walk.c",
	},
	{
		.id = "no-vma",
		.steps = "walk",
		.no = EFAULT,
		.why = "nothing is mapped there: it is in no VMA",
		.fix = "see /proc/PID/maps",
		.source = "kmod/walk.c",
	},
	{
		.id = "kernel-half",
		.steps = "walk",
		.no = ERANGE,
		.why = "beyond the user half of the address space",
		.fix = "give a user address",
		.source = "kmod/walk.c",
	},
	{
		.id = "bad-request",
		.steps = "walk",
		.no = EINVAL,
		.why = "the module does not take this request",
		.fix = "align address and length to 4096; is the module of this version?",
		.source = "kmod/uapi/verify_pte.h",
	},
	{
		.id = "other-mm",
		.steps = "walk",
		.no = ESTALE,
		.why = "the process changed its address space: it has executed another program or ended, and what was found before is of the old one",
		.fix = "ask again when the process has started up",
		.source = "kmod/uapi/verify_pte.h",
	},
	{
		.id = "bad-entry",
		.steps = "walk",
		.no = EIO,
		.why = "an entry that no kernel writes: it points outside of memory, or is a page of a size that the CPU does not have",
		.fix = "the page table is damaged: see the kernel log (dmesg)",
		.source = "kmod/walk.c",
	},
	{
		.id = "no-domain",
		.steps = "iova",
		.no = ENOENT,
		.why = "the device has no IOMMU domain that a user of VFIO has set up",
		.fix = "an IOMMU must be active (see dmesg), and a device node bound to an iommufd",
		.source = "kmod/iova.c",
	},
	{
		.id = "domain-moved",
		.steps = "iova",
		.no = EAGAIN,
		.why = "the device was moved to another IOMMU domain in each of several attempts to ask",
		.fix = "ask when its user has finished setting it up",
		.source = "kmod/iova.c",
	},
	{
		.id = "no-vfio-file",
		.steps = "iova",
		.no = EBADF,
		.why = "the module does not recognise the open file of the device as one of VFIO",
		.fix = "report it: this kernel keeps its VFIO files differently",
		.source = "kmod/iova.c",
	},
	{
		.id = "not-held",
		.steps = "iova-holder",
		.no = EBADF,
		.what = "no process has the device open through VFIO",
		.why = "its IOMMU domain belongs to the process that has it open, and exists only while that process has it open",
		.fix = "start the program that uses it, or vfio_test --hold {given}",
		.source = "kmod/iova.c",
	},
	{
		.id = "realtime-kernel",
		.steps = "iova",
		.no = EOPNOTSUPP,
		.applies_if = is_realtime,
		.why = "this kernel is built with PREEMPT_RT, where an IOMMU's translations cannot be asked with all CPUs stopped",
		.fix = "run on a kernel without PREEMPT_RT",
		.source = "kmod/iova.c: iova_batch()",
	},
	{
		.id = "odd-domain",
		.steps = "iova",
		.no = EOPNOTSUPP,
		.why = "the device's IOMMU domain is of a kind that has no translations to ask for (neither paging nor blocked)",
		.fix = "bind the device to vfio-pci and let a process use it, which gives it a domain of VFIO's; see dmesg",
		.source = "kmod/iova.c",
	},
	{
		.id = "old-module",
		.steps = "iova",
		.no = ENOTTY,
		.why = "the module does not know this request",
		.fix = "load the module of this version",
		.source = "kmod/uapi/verify_pte.h",
	},
	{
		.id = "no-pagemap",
		.severity = SEVERITY_WITNESS,
		.steps = "pagemap",
		.no = ENOENT,
		.why = "the kernel has no pagemap",
		.fix = "the kernel needs CONFIG_PROC_PAGE_MONITOR",
		.source = "Documentation/admin-guide/mm/pagemap.rst",
	},
};
/* clang-format on */

const struct failure_rows rows_module = { .row = rows, .nr = ARRAY_SIZE(rows) };
