/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What NVM Express says in bits and bytes, as numbers and back.  Pure: no I/O.
 * NVM Express Base Specification 1.4: 3.1 (registers), 4 (queues, PRP), 5 (admin commands),
 * 6 (NVM commands).
 */
#ifndef NVME_SPEC_H
#define NVME_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NVME_CLASS 0x010802 /* mass storage, non-volatile memory, NVM Express */
#define NVME_PAGE  4096U    /* memory page of the controller, as CC.MPS = 0 sets it */

/* Registers, 3.1 */
#define NVME_CAP	    0x00 /* 64 bits */
#define NVME_VS		    0x08
#define NVME_CC		    0x14
#define NVME_CSTS	    0x1c
#define NVME_AQA	    0x24
#define NVME_ASQ	    0x28 /* 64 bits */
#define NVME_ACQ	    0x30 /* 64 bits */
#define NVME_DOORBELL	    0x1000

#define NVME_VS_1_1	    0x10100U

#define NVME_CC_EN	    (1U << 0)
#define NVME_CC_SHN_MASK    (3U << 14)
#define NVME_CC_SHN_NORMAL  (1U << 14)
#define NVME_CC_IOSQES	    (6U << 16) /* 64 bytes */
#define NVME_CC_IOCQES	    (4U << 20) /* 16 bytes */

#define NVME_CSTS_RDY	    (1U << 0)
#define NVME_CSTS_CFS	    (1U << 1) /* fatal */
#define NVME_CSTS_SHST_MASK (3U << 2)
#define NVME_CSTS_SHST_DONE (2U << 2)
#define NVME_GONE	    (~0U) /* what a read gives where nobody answers */

/* Commands that are used here, all of them without a write to the medium */
enum {
	NVME_ADMIN_CREATE_SQ = 0x01,
	NVME_ADMIN_CREATE_CQ = 0x05,
	NVME_ADMIN_IDENTIFY = 0x06,
	NVME_ADMIN_SET_FEATURES = 0x09,
	NVME_ADMIN_GET_FEATURES = 0x0a,
	NVME_READ = 0x02,
	NVME_COMPARE = 0x05,
};

#define NVME_IDENTIFY_NS	 0
#define NVME_IDENTIFY_CONTROLLER 1
#define NVME_IDENTIFY_ACTIVE_NS	 2
#define NVME_FEATURE_QUEUES	 7

/* Status: type and code, without "do not retry" and "more" (4.6.1) */
#define NVME_STATUS_MASK    0x7ffU
#define NVME_COMPARE_FAILED 0x285U

/*
 * Does a status of READ tell of the disk, and not of what is between it and memory: no such
 * block, locked, being formatted, damaged, on no path (4.6.1)?
 */
bool nvme_status_of_medium(uint16_t status);

struct nvme_cap {
	uint32_t entries;    /* of a queue, at the most */
	uint32_t timeout_ms; /* for getting ready */
	uint32_t stride;     /* bytes from a doorbell to the next */
	bool nvm;	     /* has the NVM command set */
	bool small_pages;    /* takes memory pages of NVME_PAGE */
};

void nvme_cap_decode(uint64_t cap, struct nvme_cap *c);

/* Where a doorbell is: of submission or, @completion, of completion queue @id */
uint32_t nvme_doorbell(const struct nvme_cap *c, unsigned int id, bool completion);

struct nvme_controller {
	uint64_t max_pages;   /* of NVME_PAGE, in a command; 0: no limit */
	uint32_t shutdown_ms; /* 0: it does not say */
	uint32_t namespaces;  /* the largest number of one */
	bool compare;
	char nqn[224]; /* the name of its subsystem; "" before version 1.2.1 */
};

/* Identify Controller: 4096 bytes */
void nvme_controller_parse(const uint8_t *id, struct nvme_controller *c);

struct nvme_namespace {
	uint32_t nsid;
	uint64_t blocks;
	uint32_t block; /* bytes */
	bool shared;	/* other controllers may have it as well */
};

/* Identify Namespace: 4096 bytes.  NULL: it can be used here; else why not. */
const char *nvme_namespace_parse(const uint8_t *id, struct nvme_namespace *ns);

/* A page, or the blocks that @bytes are, from block @at on */
struct nvme_command {
	uint8_t opcode;
	uint32_t nsid;
	uint64_t prp1, prp2;
	uint32_t cdw10, cdw11, cdw12;
};

#define NVME_COMMAND_WORDS 16
void nvme_command_encode(const struct nvme_command *c, uint16_t id, uint32_t *words);

/* READ or COMPARE of @bytes, whole blocks, from block @at on; its PRPs are the caller's. */
void nvme_command_io(struct nvme_command *c, uint8_t opcode, const struct nvme_namespace *ns,
		     uint64_t at, uint32_t bytes);

/*
 * @nr whole pages (1 to 513) as PRP entries: in the command itself, or in @list, which the device
 * has at @list_iova, from the third page on.
 */
void nvme_prp(struct nvme_command *c, const uint64_t *pages, unsigned int nr, uint64_t *list,
	      uint64_t list_iova);

struct nvme_completion {
	uint32_t result, reserved;
	uint16_t sq_head, sq_id;
	uint16_t id;
	uint16_t status; /* bit 0: phase */
};

/* A submission and a completion queue of equally many entries. */
struct nvme_queue {
	unsigned int id, entries;
	uint32_t (*sq)[NVME_COMMAND_WORDS];
	volatile struct nvme_completion *cq;
	unsigned int tail, head;
	bool phase; /* of the entry that comes next at @head */
	uint16_t next_id;
};

void nvme_queue_init(struct nvme_queue *q, unsigned int id, unsigned int entries, void *sq,
		     void *cq);
void nvme_queue_put(struct nvme_queue *q, const struct nvme_command *c, uint16_t id);
/* The next completion; false: none is there yet. */
bool nvme_queue_get(struct nvme_queue *q, struct nvme_completion *c);

/*
 * Which pages a command takes.  In pass 0 neighbours, @per of them; in pass 1 those that are
 * @stride apart.  No two pages are in the same command in both passes.
 */
struct nvme_groups {
	uint64_t pages, stride;
	unsigned int per;
};

void nvme_groups_init(struct nvme_groups *g, uint64_t pages, unsigned int per);
uint64_t nvme_groups_nr(const struct nvme_groups *g, int pass);
/* The pages of group @i: how many, at most @per */
unsigned int nvme_group(const struct nvme_groups *g, int pass, uint64_t i, uint64_t *pages);

/* Are the @nr pages of @window told apart by their content, and none of them all one byte? */
bool nvme_window_distinct(const uint8_t *window, unsigned int nr);
/* A byte, @first if it can be, that fills no 512 bytes of the window; -1: there is none. */
int nvme_window_fill(const uint8_t *window, unsigned int nr, uint8_t first);

#endif /* NVME_SPEC_H */
