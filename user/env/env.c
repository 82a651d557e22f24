// SPDX-License-Identifier: GPL-2.0
#include "env/env.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <libkmod.h>
#include <linux/vfio.h>
#include <zlib.h>

#include "lib/parse.h"
#include "lib/text.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static enum fact fact(bool is)
{
	return is ? FACT_YES : FACT_NO;
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

/* The value of a module's parameter: "Y" or "1"? */
static bool is_on(const char *word)
{
	return *word == 'Y' || *word == 'y' || *word == '1';
}

/* --- the kernel ------------------------------------------------------------ */

static const struct {
	const char *word;
	size_t offset;
} config_words[] = {
	{ "CONFIG_VFIO", offsetof(struct env, config_vfio) },
	{ "CONFIG_VFIO_IOMMU_TYPE1", offsetof(struct env, config_type1) },
	{ "CONFIG_VFIO_PCI", offsetof(struct env, config_vfio_pci) },
	{ "CONFIG_INTEL_IOMMU_DEFAULT_ON", offsetof(struct env, iommu_default_on) },
	{ "CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF", offsetof(struct env, iommu_default_on) },
	{ "CONFIG_SECURITY_LOCKDOWN_LSM", offsetof(struct env, lockdown) },
};

static enum fact *fact_at(struct env *env, size_t i)
{
	return (enum fact *)(void *)((char *)env + config_words[i].offset);
}

/* The configuration, plain or packed; gzopen() reads both. */
static void read_config(struct env *env)
{
	static const char *const places[] = { "/proc/config.gz", "/boot/config-%s",
					      "/lib/modules/%s/config",
					      "/lib/modules/%s/build/.config" };
	char line[256], *value;
	bool whole = false; /* it is a configuration, and was read to its end */
	gzFile file = NULL;
	size_t i;
	int no;

	for (i = 0; i < ARRAY_SIZE(places) && !file; i++) {
		/* The only conversion that a place may have is the release. */
		const char *mark = strstr(places[i], "%s");

		snprintf(env->config, sizeof(env->config), "%.*s%s%s",
			 mark ? (int)(mark - places[i]) : (int)strlen(places[i]), places[i],
			 mark ? env->release : "", mark ? mark + 2 : "");
		file = gzopen(env->config, "re");
	}
	if (!file) {
		env->config[0] = '\0';
		return;
	}
	for (i = 0; i < ARRAY_SIZE(config_words); i++)
		*fact_at(env, i) = FACT_NO;
	while (gzgets(file, line, sizeof(line))) {
		whole = whole || !strncmp(line, "CONFIG_", 7) || !strncmp(line, "# CONFIG_", 9);
		value = strchr(line, '=');
		if (!value || (value[1] != 'y' && value[1] != 'm'))
			continue;
		*value = '\0';
		for (i = 0; i < ARRAY_SIZE(config_words); i++)
			if (!strcmp(line, config_words[i].word))
				*fact_at(env, i) = FACT_YES;
	}
	gzerror(file, &no);
	whole = gzclose(file) == Z_OK && whole && (no == Z_OK || no == Z_STREAM_END);
	/* A word that was not seen may be in the part that could not be read. */
	for (i = 0; !whole && i < ARRAY_SIZE(config_words); i++)
		if (*fact_at(env, i) == FACT_NO)
			*fact_at(env, i) = FACT_UNKNOWN;
}

static void read_lockdown(struct env *env)
{
	static const char file[] = "/sys/kernel/security/lockdown";
	/* read_config() left here whether the kernel can be locked down at all. */
	enum fact possible = env->lockdown;
	char line[64], *open, *close;

	env->lockdown = FACT_UNKNOWN;
	sysfs_read_line(file, line, sizeof(line));
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		snprintf(env->lockdown_mode, sizeof(env->lockdown_mode), "%.20s", open + 1);
		env->lockdown = fact(strcmp(open + 1, "none") != 0);
		return;
	}
	if (parse_kernel_word(env->cmdline, "lockdown", NULL, line, sizeof(line))) {
		snprintf(env->lockdown_mode, sizeof(env->lockdown_mode), "%.20s", line);
		env->lockdown = FACT_YES;
	} else if (possible == FACT_NO ||
		   (is_there("/sys/kernel/security/lsm") && !is_there(file))) {
		env->lockdown = FACT_NO;
	}
}

