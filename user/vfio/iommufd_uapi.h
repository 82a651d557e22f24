/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The calls of iommufd and of VFIO's device nodes that the program uses, for systems whose kernel
 * headers do not have them yet.  Numbers and layout are part of the kernel's ABI:
 * include/uapi/linux/iommufd.h (6.2), include/uapi/linux/vfio.h (6.6: BIND_IOMMUFD and after).
 *
 * Errors of every call: ENOTTY there is no such call, E2BIG a field that the kernel does not know
 * is set, EOPNOTSUPP a field has a value that the kernel does not know, EINVAL a field is wrong,
 * ENOENT there is no such object or IOVA, EOVERFLOW numbers wrap.
 */
#ifndef IOMMUFD_UAPI_H
#define IOMMUFD_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vfio.h>

#define IOMMUFD_DEVICE "iommu"
#define IOMMUFD_PATH   "/dev/" IOMMUFD_DEVICE

#ifndef _UAPI_IOMMUFD_H

#define IOMMUFD_TYPE (';')

/* Destroys an object of this iommufd.  EBUSY: it is in use. */
struct iommu_destroy {
	__u32 size;
	__u32 id;
};
#define IOMMU_DESTROY _IO(IOMMUFD_TYPE, 0x80)

/* Creates an empty address space. */
struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags; /* 0 */
	__u32 out_ioas_id;
};
#define IOMMU_IOAS_ALLOC _IO(IOMMUFD_TYPE, 0x81)

struct iommu_iova_range {
	__aligned_u64 start; /* first byte */
	__aligned_u64 last;  /* last byte */
};

/*
 * The ranges that can be mapped with the devices that are attached.  EMSGSIZE: there was no room
 * for all; num_iovas says how many there are.
 */
struct iommu_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas; /* in: room for so many; out: how many there are */
	__u32 __reserved;
	__aligned_u64 allowed_iovas;	  /* pointer to struct iommu_iova_range[] */
	__aligned_u64 out_iova_alignment; /* bytes */
};
#define IOMMU_IOAS_IOVA_RANGES _IO(IOMMUFD_TYPE, 0x84)

/* Ranges that must stay usable.  EADDRINUSE: a reserved range overlaps one. */
struct iommu_ioas_allow_iovas {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas; /* pointer to struct iommu_iova_range[] */
};
#define IOMMU_IOAS_ALLOW_IOVAS _IO(IOMMUFD_TYPE, 0x82)

enum iommufd_ioas_map_flags {
	IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0, /* without it the kernel chooses the IOVA */
	IOMMU_IOAS_MAP_WRITEABLE = 1 << 1,  /* by the device */
	IOMMU_IOAS_MAP_READABLE = 1 << 2,
};

/*
 * EEXIST: something is mapped there; EINVAL: the IOVA is reserved or not aligned; EFAULT: the
 * memory cannot be used.
 */
struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova; /* in; out if the kernel chose it */
};
#define IOMMU_IOAS_MAP _IO(IOMMUFD_TYPE, 0x85)

/* Maps the pages behind src_iova a second time.  ENOENT: not all of them are mapped. */
struct iommu_ioas_copy {
	__u32 size;
	__u32 flags; /* as for MAP */
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};
#define IOMMU_IOAS_COPY _IO(IOMMUFD_TYPE, 0x83)

/*
 * ENOENT: nothing is mapped there, or the range cuts a mapping.  iova 0 and length UINT64_MAX
 * unmap everything.
 */
struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length; /* out: bytes that were unmapped */
};
#define IOMMU_IOAS_UNMAP _IO(IOMMUFD_TYPE, 0x86)

enum iommufd_option {
	IOMMU_OPTION_RLIMIT_MODE = 0, /* of the iommufd: memlock per user (0) or process (1) */
	IOMMU_OPTION_HUGE_PAGES = 1,  /* of an address space: large IOMMU pages (1) */
};

enum iommufd_option_ops {
	IOMMU_OPTION_OP_SET = 0,
	IOMMU_OPTION_OP_GET = 1,
};

struct iommu_option {
	__u32 size;
	__u32 option_id;
	__u16 op;
	__u16 __reserved;
	__u32 object_id;
	__aligned_u64 val64;
};
#define IOMMU_OPTION _IO(IOMMUFD_TYPE, 0x87)

/* Creates an IOMMU page table for an address space.  EOPNOTSUPP: the IOMMU lacks a feature. */
struct iommu_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id; /* the address space */
	__u32 out_hwpt_id;
	__u32 __reserved;
	__u32 data_type, data_len; /* 0: the kernel manages the page table */
	__aligned_u64 data_uptr;
};
#define IOMMU_HWPT_ALLOC		_IO(IOMMUFD_TYPE, 0x89)
#define IOMMU_HWPT_ALLOC_DIRTY_TRACKING (1 << 1)

/* What a device's IOMMU supports; since 6.6 */
struct iommu_hw_info {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 data_len; /* 0: no data specific to the IOMMU's type */
	__aligned_u64 data_uptr;
	__u32 out_data_type;
	__u32 __reserved;
	__aligned_u64 out_capabilities;
};
#define IOMMU_GET_HW_INFO	    _IO(IOMMUFD_TYPE, 0x8a)
#define IOMMU_HW_CAP_DIRTY_TRACKING (1 << 0)

#endif /* _UAPI_IOMMUFD_H */

#ifndef VFIO_DEVICE_BIND_IOMMUFD

/* The first call on a device's own node; until then all others fail. */
struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;	 /* 0 */
	__s32 iommufd;	 /* file descriptor */
	__u32 out_devid; /* the device's ID in the iommufd */
};
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)

struct vfio_device_attach_iommufd_pt {
	__u32 argsz;
	__u32 flags; /* 0 */
	__u32 pt_id; /* in: an address space; out: the page table that the kernel created */
};
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 19)

struct vfio_device_detach_iommufd_pt {
	__u32 argsz;
	__u32 flags; /* 0 */
};
#define VFIO_DEVICE_DETACH_IOMMUFD_PT _IO(VFIO_TYPE, VFIO_BASE + 20)

#endif /* VFIO_DEVICE_BIND_IOMMUFD */

/* vfio_device_bind_iommufd as extended in 6.18, with a VF token */
struct vfio_device_bind_token {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
	__aligned_u64 token_uuid_ptr; /* 16 bytes, in the order in which a UUID is written */
};
#ifndef VFIO_DEVICE_BIND_FLAG_TOKEN
#define VFIO_DEVICE_BIND_FLAG_TOKEN (1 << 0)
#endif

#endif /* IOMMUFD_UAPI_H */
