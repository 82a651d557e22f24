// SPDX-License-Identifier: GPL-2.0
/*
 * Finds who uses a device.  First it walks through everything that sysfs has below the device:
 * rules for some classes find uses that no process shows, and all device nodes are collected.
 * Then it looks whether a process has one of these nodes open.
 */
#include "env/in_use.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/fb.h>

#include "env/in_use_search.h"
#include "lib/limited.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define DEEPEST	      64    /* levels of directories; PATH_MAX allows fewer */
#define LIMIT_MS      20000 /* for one device */

/* --- what the parts share -------------------------------------------------- */

bool use_found(struct search *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(s->what, sizeof(s->what), fmt, args);
	va_end(args);
	s->use = USE_FOUND;
	return true;
}

void use_unknown(struct search *s, const char *fmt, ...)
{
	va_list args;

	if (s->use != USE_NONE)
		return;
	va_start(args, fmt);
	vsnprintf(s->what, sizeof(s->what), fmt, args);
	va_end(args);
	s->use = USE_UNKNOWN;
}

/* The first thing that could not be read.  A global is enough: each search has its process. */
static struct {
	int no;
	char path[160]; /* the end of its path */
} unread;

void use_note_unread(const char *path, int no)
{
	size_t n = strlen(path);

	/* A file that does not exist, or no longer, is an answer: there is no use there. */
	if (unread.no || !no || no == ENOENT || no == ENOTDIR || no == EISDIR || no == ESRCH ||
	    no == ENODEV || no == ENXIO)
		return;
	unread.no = no;
	snprintf(unread.path, sizeof(unread.path), "%s",
		 n < sizeof(unread.path) ? path : path + n - sizeof(unread.path) + 1);
}

void use_say_unread(struct search *s)
{
	if (unread.no)
		use_unknown(s, "%s cannot be read: %s", unread.path, strerror(unread.no));
}

bool use_each_entry(const char *path, bool dirs_only,
		    bool (*each)(const char *path, const char *name, void *arg), void *arg)
{
	DIR *dir = opendir(path);
	bool found = false;
	struct dirent *e;

	if (!dir)
		use_note_unread(path, errno);
	while (!found && dir && (errno = 0, e = readdir(dir)))
		if (e->d_name[0] != '.' && (!dirs_only || e->d_type == DT_DIR))
			found = each(path, e->d_name, arg);
	if (dir && !found)
		use_note_unread(path, errno);
	if (dir)
		closedir(dir);
	return found;
}

bool use_path(struct search *s, char *path, const char *dir, const char *name)
{
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
		return true;
	use_unknown(s, "%.100s: its path in /sys is too long to look at", name);
	return false;
}

bool use_read_line(const char *dir, const char *file, char *line, size_t len)
{
	char path[PATH_MAX];
	FILE *f;
	bool ok;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, file) >= sizeof(path))
		return false;
	f = fopen(path, "re");
	ok = f && fgets(line, (int)len, f);
	if (!f || ferror(f))
		use_note_unread(path, errno);
	if (f)
		fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

void use_subsystem(const char *path, char *out, size_t len)
{
	char link[PATH_MAX], target[PATH_MAX];
	const char *name;
	ssize_t n;

	out[0] = '\0';
	if ((size_t)snprintf(link, sizeof(link), "%s/subsystem", path) >= sizeof(link))
		return;
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	name = strrchr(target, '/');
	snprintf(out, len, "%.*s", (int)len - 1, name ? name + 1 : target);
}

void use_add_node(struct search *s, dev_t dev, bool block, const char *name)
{
	struct use_node *node = realloc(s->nodes, (s->nr_nodes + 1) * sizeof(*node));

	if (!node) {
		use_unknown(s, "who has %.100s open cannot be found out: %s", name,
			    strerror(ENOMEM));
		return;
	}
	s->nodes = node;
	node += s->nr_nodes++;
	node->dev = dev;
	node->block = block;
	node->refs = 1;
	node->single = false;
	snprintf(node->name, sizeof(node->name), "%s", name);
}

