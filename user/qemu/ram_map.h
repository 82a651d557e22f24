/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* What is at a VM's physical addresses, as `info mtree -f` tells. */
#ifndef RAM_MAP_H
#define RAM_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ram_range {
	uint64_t start;
	uint64_t last; /* inclusive */
	bool ram;      /* else a device, or ROM */
};

/* Ascending, without overlaps. */
struct ram_map {
	struct ram_range *range;
	size_t nr;
};

/* The range that holds @pa, or NULL if nothing is there. */
static inline const struct ram_range *ram_map_find(const struct ram_map *map, uint64_t pa)
{
	size_t low = 0, high = map->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (map->range[mid].last < pa)
			low = mid + 1;
		else
			high = mid;
	}
	return low < map->nr && map->range[low].start <= pa ? &map->range[low] : NULL;
}

/* The first of @len bytes from @pa on that is not RAM; pa + len if all of them are. */
static inline uint64_t ram_map_end(const struct ram_map *map, uint64_t pa, uint64_t len)
{
	const uint64_t end = pa + len;

	while (pa < end) {
		const struct ram_range *r = ram_map_find(map, pa);

		if (!r || !r->ram)
			break;
		pa = r->last >= end - 1 ? end : r->last + 1;
	}
	return pa;
}

static inline bool ram_map_has(const struct ram_map *map, uint64_t pa, uint64_t len)
{
	return ram_map_end(map, pa, len) == pa + len;
}

#endif /* RAM_MAP_H */
