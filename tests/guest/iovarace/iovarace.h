/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of iovarace share; main.c says what it is about. */
#ifndef IOVARACE_H
#define IOVARACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "ask.h"
#include "base.h"

/*
 * Two areas of IOVAs: of huge pages, so that the IOMMU has some too, and small tables in their
 * place where only a part is mapped; and of pages that lie anywhere.  Each IOVA of an area is
 * that of one page of its pool, again and again.
 */
#define POOL	   (8 * MIB)
#define POOL_PAGES (POOL / PAGE)
#define AREA	   (64 * MIB)
#define NR_AREAS   2
#define AREA_AT(n) (64 * MIB + (n)*UINT64_C(0x40000000))

/* The pages of the still device that stay: every third of what follows each AREA_AT() */
#define STILL_PAGES 384

#define NR_ASKERS   2 /* threads of each process */
#define MAX_RECORDS 512
#define TEXT_SIZE   (256 * 1024)

enum {
	LIFE_V1,
	LIFE_V2,
	MAP_ONE,
	MAP_HUGE,
	MAP_MORE,
	UNMAP_WHOLE,
	UNMAP_SEVERAL,
	UNMAP_PART_V1,
	UNMAP_PART_V2,
	CLOSE_CGD,
	CLOSE_CDG,
	CLOSE_GCD,
	CLOSE_GDC,
	CLOSE_DCG,
	CLOSE_DGC,
	UNSET,
	UNSET_BUSY,
	END_EXIT,
	END_KILL,
	DID_UNBIND,
	DID_BIND,
	ASK_IOCTL,
	ASK_TEXT,
	ASK_CHILD,
	SAW_MAPPED,
	SAW_NONE,
	SAW_NO_FILE,
	SAW_NO_DOMAIN,
	SAW_STILL,
	SAW_COME,
	SAW_GONE,
	ASK_STRANGER,
	NR_COUNTS
};

enum { BAD_FRAME, BAD_STILL, BAD_END, BAD_RECORDS, BAD_STRANGER, BAD_VFIO, BAD_WORKER, NR_BAD };

/* The addresses of the two devices */
extern const char *wild_bdf, *still_bdf;

/* vfio.c */
/* Of the still device: a page that stays, or one between them, or far away */
enum place { FAR, STAYS, BETWEEN };

struct vfio {
	int container, group, device; /* -1: closed */
	int type;
};

extern struct vfio vfio;
/* The pools of this process, and the frame of each of their pages */
void pools_init(void);
/* The frame that @iova has where it is mapped; 0 where it never is */
uint64_t frame_of(uint64_t iova);
enum place place_of(uint64_t iova);
/* False, with all closed again: not now */
bool vfio_open(const char *bdf, int type);
/* Maps pages of a pool; 0 or -errno */
int dma_map(uint64_t iova, uint64_t len);
/* Maps or unmaps something. @wild: nothing has to stay */
void meddle(bool wild);
/* Closes the three files in any order. */
void close_all(void);

/* ask.c */
struct asker {
	bool still;
	int fd;
	uint32_t device;
	uint64_t start, end, at; /* asked about; at: answered so far */
	struct verify_pte_run runs[MAX_RECORDS + 1];
	char text[TEXT_SIZE];
};

void asker_init(struct asker *q, bool still);
/* One question, and its answer checked */
void ask(struct asker *q);
/* NR_ASKERS threads that ask until stopping() */
void askers_start(pthread_t *threads, bool still);

#endif /* IOVARACE_H */