int use_open_node(dev_t dev, bool block, const char *name, int flags)
{
	char path[sizeof("/dev/") + NAME_MAX], made[64];
	struct stat st;
	int fd;

	flags |= O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	snprintf(path, sizeof(path), "/dev/%.*s", NAME_MAX, name);
	if (!stat(path, &st) && st.st_rdev == dev &&
	    (block ? S_ISBLK(st.st_mode) : S_ISCHR(st.st_mode)))
		return open(path, flags);
	/* The node has another name, or /dev lacks it: make one, and remove it again. */
	snprintf(made, sizeof(made), "/run/.vfio-verify-%u:%u-%d", major(dev), minor(dev),
		 getpid());
	if (mknod(made, (block ? S_IFBLK : S_IFCHR) | 0600, dev))
		return -1;
	fd = open(made, flags);
	unlink(made);
	return fd;
}

/* --- pure parts ------------------------------------------------------------ */

bool in_use_parse_dev(const char *line, unsigned int *major, unsigned int *minor)
{
	return sscanf(line, "%u:%u", major, minor) == 2;
}

bool in_use_parse_console(const char *line, unsigned int *major, unsigned int *minor)
{
	const char *flags = strchr(line, ')');

	return flags && sscanf(flags, ") %u:%u", major, minor) == 2;
}

bool in_use_firmware_fb(const char *line, uint64_t start, uint64_t end)
{
	/* drivers/video/fbdev, drivers/firmware/sysfb.c, drivers/gpu/drm/tiny */
	static const char *const names[] = { "efifb", "vesafb", "simplefb", "BOOTFB",
					     "simple-framebuffer" };
	unsigned long long first, last;
	char name[64];
	size_t i;

	if (sscanf(line, " %llx-%llx : %63s", &first, &last, name) != 3 || first < start ||
	    last > end || last <= first)
		return false;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* --- classes with a use of their own --------------------------------------- */

/* Calls @each for the lines of a file of /proc until it is true. */
static bool each_line(const char *path, bool (*each)(struct search *s, char *line, void *arg),
		      struct search *s, void *arg)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (!found && f && getline(&line, &room, f) > 0)
		found = each(s, line, arg);
	if (!f || ferror(f))
		use_note_unread(path, errno);
	free(line);
	if (f)
		fclose(f);
	return found;
}

static bool is_console_line(struct search *s, char *line, void *arg)
{
	const dev_t *dev = arg;
	unsigned int maj, min;

	(void)s;
	return in_use_parse_console(line, &maj, &min) && makedev(maj, min) == *dev;
}

/* Is it a serial line that the kernel uses as a console? */
static bool use_of_tty(struct search *s, const char *path, const char *name)
{
	unsigned int maj, min;
	char line[64];
	dev_t dev;

	if (!use_read_line(path, "dev", line, sizeof(line)) || !in_use_parse_dev(line, &maj, &min))
		return false;
	dev = makedev(maj, min);
	return each_line("/proc/consoles", is_console_line, s, &dev) &&
	       use_found(s, "the kernel's console is on %.100s", name);
}

/* Is this console bound, and of the kind @arg, as "VGA+" or "frame buffer"? */
static bool is_bound_console(const char *path, const char *name, void *arg)
{
	char dir[PATH_MAX], line[96];

	if (strncmp(name, "vtcon", 5) ||
	    (size_t)snprintf(dir, sizeof(dir), "%s/%s", path, name) >= sizeof(dir))
		return false;
	return use_read_line(dir, "bind", line, sizeof(line)) && line[0] == '1' &&
	       use_read_line(dir, "name", line, sizeof(line)) && strstr(line, arg);
}

static bool console_is(const char *kind)
{
	return use_each_entry("/sys/class/vtconsole", false, is_bound_console, (void *)kind);
}

/* If there are several framebuffers, fbcon says which of them have the text console. */
static bool use_of_framebuffer(struct search *s, const char *path, const char *name)
{
	struct fb_con2fbmap map = { .console = 1 };
	unsigned int maj, min, fb;
	char line[64];
	int fd;

	if (!console_is("frame buffer") || sscanf(name, "fb%u", &fb) != 1 ||
	    !use_read_line(path, "dev", line, sizeof(line)) || !in_use_parse_dev(line, &maj, &min))
		return false;
	fd = use_open_node(makedev(maj, min), false, name, 0);
	for (; fd >= 0 && map.console <= 63; map.console++)
		if (ioctl(fd, FBIOGET_CON2FBMAP, &map) || map.framebuffer == fb)
			break;
	if (fd >= 0)
		close(fd);
	return map.console <= 63 && use_found(s, "the console is on its framebuffer %.100s", name);
}

