// SPDX-License-Identifier: GPL-2.0
/*
 * linear: what it costs to read as many entries as a walk does, and no more.
 *
 * For scripts/bench only.  /sys/kernel/debug/linear: write N, the number of
 * entries; each read of the file reads them all, 512 to a page as page tables
 * have them, and gives the nanoseconds it took.
 */
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>

#define PER_PAGE  (PAGE_SIZE / sizeof(u64))
#define MAX_PAGES (1UL << 16)

static DEFINE_MUTEX(lock);
static struct dentry *file;
static u64 **pages;
static unsigned long nr_pages;

static void free_pages_all(void)
{
	while (nr_pages)
		free_page((unsigned long)pages[--nr_pages]);
	kvfree(pages);
	pages = NULL;
}

/* Unsigned long is 64 bits wherever page tables of 64-bit entries are. */
static int linear_set(void *data, u64 entries)
{
	unsigned long want = DIV_ROUND_UP(entries, PER_PAGE);
	int ret = 0;

	if (!want || want > MAX_PAGES)
		return -EINVAL;
	mutex_lock(&lock);
	free_pages_all();
	pages = kvcalloc(want, sizeof(*pages), GFP_KERNEL);
	while (pages && nr_pages < want) {
		pages[nr_pages] = (u64 *)get_zeroed_page(GFP_KERNEL);
		if (!pages[nr_pages])
			break;
		nr_pages++;
	}
	if (nr_pages < want) {
		free_pages_all();
		ret = -ENOMEM;
	}
	mutex_unlock(&lock);
	return ret;
}

static noinline u64 read_page(const u64 *page)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < PER_PAGE; i++)
		sum += READ_ONCE(page[i]);
	return sum;
}

static int linear_get(void *data, u64 *ns)
{
	unsigned long i;
	u64 sum = 0;

	mutex_lock(&lock);
	*ns = ktime_get_ns();
	for (i = 0; i < nr_pages; i++)
		sum += read_page(pages[i]);
	*ns = ktime_get_ns() - *ns;
	mutex_unlock(&lock);
	return sum ? -EIO : 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(linear_fops, linear_get, linear_set, "%llu\n");

static int __init linear_init(void)
{
	file = debugfs_create_file_unsafe("linear", 0600, NULL, NULL, &linear_fops);
	return 0;
}
module_init(linear_init);

static void __exit linear_exit(void)
{
	debugfs_remove(file);
	free_pages_all();
}
module_exit(linear_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Plain read of as many words as a page table walk reads");
