// SPDX-License-Identifier: GPL-2.0
/* The device nodes of VFIO, and who has them open. */
#include "failure/rows.h"

#include <errno.h>

#include "failure/facts.h"

static bool is_held(const struct env *env)
{
	return (env->holder || env->held) && !env->leaving;
}

static bool may_be_opened(const struct env_node *node)
{
	/* A node that another process holds, or without its driver, lacks no permission. */
	return node->no != EACCES && node->no != EPERM;
}

/*
 * Can all nodes of one of the two ways to the device be opened?  One way is enough, so a node
 * of the other is then not in the way.  A way without its nodes does not count.
 */
static bool has_open_way(const struct env *env)
{
	bool has_iommufd = env->iommufd.path[0] && env->iommufd.no != ENOENT &&
			   (!has_device(env) || env->device_node.path[0]);

	return (env->container.path[0] && env->container.no != ENOENT &&
		may_be_opened(&env->container) && may_be_opened(&env->node)) ||
	       (has_iommufd && may_be_opened(&env->iommufd) && may_be_opened(&env->device_node));
}

/* Is the node on a file system mounted nodev, where its permissions do not matter? */
static bool is_on_nodev(const struct env *env)
{
	const struct env_node *node = bad_node(env, EACCES);

	return node && node->nodev;
}

/* Do the permissions allow what was refused?  faccessat(2) was asked. */
static bool is_forbidden_by_lsm(const struct env *env)
{
	const struct env_node *node = bad_node(env, EACCES);

	return node && node->opened && !node->nodev && node->allowed;
}

static bool is_on_nodev_only(const struct env *env)
{
	return is_on_nodev(env) && !has_open_way(env);
}

static bool is_forbidden_only(const struct env *env)
{
	return is_forbidden_by_lsm(env) && !has_open_way(env);
}

static bool may_not_open(const struct env *env)
{
	return bad_node(env, EACCES) && !is_on_nodev(env) && !is_forbidden_by_lsm(env) &&
	       !has_open_way(env);
}

/* EPERM can also mean that a group without an IOMMU takes CAP_SYS_RAWIO: not here. */
static bool is_kept_by_cgroup(const struct env *env)
{
	return bad_node(env, EPERM) && !has_open_way(env) && !lacks_rawio(env);
}

static bool is_kept_by_rawio(const struct env *env)
{
	return env->node.path[0] && env->node.no == EPERM && lacks_rawio(env);
}

static bool has_no_container(const struct env *env)
{
	return env->container.path[0] && env->container.no == ENOENT &&
	       env->modules[MODULE_VFIO] >= MODULE_LOADED;
}

static bool has_no_node(const struct env *env)
{
	return env->node.path[0] && env->node.no == ENOENT;
}

