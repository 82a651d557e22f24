// SPDX-License-Identifier: GPL-2.0
/* What all drivers need of PCI, and the table of them. */
#include "driver/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "vfio/vfio.h"

static const struct dma_driver *const drivers[] = {
	[DMA_EDU - DMA_DRIVERS] = &dma_edu,
	[DMA_E1000E - DMA_DRIVERS] = &dma_e1000e,
};

#define NR_DRIVERS ((int)(sizeof(drivers) / sizeof(drivers[0])))

const struct dma_driver *dma_driver_named(int choice)
{
	int i = choice - DMA_DRIVERS;

	return i >= 0 && i < NR_DRIVERS ? drivers[i] : NULL;
}

const struct dma_driver *dma_driver_find(int choice, uint32_t vendor, uint32_t device)
{
	int i;

	if (choice == DMA_NONE)
		return NULL;
	for (i = 0; i < NR_DRIVERS; i++)
		if (drivers[i]->vendor == vendor && drivers[i]->device == device &&
		    (choice == DMA_AUTO || choice == DMA_DRIVERS + i))
			return drivers[i];
	return NULL;
}

/* All of it or an errno: part of a register is none. */
static int transferred(ssize_t n, size_t len)
{
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static int bad_register(struct err *err, int ret, uint32_t reg, const char *how)
{
	err_set(err, -ret, "", strerror(-ret),
		"is the device still there? see lspci and dmesg; give another device");
	err_what(err, "register 0x%x of the device could not be %s", reg, how);
	return ret;
}

int dma_read(struct dma *dma, uint32_t reg, uint32_t *v, struct err *err)
{
	int ret = -ERANGE;

	if (reg + sizeof(*v) <= dma->bar_size)
		ret = transferred(pread(dma->device, v, sizeof(*v), dma->bar + reg), sizeof(*v));
	return ret ? bad_register(err, ret, reg, "read") : 0;
}

int dma_write(struct dma *dma, uint32_t reg, uint32_t v, struct err *err)
{
	int ret = -ERANGE;

	if (reg + sizeof(v) <= dma->bar_size)
		ret = transferred(pwrite(dma->device, &v, sizeof(v), dma->bar + reg), sizeof(v));
	return ret ? bad_register(err, ret, reg, "written") : 0;
}

static int set_command(struct dma *dma, uint16_t command)
{
	return transferred(pwrite(dma->device, &command, sizeof(command),
				  dma->config + PCI_COMMAND),
			   sizeof(command));
}

static int find_region(int device, uint32_t index, uint64_t *offset, uint64_t *size)
{
	struct vfio_region_info *info;
	int ret = vfio_device_get_region(device, index, &info);

	if (ret)
		return ret;
	*offset = info->offset;
	*size = info->size;
	free(info);
	return *size ? 0 : -ENXIO;
}

static int open_pci(struct dma *dma, struct err *err)
{
	uint64_t size;
	int ret;

	ret = find_region(dma->device, VFIO_PCI_CONFIG_REGION_INDEX, &dma->config, &size);
	if (!ret)
		ret = find_region(dma->device, VFIO_PCI_BAR0_REGION_INDEX + dma->drv->bar,
				  &dma->bar, &dma->bar_size);
	if (!ret)
		ret = transferred(pread(dma->device, &dma->command, sizeof(dma->command),
					dma->config + PCI_COMMAND),
				  sizeof(dma->command));
	if (ret) {
		err_set(err, -ret, "could not reach the device's registers", strerror(-ret),
			"see dmesg; is vfio-pci its driver?");
		return ret;
	}
	dma->changed = true;
	ret = set_command(dma, dma->command | PCI_COMMAND_MEMORY);
	if (!ret) {
		ret = dma->drv->probe(dma, err);
		dma->probed = !ret;
	} else {
		err_set(err, -ret, "could not switch the device's memory on", strerror(-ret),
			"see dmesg");
	}
	return ret;
}

int dma_open(struct dma *dma, const struct dma_driver *drv, int device, struct err *err)
{
	int ret;

	memset(dma, 0, sizeof(*dma));
	dma->drv = drv;
	dma->device = device;
	ret = open_pci(dma, err);
	if (!ret) {
		ret = set_command(dma, dma->command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
		if (ret)
			err_set(err, -ret, "could not let the device master the bus",
				strerror(-ret), "see dmesg");
	}
	if (!ret)
		ret = drv->init(dma, err);
	if (ret)
		dma_close(dma);
	return ret;
}

void dma_close(struct dma *dma)
{
	if (!dma->drv)
		return;
	if (dma->probed)
		dma->drv->remove(dma);
	if (dma->changed)
		set_command(dma, dma->command);
	memset(dma, 0, sizeof(*dma));
}
