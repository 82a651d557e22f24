// SPDX-License-Identifier: GPL-2.0
/* The table of drivers, and the PCI functions that they share. */
#include "driver/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include "driver/plan.h"
#include "vfio/vfio.h"

static const struct dma_driver *const drivers[] = {
	[DMA_EDU - DMA_DRIVERS] = &dma_edu,
	[DMA_E1000E - DMA_DRIVERS] = &dma_e1000e,
	[DMA_NVME - DMA_DRIVERS] = &dma_nvme,
};

#define NR_DRIVERS ((int)(sizeof(drivers) / sizeof(drivers[0])))

const struct dma_driver *dma_driver_named(int choice)
{
	int i = choice - DMA_DRIVERS;

	return i >= 0 && i < NR_DRIVERS ? drivers[i] : NULL;
}

static bool takes(const struct dma_driver *drv, const struct sysfs_device *dev)
{
	if (drv->class_code)
		return drv->class_code == dev->class;
	return drv->vendor == dev->vendor && drv->device == dev->device;
}

const struct dma_driver *dma_driver_find(int choice, const struct sysfs_device *dev)
{
	int i;

	if (choice == DMA_NONE)
		return NULL;
	for (i = 0; i < NR_DRIVERS; i++)
		if (takes(drivers[i], dev) && (choice == DMA_AUTO || choice == DMA_DRIVERS + i))
			return drivers[i];
	return NULL;
}

/* 0 if all of a register was transferred, otherwise a negative errno. */
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

int dma_read64(struct dma *dma, uint32_t reg, uint64_t *v, struct err *err)
{
	uint32_t low, high;
	int ret = dma_read(dma, reg, &low, err);

	if (!ret)
		ret = dma_read(dma, reg + sizeof(low), &high, err);
	if (!ret)
		*v = (uint64_t)high << 32 | low;
	return ret;
}

int dma_write64(struct dma *dma, uint32_t reg, uint64_t v, struct err *err)
{
	int ret = dma_write(dma, reg, (uint32_t)v, err);

	return ret ? ret : dma_write(dma, reg + sizeof(uint32_t), v >> 32, err);
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

/* The IOVA must not overlap a range in use, or the device would access other memory. */
static int map_own(struct dma *dma, const struct dma_host *host, struct err *err)
{
	const struct dma_driver *drv = dma->drv;
	int ret;

	if (!drv->own_size)
		return 0;
	if (dma_place(host->iommu, host->taken, host->nr_taken, 0, drv->own_size, DMA_PAGE,
		      drv->iova_end, &dma->own_iova)) {
		err_set(err, ENOSPC, "no free IOVA for the driver's own memory",
			"the mapping leaves none that the device reaches", "give a smaller --size");
		return -ENOSPC;
	}
	dma->own = mmap(NULL, drv->own_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (dma->own == MAP_FAILED) {
		dma->own = NULL;
		err_set(err, ENOMEM, "no memory for the device's driver", strerror(errno), "");
		return -ENOMEM;
	}
	madvise(dma->own, drv->own_size, MADV_DONTFORK);
	memset(dma->own, 0, drv->own_size);
	dma->vfio = host->vfio;
	ret = vfio_map(host->vfio, dma->own, dma->own_iova, drv->own_size,
		       VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
	dma->own_mapped = !ret;
	if (!ret)
		return 0;
	err_set(err, -ret, "", strerror(-ret), "see dmesg; or do without: --dma none");
	err_what(err, "could not map the driver's own memory at IOVA 0x%llx",
		 (unsigned long long)dma->own_iova);
	return ret;
}

int dma_open(struct dma *dma, const struct dma_driver *drv, int device, const struct dma_host *host,
	     struct err *err)
{
	int ret;

	memset(dma, 0, sizeof(*dma));
	dma->drv = drv;
	dma->device = device;
	ret = map_own(dma, host, err);
	if (!ret)
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
	uint64_t unmapped;

	if (!dma->drv)
		return;
	if (dma->probed)
		dma->drv->remove(dma);
	if (dma->changed)
		set_command(dma, dma->command);
	if (dma->own_mapped)
		vfio_unmap(dma->vfio, dma->own_iova, dma->drv->own_size, &unmapped);
	if (dma->own)
		munmap(dma->own, dma->drv->own_size);
	free(dma->priv);
	memset(dma, 0, sizeof(*dma));
}