/* A watchdog that runs resets the machine if nobody pings it in time. */
static bool use_of_watchdog(struct search *s, const char *path, const char *name)
{
	char line[32];

	return use_read_line(path, "state", line, sizeof(line)) && !strcmp(line, "active") &&
	       use_found(s, "the watchdog %.100s is running", name);
}

static bool use_of_dma_channel(struct search *s, const char *path, const char *name)
{
	char line[32];

	return use_read_line(path, "in_use", line, sizeof(line)) && strtoul(line, NULL, 10) &&
	       use_found(s, "the kernel uses its DMA channel %.100s", name);
}

static bool use_of_iommu(struct search *s, const char *path, const char *name)
{
	(void)path;
	return use_found(s, "it is the IOMMU %.100s of this machine", name);
}

static bool use_of_mdev(struct search *s, const char *path, const char *name)
{
	(void)path;
	return use_found(s, "the mediated device %.64s is made of it", name);
}

struct keyboard {
	const char *path; /* of the input device, without /sys */
	bool here;
};

/* Paragraphs: "S: Sysfs=/devices/pci…/input/input3", then "H: Handlers=sysrq kbd event2" */
static bool is_keyboard_line(struct search *s, char *line, void *arg)
{
	struct keyboard *k = arg;

	(void)s;
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "S: Sysfs=", 9))
		k->here = !strcmp(line + 9, k->path);
	/* The buttons of a headset have the handler "kbd" too; only keyboards have "sysrq". */
	return k->here && !strncmp(line, "H: Handlers=", 12) && strstr(line, "sysrq") &&
	       strstr(line, "kbd");
}

static bool use_of_input(struct search *s, const char *path, const char *name)
{
	struct keyboard k = { .path = path + strlen("/sys") };

	return !strncmp(name, "input", 5) &&
	       each_line("/proc/bus/input/devices", is_keyboard_line, s, &k) &&
	       use_found(s, "the console's keyboard is on it (%.100s)", name);
}

static bool is_mount_of_tag(const struct in_use_mount *mount, const char *pid, void *arg)
{
	(void)pid;
	return !strncmp(mount->type, "9p", 2) && !strcmp(mount->source, (const char *)arg);
}

static bool is_virtiofs(const struct in_use_mount *mount, const char *pid, void *arg)
{
	(void)pid;
	snprintf(arg, sizeof(mount->where), "%s", mount->where);
	return !strcmp(mount->type, "virtiofs");
}

/*
 * File systems without a block device.  When 9p is unbound, it waits for the unmount without
 * any limit (net/9p/trans_virtio.c: p9_virtio_remove()).
 */
static bool use_of_virtio(struct search *s, const char *path, const char *name)
{
	char tag[256], id[32], where[256];

	(void)name;
	if (use_read_line(path, "mount_tag", tag, sizeof(tag)) &&
	    use_each_mount(is_mount_of_tag, tag))
		return use_found(s, "a 9p file system of it is mounted (%.100s)", tag);
	if (use_read_line(path, "device", id, sizeof(id)) && strtoul(id, NULL, 16) == 26 &&
	    use_each_mount(is_virtiofs, where))
		return use_found(s, "a virtiofs is mounted on %.100s, and it may be of this device",
				 where);
	/* The virtio device has a driver of its own, and sockets (vsock) have no node at all. */
	use_doubt_module(s, path);
	return false;
}

static const struct {
	const char *subsystem;
	bool (*use)(struct search *s, const char *path, const char *name);
} classes[] = {
	{ "net", use_of_interface },	 { "block", use_of_disk },
	{ "tty", use_of_tty },		 { "graphics", use_of_framebuffer },
	{ "watchdog", use_of_watchdog }, { "dma", use_of_dma_channel },
	{ "iommu", use_of_iommu },	 { "input", use_of_input },
	{ "virtio", use_of_virtio },	 { "mdev", use_of_mdev },
};

/* --- the walk -------------------------------------------------------------- */

static bool look_into(struct search *s, const char *path);