static const struct {
	const char *name;
	const char *proof; /* a path that exists if it is loaded or built in */
} module_names[ENV_MODULES] = {
	[MODULE_VFIO] = { "vfio", "/sys/class/vfio" },
	[MODULE_TYPE1] = { "vfio_iommu_type1", "/sys/module/vfio_iommu_type1" },
	[MODULE_VFIO_PCI] = { "vfio_pci", "/sys/bus/pci/drivers/vfio-pci" },
	[MODULE_VIRTIO_IOMMU] = { "virtio_iommu", "/sys/bus/virtio/drivers/virtio_iommu" },
	[MODULE_VERIFY_PTE] = { "verify_pte", "/sys/module/verify_pte" },
};

static enum module_state state_of(struct kmod_module *mod)
{
	const char *path = kmod_module_get_path(mod);

	switch (kmod_module_get_initstate(mod)) {
	case KMOD_MODULE_BUILTIN:
		return MODULE_BUILTIN;
	case KMOD_MODULE_LIVE:
	case KMOD_MODULE_COMING:
		return MODULE_LOADED;
	default:
		return !path ? MODULE_ABSENT : is_there(path) ? MODULE_THERE : MODULE_NO_FILE;
	}
}

/* Reads the vermagic of a module's file, and whether it is signed (NULL: not asked). */
static void read_vermagic(struct kmod_module *mod, char *vermagic, size_t len, bool *is_signed)
{
	struct kmod_list *info = NULL, *l;

	if (kmod_module_get_info(mod, &info) < 0)
		return;
	kmod_list_foreach(l, info)
	{
		const char *key = kmod_module_info_get_key(l);

		if (!strcmp(key, "vermagic"))
			snprintf(vermagic, len, "%s", kmod_module_info_get_value(l));
		if (is_signed && !strcmp(key, "sig_id"))
			*is_signed = true;
	}
	kmod_module_info_free_list(info);
}

static void read_modules(struct env *env, struct kmod_ctx *ctx)
{
	size_t i;

	for (i = 0; i < ENV_MODULES; i++) {
		struct kmod_module *mod;
		const char *options;

		if (kmod_module_new_from_name(ctx, module_names[i].name, &mod))
			continue;
		env->modules[i] = state_of(mod);
		if (env->modules[i] < MODULE_LOADED && is_there(module_names[i].proof))
			env->modules[i] = MODULE_BUILTIN;
		/* If it is loaded, read_interrupts() reads the option that it really has. */
		options = i == MODULE_TYPE1 ? kmod_module_get_options(mod) : NULL;
		if (i != MODULE_VERIFY_PTE && !env->vermagic[0] && kmod_module_get_path(mod))
			read_vermagic(mod, env->vermagic, sizeof(env->vermagic), NULL);
		if (options && strstr(options, "allow_unsafe_interrupts=1"))
			env->unsafe_interrupts = FACT_YES;
		kmod_module_unref(mod);
	}
}

const char *env_module_beside(char *path, size_t len)
{
	static const char *const places[] = { "verify_pte.ko", "../kmod/verify_pte.ko" };
	ssize_t n = readlink("/proc/self/exe", path, len - 1);
	char *slash;
	size_t i;

	if (n < 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(slash + 1, len - (slash + 1 - path), "%s", places[i]);
		if (!access(path, R_OK))
			return path;
	}
	return NULL;
}

