// SPDX-License-Identifier: GPL-2.0
/*
 * Intel's 82574, QEMU's "e1000e".  It can be made to interrupt, by INTx, MSI or MSI-X: Intel 82574
 * datasheet, 10.2.4 (interrupt registers).  We do not use its network functions, so it moves no
 * data.
 */
#include "driver/driver.h"

#include <errno.h>
#include <time.h>

#define E1000E_STATUS 0x0008
#define E1000E_ICR    0x00c0 /* causes; writing 1 clears a bit */
#define E1000E_ICS    0x00c8 /* sets causes, as if they had occurred */
#define E1000E_IMS    0x00d0 /* enables causes: bits to set in the mask */
#define E1000E_IMC    0x00d8 /* disables causes: bits to clear in the mask */
#define E1000E_IVAR   0x00e4 /* which cause uses which vector of MSI-X */

#define E1000E_CAUSE  (1U << 20) /* receive queue 0, which has a vector of MSI-X */
#define E1000E_VECTOR 0x8	 /* in IVAR, bits 0 to 3: valid, vector 0 */

/*
 * After an interrupt the device delays the next one for 128 us.  QEMU aborts if MSI-X was enabled
 * or disabled when that timer expires, and on a busy host it may expire late.
 */
#define E1000E_THROTTLE_MS 200

static int e1000e_quiet(struct dma *dma, struct err *err)
{
	int ret = dma_write(dma, E1000E_IMC, ~0U, err);

	return ret ? ret : dma_write(dma, E1000E_ICR, ~0U, err);
}

static int e1000e_probe(struct dma *dma, struct err *err)
{
	uint32_t status;
	int ret = dma_read(dma, E1000E_STATUS, &status, err);

	if (ret || status != ~0U)
		return ret;
	err_set(err, ENODEV, "the device's registers do not answer",
		"its status register has all bits set", "is it powered? see lspci and dmesg");
	return -ENODEV;
}

static int e1000e_init(struct dma *dma, struct err *err)
{
	int ret = e1000e_quiet(dma, err);

	return ret ? ret : dma_write(dma, E1000E_IVAR, E1000E_VECTOR, err);
}

static int e1000e_interrupt(struct dma *dma, bool on, struct err *err)
{
	struct timespec throttled = { .tv_nsec = E1000E_THROTTLE_MS * 1000000L };
	uint32_t causes = 0;
	int ret;

	if (on) {
		ret = dma_write(dma, E1000E_IMS, E1000E_CAUSE, err);
		return ret ? ret : dma_write(dma, E1000E_ICS, E1000E_CAUSE, err);
	}
	ret = e1000e_quiet(dma, err);
	/* Sleep for the whole time, even if a signal arrives: see E1000E_THROTTLE_MS. */
	while (nanosleep(&throttled, &throttled))
		;
	if (!ret)
		ret = dma_read(dma, E1000E_ICR, &causes, err);
	if (ret || !(causes & E1000E_CAUSE))
		return ret;
	err_set(err, EIO, "the device's interrupt stays on", "", "see dmesg; start the VM anew");
	err_why(err, "its interrupt causes are 0x%x", causes);
	return -EIO;
}

static void e1000e_remove(struct dma *dma)
{
	struct err ignored = { 0 };

	e1000e_quiet(dma, &ignored);
	dma_write(dma, E1000E_IVAR, 0, &ignored);
}

const struct dma_driver dma_e1000e = {
	.name = "e1000e",
	.vendor = 0x8086,
	.device = 0x10d3,
	.bar = 0,
	/*
	 * QEMU since 8.0 raises it again each time its timer expires: hw/net/e1000e_core.c,
	 * e1000e_intrmgr_on_throttling_timer().
	 */
	.repeats = true,
	.probe = e1000e_probe,
	.init = e1000e_init,
	.interrupt = e1000e_interrupt,
	.remove = e1000e_remove,
};