/* It goes by the link "subsystem": the disk of an nvme is not in a directory "block". */
static bool look_at(const char *dir, const char *name, void *arg)
{
	char path[PATH_MAX], subsystem[32], line[32];
	struct search *s = arg;
	unsigned int maj, min;
	size_t i;

	if (!use_path(s, path, dir, name))
		return false;
	use_subsystem(path, subsystem, sizeof(subsystem));
	if (use_read_line(path, "dev", line, sizeof(line)) && in_use_parse_dev(line, &maj, &min))
		use_add_node(s, makedev(maj, min), !strcmp(subsystem, "block"), name);
	if (!subsystem[0] && !strcmp(name, "net") && use_of_hidden_interfaces(s, path))
		return true;
	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(subsystem, classes[i].subsystem) && classes[i].use(s, path, name))
			return true;
	/* use_of_disk() has looked at the partitions; a disk has only its queues below. */
	return strcmp(subsystem, "block") && look_into(s, path);
}

/*
 * If the kernel tracks the link, it unbinds a device that depends on this one together with it
 * (drivers/base/core.c: device_links_unbind_consumers()).
 */
static bool look_at_consumer(const char *dir, const char *name, void *arg)
{
	char path[PATH_MAX], consumer[PATH_MAX], status[32];
	struct search *s = arg;

	if (strncmp(name, "consumer:", 9) || !use_path(s, path, dir, name) ||
	    !use_read_line(path, "status", status, sizeof(status)) ||
	    !strcmp(status, "not tracked") || !use_path(s, consumer, path, "consumer") ||
	    !realpath(consumer, path))
		return false;
	return look_into(s, path);
}

static bool look_into(struct search *s, const char *path)
{
	bool found;

	if (s->depth == DEEPEST) {
		use_unknown(s, "%.100s: it has too many levels of devices to look at", path);
		return false;
	}
	s->depth++;
	found = use_each_entry(path, true, look_at, s) ||
		use_each_entry(path, false, look_at_consumer, s);
	s->depth--;
	return found;
}

struct bars {
	unsigned long long start[16], end[16];
	size_t nr;
};

static bool is_firmware_fb(struct search *s, char *line, void *arg)
{
	const struct bars *bars = arg;
	size_t i;

	(void)s;
	for (i = 0; i < bars->nr; i++)
		if (in_use_firmware_fb(line, bars->start[i], bars->end[i]))
			return true;
	return false;
}

/* A display device that has no driver yet can still have the screen. */
static bool use_of_screen(struct search *s, const char *path)
{
	char file[PATH_MAX], line[8];
	struct bars bars = { .nr = 0 };
	unsigned long long flags;
	FILE *f;

	if (use_read_line(path, "boot_vga", line, sizeof(line)) && line[0] == '1' &&
	    console_is("VGA+"))
		return use_found(s, "the console is on it (VGA text)");
	if (!use_path(s, file, path, "resource"))
		return false;
	f = fopen(file, "re");
	while (f && bars.nr < ARRAY_SIZE(bars.start) &&
	       fscanf(f, "%llx %llx %llx", &bars.start[bars.nr], &bars.end[bars.nr], &flags) == 3)
		bars.nr += bars.end[bars.nr] > bars.start[bars.nr];
	if (f)
		fclose(f);
	return bars.nr && each_line("/proc/iomem", is_firmware_fb, s, &bars) &&
	       use_found(s, "the firmware's framebuffer lies in its memory, and has the screen");
}

struct answer {
	enum use use;
	char what[sizeof(((struct search *)0)->what)];
};

static int find_use(const void *in, void *out)
{
	char path[PATH_MAX], link[PATH_MAX];
	struct search s = { .use = USE_NONE };
	struct answer *a = out;
	const char *bdf = in;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s", bdf);
	if (!realpath(link, path))
		return -errno;
	if (!look_into(&s, path) && !use_of_screen(&s, path) && !use_of_nodes(&s, bdf))
		use_doubt_module(&s, path);
	use_say_unread(&s);
	a->use = s.use;
	memcpy(a->what, s.what, sizeof(a->what));
	free(s.nodes);
	return 0;
}

enum use in_use(const char *bdf, char *what, size_t len)
{
	struct answer a = { .use = USE_UNKNOWN };
	int ret = limited(find_use, bdf, &a, sizeof(a), LIMIT_MS);

	if (ret == -ETIMEDOUT)
		snprintf(
			a.what, sizeof(a.what),
			"the search for its users has not ended after %d s: something waits in the kernel",
			LIMIT_MS / 1000);
	else if (ret)
		snprintf(a.what, sizeof(a.what), "its users cannot be looked for: %s",
			 strerror(-ret));
	snprintf(what, len, "%s", a.what);
	return ret ? USE_UNKNOWN : a.use;
}