static void read_ko(struct env *env, struct kmod_ctx *ctx)
{
	struct kmod_module *mod = NULL;
	char beside[PATH_MAX];
	const char *path = env->module_path;

	if (!path)
		path = env_module_beside(beside, sizeof(beside));
	if (path ? kmod_module_new_from_path(ctx, path, &mod)
		 : kmod_module_new_from_name(ctx, "verify_pte", &mod))
		return;
	if (!path)
		path = kmod_module_get_path(mod);
	if (path && is_there(path)) {
		snprintf(env->ko.path, sizeof(env->ko.path), "%.255s", path);
		read_vermagic(mod, env->ko.vermagic, sizeof(env->ko.vermagic), &env->ko.is_signed);
	}
	kmod_module_unref(mod);
}

/* Reads a parameter of a loaded module; FACT_UNKNOWN if there is none. */
static enum fact parameter(const char *path)
{
	char word[16];

	sysfs_read_line(path, word, sizeof(word));
	return word[0] ? fact(is_on(word)) : FACT_UNKNOWN;
}

static void read_kernel(struct env *env)
{
	char value[64];
	struct utsname u;

	uname(&u);
	snprintf(env->release, sizeof(env->release), "%.64s", u.release);
	snprintf(env->machine, sizeof(env->machine), "%.64s", u.machine);
	sysfs_read_line("/proc/cmdline", env->cmdline, sizeof(env->cmdline));
	read_config(env);
	env->iommu_words_off = parse_kernel_word(env->cmdline, "intel_iommu", "off", NULL, 0) ||
			       parse_kernel_word(env->cmdline, "amd_iommu", "off", NULL, 0) ||
			       parse_kernel_word(env->cmdline, "iommu", "off", NULL, 0);
	if (parse_kernel_word(env->cmdline, "intel_iommu", "on", NULL, 0))
		env->iommu_default_on = FACT_YES;
	env->passthrough =
		parse_kernel_word(env->cmdline, "iommu", "pt", NULL, 0) ||
		(parse_kernel_word(env->cmdline, "iommu.passthrough", NULL, value, sizeof(value)) &&
		 is_on(value));
	read_lockdown(env);
	env->sig_enforce = parameter("/sys/module/module/parameters/sig_enforce");
	if (env->sig_enforce == FACT_UNKNOWN && is_there("/sys/module"))
		env->sig_enforce = FACT_NO; /* built without signatures */
}

/* --- the IOMMU ------------------------------------------------------------- */

static enum fact acpi_has(const char *table)
{
	static const char dir[] = "/sys/firmware/acpi/tables";
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", dir, table);
	return is_there(path) ? FACT_YES : is_there(dir) ? FACT_NO : FACT_UNKNOWN;
}

/*
 * Returns how many entries a directory has, -1 if there is no such directory.  @names gets as
 * many of their names as fit, and the number of the others.
 */
static int count_dir(const char *path, char *names, size_t len)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int nr = 0, named = 0;
	struct text text;

	if (names)
		text_begin(&text, names, len);
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		nr++;
		if (!names || named < nr - 1 ||
		    text.used + strlen(e->d_name) + sizeof(", , and 1000000 more") > len)
			continue;
		text_list(&text, ", ", e->d_name);
		named++;
	}
	if (names && named < nr)
		text_add(&text, "%s%d %s", text.used ? ", and " : "", nr - named,
			 text.used ? "more" : "of them");
	if (dir)
		closedir(dir);
	return dir ? nr : -1;
}

/*
 * Remapped interrupts have another name: "IR-IO-APIC" instead of "IO-APIC"
 * (drivers/iommu/intel/irq_remapping.c, drivers/iommu/amd/iommu.c).
 */
static void read_interrupts(struct env *env)
{
	FILE *f = fopen("/proc/interrupts", "re");
	enum fact set =
		parameter("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	char *line = NULL, value[16];
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0) {
		/* On arm64 an ITS translates the interrupts of each device separately. */
		if (strstr(line, " IR-") || strstr(line, " ITS-"))
			env->intremap = FACT_YES;
		else if (env->intremap == FACT_UNKNOWN &&
			 (strstr(line, "IO-APIC") || strstr(line, "PCI-MSI")))
			env->intremap = FACT_NO;
	}
	free(line);
	if (f)
		fclose(f);
	if (parse_kernel_word(env->cmdline, "vfio_iommu_type1.allow_unsafe_interrupts", NULL, value,
			      sizeof(value)))
		env->unsafe_interrupts = fact(is_on(value));
	if (set != FACT_UNKNOWN)
		env->unsafe_interrupts = set;
}

