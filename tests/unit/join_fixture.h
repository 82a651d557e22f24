/* SPDX-License-Identifier: GPL-2.0 */
/* A report of a guest that passes: each test of the joined report changes some of it. */
#ifndef JOIN_FIXTURE_H
#define JOIN_FIXTURE_H

#include <json-c/json.h>

#define LAYOUT		  (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

#define PAGES		  256
#define AT(iova, pa, len) "{\"iova\":\"" iova "\",\"pa\":\"" pa "\",\"len\":\"" len "\"}"
#define THERE                                             \
	AT("0x0", "0x1000000", "0x80000")                 \
	"," AT("0x80000", "0x2000000", "0x80000") "," AT( \
		"0x40000000", "0x1000000", "0x80000") "," AT("0x40080000", "0x2000000", "0x80000")
#define STEPS                                                                                              \
	"\"steps\":[{\"name\":\"open\",\"status\":\"pass\"},{\"name\":\"page-user\",\"status\":\"pass\"}," \
	"{\"name\":\"pagemap\",\"status\":\"pass\"},{\"name\":\"iommu\",\"status\":\"pass\"},"             \
	"{\"name\":\"device-dma\",\"status\":\"pass\"},{\"name\":\"rules\",\"status\":\"pass\","           \
	"\"checks\":[{\"name\":\"first\",\"status\":\"pass\",\"detail\":\"\"}]},"                          \
	"{\"name\":\"hold\",\"status\":\"skip\"},{\"name\":\"recheck\",\"status\":\"pass\"}],"

/* Of each kind something that is easily lost: order, fractions, 64 bits, slashes. */
static const char good[] =
	"{\"tool\":\"vfio_test\",\"verdict\":\"pass\",\"zebra\":[1.50,-3,18446744073709551615],"
	"\"apple\":{\"path\":\"a/b \\u00e9 \\\"c\\\"\",\"none\":null,\"yes\":true}," STEPS
	"\"mapping\":{\"root_pa\":\"0x1000\",\"iovas\":[\"0x0\",\"0x40000000\"]},\"translations\":[" THERE
	"],\"pages\":{\"total\":256},\"walk\":[],\"tables\":[],"
	"\"witnesses\":{\"module\":{\"status\":\"pass\",\"compared\":256,\"mismatched\":0},"
	"\"pagemap\":{\"status\":\"pass\",\"compared\":256,\"mismatched\":0},"
	"\"iommu\":{\"status\":\"pass\",\"compared\":512,\"mismatched\":0},"
	"\"device_dma\":{\"status\":\"skip\",\"compared\":0,\"mismatched\":0},"
	"\"qemu\":{\"status\":\"skip\",\"compared\":0,\"mismatched\":0},"
	"\"later\":{\"status\":\"pass\",\"compared\":1,\"mismatched\":0,\"more\":[]}},"
	"\"proven\":[\"module\",\"pagemap\",\"iommu\"],"
	"\"not_proven\":[{\"witness\":\"device_dma\",\"why\":\"not asked\"}],"
	"\"stale\":{\"compared\":512,\"mismatched\":0,\"pages\":[]},"
	"\"last\":\"0xffffffffffffffff\"}";

static struct json_object *parse(const char *text)
{
	struct json_object *obj = json_tokener_parse(text);

	assert_non_null(obj);
	return obj;
}

#endif /* JOIN_FIXTURE_H */
