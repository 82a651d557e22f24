// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's "edu", a device made for teaching: docs/specs/edu.txt in QEMU's source.
 *
 * It transfers data between RAM and its internal buffer, in one direction at a time.  Each transfer
 * takes 100 ms, however short, so that only a sample of a large mapping is used by default.
 */
#include "driver/driver.h"

#include <errno.h>
#include <time.h>

#define EDU_ID		0x00 /* 0xRRrr00ed: major, minor revision */
#define EDU_LIVE	0x04 /* reads as the inverse of what was written */
#define EDU_IRQ_STATUS	0x24
#define EDU_IRQ_RAISE	0x60 /* bits to set in the status; any set bit interrupts */
#define EDU_IRQ_ACK	0x64 /* bits to clear in the status */
#define EDU_DMA_SRC	0x80
#define EDU_DMA_DST	0x88
#define EDU_DMA_COUNT	0x90
#define EDU_DMA_CMD	0x98
#define EDU_CMD_RUN	0x1 /* reads as set until the transfer is done */
#define EDU_CMD_TO_RAM	0x2

#define EDU_ID_MASK	0xffff
#define EDU_ID_WANT	0x00ed
#define EDU_BUFFER	0x40000 /* the buffer's address within the device */
#define EDU_BUFFER_SIZE 4096
/* A transfer that ends where the buffer ends makes QEMU 7.2 abort. */
#define EDU_COPY_MAX (EDU_BUFFER_SIZE - 1)
/* The default of dma_mask= is 28 bits; the device silently drops higher address bits. */
#define EDU_IOVA_END (1ULL << 28)

#define EDU_IRQ_BIT  0x1
#define EDU_USUAL_MS 100
/* On a busy host the guest may not run for seconds. */
#define EDU_TIMEOUT_MS 10000

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };

	nanosleep(&ts, NULL); /* a signal only makes us look earlier */
}

/* Always waits until a transfer has ended, as its pages may be unmapped next. */
static int edu_wait(struct dma *dma, struct err *err)
{
	uint64_t start = now_ms();
	uint32_t cmd;
	int ret;

	for (;;) {
		uint64_t waited = now_ms() - start;

		ret = dma_read(dma, EDU_DMA_CMD, &cmd, err);
		if (ret)
			return ret;
		if (!(cmd & EDU_CMD_RUN))
			return 0;
		if (waited > EDU_TIMEOUT_MS)
			break;
		sleep_ms(1);
	}
	err_set(err, ETIMEDOUT, "a transfer of the device did not end", "",
		"see whether QEMU still runs the guest; start the VM anew");
	err_why(err, "it still runs after %d s (command register 0x%x)", EDU_TIMEOUT_MS / 1000,
		cmd);
	return -ETIMEDOUT;
}

static int edu_transfer(struct dma *dma, uint64_t src, uint64_t dst, uint32_t len, uint32_t cmd,
			struct err *err)
{
	const struct {
		uint32_t reg, v;
	} writes[] = {
		{ EDU_DMA_SRC, (uint32_t)src },
		{ EDU_DMA_DST, (uint32_t)dst },
		{ EDU_DMA_COUNT, len },
		{ EDU_DMA_CMD, cmd | EDU_CMD_RUN },
	};
	size_t i;
	int ret;

	for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		ret = dma_write(dma, writes[i].reg, writes[i].v, err);
		if (ret)
			return ret;
	}
	sleep_ms(EDU_USUAL_MS);
	return edu_wait(dma, err);
}

static int edu_probe(struct dma *dma, struct err *err)
{
	uint32_t id;
	int ret = dma_read(dma, EDU_ID, &id, err);

	if (ret)
		return ret;
	if ((id & EDU_ID_MASK) == EDU_ID_WANT)
		return 0;
	err_set(err, ENODEV, "the device is no edu, whatever its PCI ids say", "",
		"give --dma none, or another device");
	err_why(err, "its identification register has 0x%08x, not 0x....%04x", id, EDU_ID_WANT);
	return -ENODEV;
}

static int edu_init(struct dma *dma, struct err *err)
{
	static const uint32_t probe = 0x5aa50ff0;
	uint32_t live = 0;
	int ret;

	ret = dma_write(dma, EDU_LIVE, probe, err);
	if (!ret)
		ret = dma_read(dma, EDU_LIVE, &live, err);
	if (!ret && live != ~probe) {
		err_set(err, EIO, "the device's registers do not answer as they should", "",
			"see dmesg; start the VM anew");
		err_why(err, "its liveness register has 0x%08x, not 0x%08x", live, ~probe);
		ret = -EIO;
	}
	/* A previous user may have left a transfer or an interrupt pending. */
	if (!ret)
		ret = edu_wait(dma, err);
	if (!ret)
		ret = dma_write(dma, EDU_IRQ_ACK, ~0U, err);
	return ret;
}

static int edu_copy(struct dma *dma, uint64_t from, uint64_t to, uint32_t len, struct err *err)
{
	int ret;

	if (!len || len > EDU_COPY_MAX || from + len > EDU_IOVA_END || to + len > EDU_IOVA_END) {
		err_set(err, ERANGE, "a copy that edu cannot make was asked for", "",
			"report it: this is a bug in vfio_test");
		err_why(err, "0x%x bytes from IOVA 0x%llx to 0x%llx", len, (unsigned long long)from,
			(unsigned long long)to);
		return -ERANGE;
	}
	ret = edu_transfer(dma, from, EDU_BUFFER, len, 0, err);
	if (!ret)
		ret = edu_transfer(dma, EDU_BUFFER, to, len, EDU_CMD_TO_RAM, err);
	return ret;
}

static int edu_interrupt(struct dma *dma, bool on, struct err *err)
{
	uint32_t status = 0;
	int ret = dma_write(dma, on ? EDU_IRQ_RAISE : EDU_IRQ_ACK, on ? EDU_IRQ_BIT : ~0U, err);

	if (!ret)
		ret = dma_read(dma, EDU_IRQ_STATUS, &status, err);
	if (ret || !!(status & EDU_IRQ_BIT) == on)
		return ret;
	err_set(err, EIO, on ? "the device raised no interrupt" : "the device's interrupt stays on",
		"", "see dmesg; start the VM anew");
	err_why(err, "its interrupt status is 0x%x", status);
	return -EIO;
}

static void edu_remove(struct dma *dma)
{
	struct err ignored = { 0 };

	edu_wait(dma, &ignored);
	dma_write(dma, EDU_IRQ_ACK, ~0U, &ignored);
}

const struct dma_driver dma_edu = {
	.name = "edu",
	.vendor = 0x1234,
	.device = 0x11e8,
	.bar = 0,
	.iova_end = EDU_IOVA_END,
	.copy_max = EDU_COPY_MAX,
	.copy_ms = 2 * EDU_USUAL_MS,
	.auto_pages = 256,
	.moves =
		"copied by the device from IOVA to IOVA, each page read or written once; nothing else changed",
	.probe = edu_probe,
	.init = edu_init,
	.copy = edu_copy,
	.interrupt = edu_interrupt,
	.remove = edu_remove,
};
