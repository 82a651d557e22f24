// SPDX-License-Identifier: GPL-2.0
#include "env/klog.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/signals.h"

#define KMSG	   "/dev/kmsg"
#define RECORD_MAX 8192 /* the largest PRINTK_MESSAGE_MAX of any kernel; now it is less */
#define PAGE_MASK  (~0xfffULL)

/*
 * The messages about faults.  In a format, * is any text up to the first match of what follows;
 * %B is a PCI address with or without its domain; %E an endpoint of virtio-iommu, which is a
 * routing ID in decimal; %A an address in hexadecimal.  The line may have more text at its end.
 */
static const struct {
	const char *iommu, *format;
} formats[] = {
	/*
	 * drivers/iommu/intel/dmar.c, dmar_fault_do_one(): since 5.13 the PASID stands
	 * before the device and no longer behind it, and the address begins with 0x.
	 */
	{ "intel", "DMAR: [DMA *] Request device [%B]*fault addr %A" },
	/* drivers/iommu/amd/iommu.c, amd_iommu_report_page_fault() */
	{ "amd", "* %B: AMD-Vi: Event logged [IO_PAGE_FAULT *address=%A" },
	{ "amd", "AMD-Vi: Event logged [IO_PAGE_FAULT device=%B *address=%A" },
	/* drivers/iommu/virtio-iommu.c, viommu_fault_handler() */
	{ "virtio", "virtio_iommu *: * fault from EP %E*at %A" },
	{ "virtio", "virtio_iommu *: * fault from EP %E" },
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads at most @max digits of @base, with or without 0x, and moves *s past them. */
static bool scan_number(const char **s, unsigned int base, int max, uint64_t *out)
{
	const char *p = *s;
	uint64_t v = 0;
	int n;

	if (base == 16 && p[0] == '0' && p[1] == 'x')
		p += 2;
	for (n = 0; hex_digit(p[n]) >= 0 && hex_digit(p[n]) < (int)base; n++) {
		if (n == max)
			return false;
		v = v * base + (unsigned int)hex_digit(p[n]);
	}
	*s = p + n;
	*out = v;
	return n > 0;
}

/* Reads [dddd:]bb:dd.f; 5.13 has 0x before each number. */
static bool scan_bdf(const char **s, struct klog_fault *fault)
{
	uint64_t part[4];
	int nr = 0;

	do {
		if (nr == 3 || !scan_number(s, 16, 8, &part[nr++]))
			return false;
	} while (*(*s)++ == ':');
	if (nr < 2 || (*s)[-1] != '.' || !scan_number(s, 16, 1, &part[nr++]))
		return false;
	fault->has_domain = nr == 4;
	fault->domain = nr == 4 ? (uint32_t)part[0] : 0;
	if (part[nr - 3] > 0xff || part[nr - 2] > 0x1f || part[nr - 1] > 7)
		return false;
	fault->rid = (uint16_t)(part[nr - 3] << 8 | part[nr - 2] << 3 | part[nr - 1]);
	return true;
}

static bool scan_field(const char **s, char field, struct klog_fault *fault)
{
	uint64_t v;

	switch (field) {
	case 'A':
		fault->has_addr = scan_number(s, 16, 16, &fault->addr);
		return fault->has_addr;
	case 'B':
		return scan_bdf(s, fault);
	case 'E':
		if (!scan_number(s, 10, 10, &v) || v > UINT16_MAX)
			return false;
		fault->rid = (uint16_t)v;
		return true;
	default:
		return false;
	}
}

static bool match(const char *format, const char *s, struct klog_fault *fault)
{
	while (*format) {
		size_t len = strcspn(format, "*%");

		if (len) {
			if (strncmp(s, format, len))
				return false;
			s += len;
			format += len;
		} else if (*format == '%') {
			if (!scan_field(&s, format[1], fault))
				return false;
			format += 2;
		} else {
			len = strcspn(++format, "*%");
			while (*s && strncmp(s, format, len))
				s++;
		}
	}
	return true;
}

bool klog_parse_fault(const char *text, struct klog_fault *fault)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		memset(fault, 0, sizeof(*fault));
		fault->iommu = formats[i].iommu;
		if (match(formats[i].format, text, fault))
			return true;
	}
	return false;
}

bool klog_fault_is(const struct klog_fault *fault, const struct pci_bdf *bdf, uint64_t iova)
{
	return fault->rid == (bdf->bus << 8 | bdf->dev << 3 | bdf->fn) &&
	       (!fault->has_domain || fault->domain == bdf->domain) &&
	       (!fault->has_addr || (fault->addr & PAGE_MASK) == (iova & PAGE_MASK));
}

