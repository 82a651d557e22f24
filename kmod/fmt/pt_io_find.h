/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * From the root register of an IOMMU to the address space of a device, and each word that was read
 * on the way: the order is that of the hardware.  pt_vtd.h and pt_amd.h name the specifications.
 */
#ifndef PT_IO_FIND_H
#define PT_IO_FIND_H

#include "pt_amd.h"
#include "pt_vtd.h"

/* What a word is of */
enum pt_io_what {
	PT_IO_ROOT, /* VT-d: root entry */
	PT_IO_CONTEXT,
	PT_IO_PASID_DIR,
	PT_IO_PASID, /* entry of the PASID table */
	PT_IO_DTE,   /* AMD: device table entry */
};

struct pt_io_word {
	__u64 pa, value;
	__u32 what;  /* enum pt_io_what */
	__u32 index; /* 0: the first word of an entry */
};

#define PT_IO_WORDS 14 /* VT-d in scalable mode: 1 + 4 + 1 + 8 */

struct pt_io_found {
	struct pt_io_space space;
	struct pt_io_word word[PT_IO_WORDS];
	__u32 nr;
};

/* Reads the @nr words of an entry.  Returns where they are in f->word, or an error. */
static inline int pt_io_entry(const struct pt_io_mem *mem, struct pt_io_found *f,
			      enum pt_io_what what, __u64 pa, __u64 *words, __u32 nr)
{
	int ret = mem->read(mem->arg, pa, words, nr);
	__u32 i;

	if (ret)
		return ret;
	for (i = 0; i < nr; i++)
		f->word[f->nr++] = (struct pt_io_word){
			.pa = pa + i * 8ULL, .value = words[i], .what = what, .index = i
		};
	return 0;
}

static inline int pt_vtd_find_scalable(const struct pt_io_mem *mem, const __u64 context[4],
				       struct pt_io_found *f)
{
	const __u32 pasid = pt_vtd_rid_pasid(context);
	__u64 dir, entry[8];
	int ret;

	if (!(context[0] & PT_VTD_P))
		return 0;
	if (pt_vtd_sm_context_malformed(context))
		return -EBADMSG;
	ret = pt_io_entry(mem, f, PT_IO_PASID_DIR, pt_vtd_pasid_dir_at(context, pasid), &dir, 1);
	if (ret || !(dir & PT_VTD_P))
		return ret;
	ret = pt_io_entry(mem, f, PT_IO_PASID, pt_vtd_pasid_at(dir, pasid), entry, 8);
	return ret ? ret : pt_vtd_pasid_space(entry, &f->space);
}

/*
 * VT-d: @rtaddr is the register.  Only requests without PASID are looked at.  Errors are those of
 * struct pt_io_space, and -EIO: an entry is not in RAM.
 */
static inline int pt_vtd_find(const struct pt_io_mem *mem, __u64 rtaddr, __u32 rid,
			      struct pt_io_found *f)
{
	const enum pt_vtd_mode mode = pt_vtd_mode(rtaddr);
	__u64 root, context[4];
	int ret;

	*f = (struct pt_io_found){ .space.kind = PT_IO_BLOCKED };
	if (mode == PT_VTD_ABORT)
		return 0;
	if (mode == PT_VTD_RESERVED)
		return -EBADMSG;
	ret = pt_io_entry(mem, f, PT_IO_ROOT, pt_vtd_root_at(rtaddr, rid), &root, 1);
	if (ret || !(root & PT_VTD_P))
		return ret;
	if (pt_vtd_root_malformed(root))
		return -EBADMSG;
	ret = pt_io_entry(mem, f, PT_IO_CONTEXT, pt_vtd_context_at(mode, root, rid), context,
			  mode == PT_VTD_SCALABLE ? 4 : 2);
	if (ret)
		return ret;
	if (mode == PT_VTD_SCALABLE)
		return pt_vtd_find_scalable(mem, context, f);
	return pt_vtd_context_space(context, &f->space);
}

/* AMD: @devtab is the register.  A device that the table is too short for is blocked. */
static inline int pt_amd_find(const struct pt_io_mem *mem, __u64 devtab, __u32 rid,
			      struct pt_io_found *f)
{
	const __u64 at = pt_amd_dte_at(devtab, rid);
	__u64 dte[4];
	int ret;

	*f = (struct pt_io_found){ .space.kind = PT_IO_BLOCKED };
	if (!at)
		return 0;
	ret = pt_io_entry(mem, f, PT_IO_DTE, at, dte, 4);
	return ret ? ret : pt_amd_dte_space(dte, &f->space);
}

/* Was the same read both times? */
static inline int pt_io_same(const struct pt_io_found *a, const struct pt_io_found *b)
{
	__u32 i;

	if (a->nr != b->nr)
		return 0;
	for (i = 0; i < a->nr; i++)
		if (a->word[i].pa != b->word[i].pa || a->word[i].value != b->word[i].value)
			return 0;
	return 1;
}

#endif /* PT_IO_FIND_H */