/* clang-format off */
static const struct failure rows[] = {
	{
		.id = "no-container",
		.check = CHECK_NODES,
		.steps = "container",
		.no = ENOENT,
		.detect = has_no_container,
		.why = "there is no such node",
		.fix = "modprobe vfio (or iommufd, for that back end); the kernel needs CONFIG_VFIO and CONFIG_VFIO_CONTAINER (or CONFIG_IOMMUFD)",
		.source = "drivers/vfio/container.c: vfio_container_init()",
	},
	{
		.id = "no-container",
		.steps = "container",
		.no = ENODEV,
		.why = "the node exists, but the module vfio is not loaded",
		.fix = "modprobe vfio",
		.source = "drivers/vfio/container.c: vfio_container_init()",
	},
	{
		.id = "no-node",
		.check = CHECK_NODES,
		.steps = "group",
		.no = ENOENT,
		.detect = has_no_node,
		.why = "the group has no node",
		.fix = "bind every device of the group to vfio-pci; if this is a container, pass the node to it",
		.source = "drivers/vfio/group.c: vfio_create_group()",
	},
	{
		.id = "no-node",
		.steps = "group",
		.no = ENODEV,
		.why = "no device of the group is on a VFIO driver",
		.fix = "bind every device of the group to vfio-pci",
		.source = "drivers/vfio/group.c: vfio_group_fops_open()",
	},
	{
		.id = "stale-node",
		.steps = "container group device-node",
		.no = ENXIO,
		.why = "no driver is behind the node: it is left over, or was made with a wrong number",
		.fix = "rm it, and bind the device anew (vfio_test bind {bdf}); see ls -l /sys/dev/char",
		.source = "fs/char_dev.c: chrdev_open()",
	},
	{
		.id = "no-files-left",
		.steps = "*",
		.no = EMFILE,
		.why = "this process has as many files open as it may have",
		.fix = "raise the limit: ulimit -n 1024",
		.source = "getrlimit(2): RLIMIT_NOFILE",
	},
	{
		.id = "no-files-left",
		.steps = "*",
		.no = ENFILE,
		.why = "the machine has as many files open as it may have",
		.fix = "end other programs, or raise the limit: sysctl fs.file-max",
		.source = "Documentation/admin-guide/sysctl/fs.rst: file-max",
	},
	{
		.id = "no-device-node",
		.steps = "device-node",
		.no = ENOENT,
		.why = "sysfs has a node for the device, but there is none in this /dev",
		.fix = "if this is a container, pass the node to it; else udevadm trigger",
		.source = "drivers/vfio/device_cdev.c: vfio_cdev_init()",
	},
	{
		.id = "nodev",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EACCES,
		.applies_if = is_on_nodev,
		.detect = is_on_nodev_only,
		.why = "{node} is on a file system that is mounted nodev, where device nodes do not work",
		.fix = "mount a devtmpfs, or bind-mount the host's /dev there without nodev",
		.source = "fs/namei.c: may_open_dev()",
	},
	{
		.id = "security-module",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EACCES,
		.applies_if = is_forbidden_by_lsm,
		.detect = is_forbidden_only,
		.why = "the permissions of {node} ({owner}, mode {mode}) are enough, but it is refused: a security module (SELinux, AppArmor, Landlock) forbids it",
		.fix = "see ausearch -m avc or dmesg | grep -i -e apparmor -e audit; allow it for this program in the policy",
		.source =
			"security/security.c: security_inode_permission(), security_file_open()",
	},
	{
		.id = "no-permission",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EACCES,
		.detect = may_not_open,
		.why = "no permission on {node} ({owner}, mode {mode})",
		.fix = "run as root, or give the user the node: chown USER {node}",
		.source = "Documentation/driver-api/vfio.rst",
	},
	{
		.id = "noiommu-rawio",
		.check = CHECK_NODES,
		.steps = "group",
		.no = EPERM,
		.applies_if = lacks_rawio,
		.detect = is_kept_by_rawio,
		.why = "this process may not use the group: without an IOMMU it needs CAP_SYS_RAWIO",
		.fix = "run as root",
		.source = "drivers/vfio/group.c: vfio_group_fops_open()",
	},
	{
		.id = "devices-cgroup",
		.check = CHECK_NODES,
		.steps = "container group device-node",
		.no = EPERM,
		.detect = is_kept_by_cgroup,
		.why = "{node} is refused, and not because of its permissions ({owner}, mode {mode}): the devices cgroup of this process forbids it",
		.fix = "allow it where the process was started: docker run --device {node}, systemd DeviceAllow={node} rw; cgroup v1: echo 'c {numbers} rw' > devices.allow",
		.source = "security/device_cgroup.c: devcgroup_check_permission()",
	},
	{
		.id = "held",
		.check = CHECK_HELD,
		.steps = "group list bind",
		.no = EBUSY,
		.detect = is_held,
		.what = "group {group} is in use",
		.why = "{holder} has it open",
		.fix = "end that process; fuser -v {node} names it",
		.source = "drivers/vfio/group.c: vfio_group_fops_open()",
	},
	{
		.id = "held",
		.steps = "VFIO_DEVICE_BIND_IOMMUFD",
		.no = EBUSY,
		.why = "{holder} has the device or its group open",
		.fix = "end that process; vfio_test doctor {bdf} names it where it can be seen",
		.source = "drivers/vfio/device_cdev.c: vfio_df_ioctl_bind_iommufd()",
	},
};
/* clang-format on */

const struct failure_rows rows_node = { .row = rows, .nr = ARRAY_SIZE(rows) };