bool klog_parse_record(const char *record, size_t len, uint64_t *usec, char *text, size_t text_len)
{
	const char *s = memchr(record, ';', len), *end = record + len;
	char head[128];
	size_t used = 0;
	uint64_t skip;

	/* Priority, number, time, flags; further fields may come. */
	if (!s || (size_t)(s - record) >= sizeof(head))
		return false;
	snprintf(head, sizeof(head), "%.*s", (int)(s - record), record);
	record = head;
	if (!scan_number(&record, 10, 19, &skip) || *record++ != ',' ||
	    !scan_number(&record, 10, 19, &skip) || *record++ != ',' ||
	    !scan_number(&record, 10, 19, usec) || *record != ',')
		return false;
	for (s++; s < end && *s && *s != '\n'; s++) {
		char c = *s;

		/* \xNN is what cannot be printed, or a backslash. */
		if (c == '\\' && end - s >= 4 && s[1] == 'x' && hex_digit(s[2]) >= 0 &&
		    hex_digit(s[3]) >= 0) {
			c = (char)(hex_digit(s[2]) << 4 | hex_digit(s[3]));
			s += 3;
		}
		if (used + 1 < text_len)
			text[used++] = isprint((unsigned char)c) ? c : '?';
	}
	text[used] = '\0';
	return true;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/*
 * The next record: 1 with its fault in @fault, 0 if it is about something else,
 * -EAGAIN at the end.
 */
static int next_record(int fd, uint64_t *usec, char *line, struct klog_fault *fault)
{
	char record[RECORD_MAX];
	ssize_t n = read(fd, record, sizeof(record));

	/* EPIPE: records were lost; the next read goes on behind them. */
	if (n < 0)
		return errno == EPIPE || errno == EINTR ? 0 : -errno;
	/* The log has no end, so this is something else. */
	if (!n)
		return -ENODATA;
	return klog_parse_record(record, n, usec, line, KLOG_LINE) && klog_parse_fault(line, fault);
}

int klog_open(bool *limited)
{
	int fd = open(KMSG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint64_t usec = 0, start = now_us();
	char line[KLOG_LINE];
	struct klog_fault fault = { 0 };
	int ret;

	if (fd < 0)
		return -errno;
	*limited = false;
	while ((ret = next_record(fd, &usec, line, &fault)) >= 0) {
		if (ret)
			*limited |= usec + KLOG_LIMIT_MS * 1000ULL > start;
		if (signal_seen || now_us() > start + KLOG_OPEN_MS * 1000ULL) {
			ret = signal_seen ? -EINTR : -EBUSY;
			break;
		}
	}
	if (ret == -EAGAIN)
		return fd;
	close(fd);
	return ret;
}

int klog_wait_fault(int fd, const struct pci_bdf *bdf, uint64_t iova, int timeout_ms, char *line)
{
	uint64_t end = now_us() + timeout_ms * 1000ULL, usec;
	struct pollfd in = { .fd = fd, .events = POLLIN };
	struct klog_fault fault = { 0 };

	while (!signal_seen) {
		int ret = next_record(fd, &usec, line, &fault);
		uint64_t now = now_us();

		if (ret > 0 && klog_fault_is(&fault, bdf, iova))
			return 0;
		if (ret < 0 && ret != -EAGAIN)
			return ret;
		if (now >= end)
			return -ETIME;
		if (ret == -EAGAIN)
			poll(&in, 1, (int)((end - now) / 1000 + 1));
	}
	return -EINTR;
}

int klog_said(const char *words)
{
	int fd = open(KMSG, O_RDONLY | O_NONBLOCK | O_CLOEXEC), found = -ENODATA;
	char record[RECORD_MAX], line[KLOG_LINE];
	unsigned long long nr;
	uint64_t usec, start = now_us();
	bool first = true;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (found != 1) {
		if (signal_seen || now_us() > start + KLOG_OPEN_MS * 1000ULL) {
			found = signal_seen ? -EINTR : -EBUSY;
			break;
		}
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EINTR)
			continue;
		/* EPIPE: records were lost; the next read goes on behind them. */
		if (n <= 0 && (!n || errno != EPIPE))
			break;
		record[n < 0 ? 0 : n] = '\0';
		/* The kernel counts its records from 0 on. */
		if (n < 0)
			found = -ENODATA;
		else if (first && sscanf(record, "%*u,%llu,", &nr) == 1 && !nr)
			found = 0;
		first = false;
		if (n > 0 && klog_parse_record(record, n, &usec, line, sizeof(line)) &&
		    strstr(line, words))
			found = 1;
	}
	close(fd);
	return found;
}

void klog_say(const char *text)
{
	int fd = open(KMSG, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* One write is one record.  (dprintf() seeks first, which is EINVAL here.) */
	if (write(fd, text, strlen(text)) < 0)
		errno = 0;
	close(fd);
}