static void read_iommu(struct env *env)
{
	env->no_sysfs = !is_there("/sys/kernel");
	env->acpi_dmar = acpi_has("DMAR");
	env->acpi_ivrs = acpi_has("IVRS");
	env->acpi_viot = acpi_has("VIOT");
	env->acpi_iort = acpi_has("IORT");
	env->acpi_rimt = acpi_has("RIMT");
	env->devicetree = fact(is_there("/sys/firmware/devicetree/base"));
	env->iommu = count_dir("/sys/class/iommu", env->iommu_names, sizeof(env->iommu_names)) > 0;
	env->nr_groups = count_dir("/sys/kernel/iommu_groups", NULL, 0);
	read_interrupts(env);
	env->noiommu_mode = parameter("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
}

#define OVERFLOW_ID 65534 /* /proc/sys/kernel/overflowuid */

/* --- who asks -------------------------------------------------------------- */

static void name_owner(const struct stat *st, char *buf, size_t len)
{
	const struct passwd *user = getpwuid(st->st_uid);
	const struct group *group = getgrgid(st->st_gid);
	char uid[16], gid[16];

	snprintf(uid, sizeof(uid), "%u", st->st_uid);
	snprintf(gid, sizeof(gid), "%u", st->st_gid);
	snprintf(buf, len, "%.30s:%.30s", user ? user->pw_name : uid, group ? group->gr_name : gid);
}

/* Looks at owner and mode only; faccessat(2) also fails for a security module, for example. */
static bool is_allowed(const struct stat *st)
{
	gid_t groups[256];
	int nr = getgroups(256, groups), i;
	bool member = st->st_gid == getegid();

	/* In a user namespace, root has no rights over an owner who is not in the namespace. */
	if (!geteuid())
		return st->st_uid != OVERFLOW_ID;
	for (i = 0; i < nr && !member; i++)
		member = groups[i] == st->st_gid;
	return ((st->st_uid == geteuid() ? st->st_mode >> 6
		 : member		 ? st->st_mode >> 3
					 : st->st_mode) &
		6) == 6;
}

void env_look(struct env_node *node, const char *path)
{
	struct statvfs fs;
	struct stat st;

	memset(node, 0, sizeof(*node));
	snprintf(node->path, sizeof(node->path), "%s", path);
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS))
		node->no = errno;
	if (!stat(path, &st)) {
		node->mode = st.st_mode & 07777;
		node->dev = st.st_rdev;
		node->allowed = is_allowed(&st);
		name_owner(&st, node->owner, sizeof(node->owner));
	}
	node->nodev = !statvfs(path, &fs) && fs.f_flag & ST_NODEV;
}

/* Returns a file descriptor, or -1. */
static int open_node(struct env_node *node)
{
	int fd = open(node->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	node->no = fd < 0 ? errno : 0;
	node->opened = true;
	return fd;
}

void env_not_opened(struct env *env, const char *path, int no)
{
	env->container.path[0] = env->iommufd.path[0] = env->device_node.path[0] = '\0';
	env_look(&env->node, path);
	env->node.no = no;
	env->node.opened = true;
}

static void try_node(struct env_node *node, const char *driver)
{
	int fd;

	/* If its driver is not loaded, opening the node would make the kernel load it. */
	if (!node->path[0] || !is_there(driver))
		return;
	fd = open_node(node);
	if (fd >= 0)
		close(fd);
}

void env_open_nodes(struct env *env)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int fd;

	try_node(&env->container, "/sys/class/misc/vfio");
	try_node(&env->iommufd, "/sys/class/misc/iommu");
	try_node(&env->device_node, "/sys/class/vfio-dev");
	if (!env->node.path[0])
		return;
	fd = open_node(&env->node);
	/* Only one process may open it at a time (drivers/vfio/group.c: vfio_group_fops_open()). */
	env->held = fd < 0 && errno == EBUSY;
	if (fd >= 0 && !ioctl(fd, VFIO_GROUP_GET_STATUS, &status))
		env->viable = fact(status.flags & VFIO_GROUP_FLAGS_VIABLE);
	if (fd >= 0)
		close(fd);
}

