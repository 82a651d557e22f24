// SPDX-License-Identifier: GPL-2.0
/* reserve BYTES: huge pages of 2 MiB that are promised and not touched, until a signal */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, -1, 0);

	if (p == MAP_FAILED) {
		perror("reserve");
		return 1;
	}
	puts("reserved");
	fflush(stdout);
	pause();
	return 0;
}
