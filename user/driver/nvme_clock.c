// SPDX-License-Identifier: GPL-2.0
/* The clock by which an NVMe controller is waited for: apart, so that tests can have their own. */
#include <time.h>

#include "driver/nvme.h"

uint64_t nvme_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void nvme_sleep_ns(uint64_t ns)
{
	const struct timespec pause = { .tv_nsec = (long)ns };

	nanosleep(&pause, NULL);
}