static void read_caps(struct env *env)
{
	/* include/uapi/linux/capability.h */
	static const struct {
		unsigned int bit;
		size_t offset;
	} caps[] = {
		{ 14, offsetof(struct env, cap_ipc_lock) },
		{ 16, offsetof(struct env, cap_sys_module) },
		{ 17, offsetof(struct env, cap_sys_rawio) },
		{ 19, offsetof(struct env, cap_sys_ptrace) },
		{ 21, offsetof(struct env, cap_sys_admin) },
	};
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t have;
	char line[128];
	size_t i;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %" SCNx64, &have) == 1)
			for (i = 0; i < ARRAY_SIZE(caps); i++)
				*(enum fact *)(void *)((char *)env + caps[i].offset) =
					fact(have >> caps[i].bit & 1);
	if (f)
		fclose(f);
}

static enum fact is_mounted(const char *where, const char *type)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char line[1024], at[512], kind[64];
	enum fact found = f ? FACT_NO : FACT_UNKNOWN;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %511s %63s", at, kind) == 2 && !strcmp(at, where) &&
		    !strcmp(kind, type))
			found = FACT_YES;
	if (f)
		fclose(f);
	return found;
}

static void read_asker(struct env *env)
{
	read_caps(env);
	env_look(&env->container, "/dev/vfio/vfio");
	env_look(&env->iommufd, "/dev/iommu");
	env->debugfs = is_mounted("/sys/kernel/debug", "debugfs");
}

bool env_realtime(void)
{
	struct utsname u;

	/* scripts/mkcompile_h puts the kind of preemption into the version. */
	return !uname(&u) && strstr(u.version, "PREEMPT_RT");
}

void env_machine(struct env *env, const char *module_path)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	memset(env, 0, sizeof(*env));
	env->module_path = module_path;
	env->realtime = env_realtime();
	env->dev.group = -1;
	read_kernel(env);
	if (ctx) {
		kmod_set_log_priority(ctx, 0);
		read_modules(env, ctx);
		read_ko(env, ctx);
		kmod_unref(ctx);
	}
	read_iommu(env);
	read_asker(env);
}

/* --- what was typed -------------------------------------------------------- */

/* The last part of the path that a link leads to, or (@above) the part before it; or "". */
static void name_of(const char *path, bool above, char *out, size_t len)
{
	char target[PATH_MAX];
	char *slash;

	out[0] = '\0';
	if (!realpath(path, target))
		return;
	slash = strrchr(target, '/');
	if (above && slash) {
		*slash = '\0';
		slash = strrchr(target, '/');
	}
	if (slash)
		snprintf(out, len, "%.*s", (int)len - 1, slash + 1);
}

void env_given(struct env *env, const char *given)
{
	unsigned char uuid[16];
	char path[128];

	snprintf(env->given, sizeof(env->given), "%.47s", given);
	env->is_uuid = !parse_uuid(given, uuid);
	if (!env->is_uuid)
		return;
	/* Documentation/driver-api/vfio-mediated-device.rst */
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s", given);
	name_of(path, true, env->mdev_parent, sizeof(env->mdev_parent));
	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/mdev_type", given);
	name_of(path, false, env->mdev_type, sizeof(env->mdev_type));
}

void env_size(struct env *env, uint64_t size, uint64_t page_size)
{
	env->size = size;
	env->page_size = page_size;
	memory_read(&env->mem, "", page_size);
}
