// SPDX-License-Identifier: GPL-2.0
/*
 * The step that checks whether the device's DMA goes through the IOMMU.  If a virtio device does
 * not offer VIRTIO_F_ACCESS_PLATFORM, its VMM uses physical addresses: it has an IOMMU group and
 * can be bound like any other device, but its DMA is not limited to what is mapped.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "failure/failure.h"
#include "run/step.h"
#include "lib/text.h"
#include "pci/virtio.h"

/* A device, and its configuration space. */
struct path {
	const struct sysfs_device *dev;
	int device;	    /* VFIO's file descriptor */
	uint64_t config_at; /* offset of the configuration space in it */
	size_t size;
	uint8_t bytes[PCI_CONFIG_STANDARD];
	struct pci_config config;
};

/* 0, or a negative errno; a short read is an error. */
static int get(int fd, void *buf, size_t len, uint64_t at)
{
	ssize_t n = pread(fd, buf, len, (off_t)at);

	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

static int put(int fd, const void *buf, size_t len, uint64_t at)
{
	ssize_t n = pwrite(fd, buf, len, (off_t)at);

	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

static int read_config(struct path *p)
{
	struct vfio_region_info *info;
	int ret = vfio_device_get_region(p->device, VFIO_PCI_CONFIG_REGION_INDEX, &info);

	if (ret)
		return ret;
	p->config_at = info->offset;
	p->size = info->size < sizeof(p->bytes) ? info->size : sizeof(p->bytes);
	free(info);
	ret = get(p->device, p->bytes, p->size, p->config_at);
	return ret ? ret : pci_config_decode(p->bytes, p->size, &p->config);
}

/* Reads the second word of the features, and restores the register that selects the word. */
static int read_features(const struct path *p, uint64_t at, uint32_t *features)
{
	const uint32_t word = htole32(VIRTIO_FEATURE_WORD);
	uint32_t before, v = 0;
	int ret = get(p->device, &before, sizeof(before), at + VIRTIO_FEATURE_SELECT), back;

	if (ret)
		return ret;
	ret = put(p->device, &word, sizeof(word), at + VIRTIO_FEATURE_SELECT);
	if (!ret)
		ret = get(p->device, &v, sizeof(v), at + VIRTIO_FEATURE);
	back = put(p->device, &before, sizeof(before), at + VIRTIO_FEATURE_SELECT);
	*features = le32toh(v);
	return ret ? ret : back;
}

/* Reads the features; enables the device's registers for that time. */
static int ask_features(const struct path *p, const struct virtio_common *common,
			uint32_t *features)
{
	struct vfio_region_info *info;
	uint16_t command, on;
	uint64_t at;
	bool fits;
	int ret = vfio_device_get_region(p->device, common->bar, &info), back = 0;

	if (ret)
		return ret;
	fits = info->size >= VIRTIO_COMMON_MIN && common->offset <= info->size - VIRTIO_COMMON_MIN;
	at = info->offset + common->offset;
	free(info);
	if (!fits)
		return -ERANGE;
	ret = get(p->device, &command, sizeof(command), p->config_at + PCI_COMMAND);
	if (ret)
		return ret;
	on = command | htole16(PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	if (on != command)
		ret = put(p->device, &on, sizeof(on), p->config_at + PCI_COMMAND);
	if (!ret)
		ret = read_features(p, at, features);
	if (on != command)
		back = put(p->device, &command, sizeof(command), p->config_at + PCI_COMMAND);
	return ret ? ret : back;
}

static enum status unknown(struct err *err, int no, const char *why)
{
	err_set(err, no, "it is not known whether the virtio device's DMA goes through the IOMMU",
		why, "see dmesg and lspci -vvxxxx; update the device's firmware or its VMM");
	return STATUS_UNVERIFIED;
}

static enum status past(const struct path *p, struct err *err, const char *why)
{
	const struct env env = { .dev = *p->dev };

	failure_set(&env, "virtio-past-iommu", 0, NULL, err);
	if (why)
		err_why(err, "%s", why);
	return STATUS_FAIL;
}

static enum status look_virtio(struct path *p, struct err *err)
{
	struct virtio_common common = { 0 };
	uint32_t features = 0;
	char why[160];
	int ret = read_config(p);

	if (ret) {
		snprintf(why, sizeof(why), "its configuration space could not be read: %s",
			 strerror(-ret));
		return unknown(err, -ret, why);
	}
	ret = virtio_common_find(p->bytes, p->size, &p->config, &common);
	if (ret == -ENOENT && virtio_transitional(p->dev->device))
		return past(
			p, err,
			"it only has the interface before virtio 1.0, which uses physical addresses and has no feature bit 33");
	if (ret)
		return unknown(err, -ret,
			       ret == -ENOENT ? "it has no capability for its common configuration"
					      : "its virtio capabilities contradict themselves");
	ret = ask_features(p, &common, &features);
	if (ret) {
		snprintf(why, sizeof(why), "its features could not be read from BAR%u at 0x%x: %s",
			 common.bar, common.offset, strerror(-ret));
		return unknown(err, -ret, why);
	}
	switch (virtio_judge(features)) {
	case VIRTIO_TRANSLATED:
		return STATUS_PASS;
	case VIRTIO_PAST:
		return past(p, err, NULL);
	default:
		snprintf(why, sizeof(why), "BAR%u at 0x%x has 0x%08x where its features should be",
			 common.bar, common.offset, features);
		return unknown(err, ENODATA, why);
	}
}

enum status run_path_look(const struct sysfs_device *dev, int device, struct err *err)
{
	struct path p = { .dev = dev, .device = device };

	if (!virtio_is(dev->vendor, dev->device))
		return STATUS_SKIP;
	return look_virtio(&p, err);
}

/* A note if ATS is enabled, which the IOMMU driver of the host decides; otherwise NULL. */
static const char *ats_note(const struct run *run)
{
	const struct pci_config *c = &run->target.config;
	unsigned int i;

	for (i = 0; i < c->nr_ext_caps; i++) {
		size_t at = c->ext_caps[i].at + (size_t)PCI_ATS_CTRL;

		if (c->ext_caps[i].id == PCI_EXT_CAP_ID_ATS && at + 1 < run->target.config_size &&
		    run->target.config_bytes[at + 1] & PCI_ATS_CTRL_ENABLE >> 8)
			return "ATS is on: the device caches translations, and the IOMMU lets such addresses pass unchecked";
	}
	return NULL;
}

enum status step_dma_path(struct run *run)
{
	struct json_object *obj = report_object(run->rep, "dma_path");
	enum status status = run_path_look(&run->target.dev, run->target.device, &run->end.err);
	const char *note = run->target.config_no ? NULL : ats_note(run);

	json_object_object_add(
		obj, "virtio",
		json_object_new_boolean(virtio_is(run->target.dev.vendor, run->target.dev.device)));
	json_object_object_add(obj, "translated",
			       status == STATUS_PASS   ? json_object_new_boolean(true)
			       : status == STATUS_FAIL ? json_object_new_boolean(false)
						       : NULL);
	json_object_object_add(obj, "note", json_text(note));
	if (note)
		report_line(run->rep, "DMA path: %s", note);
	if (status == STATUS_SKIP)
		run_detail(run,
			   "not a virtio device; only these say whether they bypass the IOMMU");
	if (status != STATUS_PASS)
		return status;
	run_detail(run, "virtio feature bit 33 (ACCESS_PLATFORM) is offered");
	report_ok(run->rep, "DMA path: through the IOMMU, as virtio's feature bit 33 says");
	return STATUS_PASS;
}
