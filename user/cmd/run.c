// SPDX-License-Identifier: GPL-2.0
/* vfio_test run: the whole test of one device. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "driver/driver.h"
#include "failure/failure.h"
#include "lib/parse.h"
#include "lib/signals.h"
#include "run/step.h"
#include "lib/term.h"
#include "lib/text.h"

enum {
	OPT_EXPECT = 256,
	OPT_SIZE,
	OPT_IOVA,
	OPT_PAGE_SIZE,
	OPT_IOMMU,
	OPT_DMA,
	OPT_NO_FAULTS,
	OPT_REQUIRE,
	OPT_WITH,
	OPT_NO_RULES,
	OPT_NO_RESET,
	OPT_HOLD,
	OPT_RECHECK,
	OPT_MODULE,
	OPT_NO_MODULE,
	OPT_VF_TOKEN,
};

static const struct option long_options[] = { { "expect", required_argument, NULL, OPT_EXPECT },
					      { "size", required_argument, NULL, OPT_SIZE },
					      { "iova", required_argument, NULL, OPT_IOVA },
					      { "page-size", required_argument, NULL,
						OPT_PAGE_SIZE },
					      { "iommu", required_argument, NULL, OPT_IOMMU },
					      { "dma", required_argument, NULL, OPT_DMA },
					      { "require", required_argument, NULL, OPT_REQUIRE },
					      { "with", required_argument, NULL, OPT_WITH },
					      { "no-faults", no_argument, NULL, OPT_NO_FAULTS },
					      { "no-rules", no_argument, NULL, OPT_NO_RULES },
					      { "no-reset", no_argument, NULL, OPT_NO_RESET },
					      { "hold", optional_argument, NULL, OPT_HOLD },
					      { "recheck", optional_argument, NULL, OPT_RECHECK },
					      { "module", required_argument, NULL, OPT_MODULE },
					      { "no-module", no_argument, NULL, OPT_NO_MODULE },
					      { "vf-token", required_argument, NULL, OPT_VF_TOKEN },
					      GLOBAL_OPTIONS,
					      { 0 } };

/* %s: the names that --require takes */
static const char options_help[] =
	"\n"
	"  --expect user|supervisor   expected value of _PAGE_USER (user); also set, cleared\n"
	"  --size N[K|M|G]            bytes to map (1M)\n"
	"  --iova ADDR                IOVA of the mapping; give it again to map the same\n"
	"                             buffer once more (default: the lowest usable IOVA)\n"
	"  --page-size 4K|2M|1G       page size of the buffer, above 4K from hugetlb (4K)\n"
	"  --iommu auto|iommufd|type1v2|type1|compat|noiommu\n"
	"                             back end (auto: the first that is there, but not\n"
	"                             compat; noiommu only for a group without an IOMMU)\n"
	"  --dma auto|none|edu|nvme   have the device move data; auto: edu up to 256 pages,\n"
	"                             an NVMe disk all (nothing is written to the disk)\n"
	"  --with BDF                 a further device for the same container and mapping;\n"
	"                             give it again for more devices\n"
	"  --require %s\n"
	"                             exit 4 unless these, separated by commas, are proven;\n"
	"                             all: all except qemu, which only the host can ask\n"
	"  --no-faults                do not let the device provoke IOMMU faults\n"
	"  --no-rules                 make no calls that VFIO must refuse\n"
	"  --no-reset                 do not reset the device or its bus\n"
	"  --hold[=SECONDS]           hold the mapping, so long or until Enter or a signal\n"
	"  --recheck[=MS]             while it is held, compare with the IOMMU every MS\n"
	"                             milliseconds (1000), not only before unmap\n"
	"  --vf-token UUID            token of a physical function that is on VFIO, or of\n"
	"                             its virtual functions; all users give the same one\n"
	"  --module PATH              the verify_pte.ko to load\n"
	"  --no-module                do not use the module: no page is verified, exit 4\n";

static const char examples[] =
	"  vfio_test 01:00.0                        the whole test\n"
	"  vfio_test --dma none --no-reset 01:00.0  without its DMA, and without a reset\n"
	"  vfio_test --size 1G --quiet 01:00.0      1 GiB, and only the verdict\n"
	"  vfio_test --require all 01:00.0          exit 4 unless all is proven\n"
	"  vfio_test --json --hold 01:00.0          a report for qemu_verify_pte --report\n";

static void print_options(void)
{
	char names[128];

	witness_names("|", names, sizeof(names));
	printf(options_help, names);
}

struct choice {
	const char *name;
	uint64_t value;
};

static const struct choice page_sizes[] = {
	{ "4K", BASE_PAGE }, { "2M", 2 << 20 }, { "1G", 1 << 30 }, { 0 }
};

static const struct choice dmas[] = {
	{ "auto", DMA_AUTO }, { "none", DMA_NONE }, { "edu", DMA_EDU }, { "nvme", DMA_NVME }, { 0 }
};

/* Sets *be to the back end of this name; NULL for auto. */
static int choose_backend(const char *word, const struct backend **be)
{
	struct text text;
	char all[96];
	size_t i;

	*be = word ? backend_named(word) : NULL;
	if (*be || !word || !strcmp(word, "auto"))
		return 0;
	text_begin(&text, all, sizeof(all));
	text_add(&text, "auto");
	for (i = 0; i < nr_backends; i++)
		text_list(&text, ", ", backends[i].name);
	return usage_error("--iommu %s: not one of its values; choose from: %s", word, all);
}

static int choose(const char *option, const struct choice *choices, const char *word,
		  uint64_t *value)
{
	struct text text;
	char all[64];

	/* getopt_long() never leaves a required argument out. */
	if (!word)
		return EXIT_STOPPED;
	text_begin(&text, all, sizeof(all));
	for (; choices->name; choices++) {
		if (!strcmp(choices->name, word)) {
			*value = choices->value;
			return 0;
		}
		text_list(&text, ", ", choices->name);
	}
	return usage_error("--%s %s: not one of its values; choose from: %s", option, word, all);
}

/* As choose(), but a size may be written in any form: 2M, 2m, 2MiB, 0x200000. */
static int choose_size(const char *option, const struct choice *choices, const char *word,
		       uint64_t *value)
{
	const struct choice *one;
	uint64_t v;

	for (one = choices; one->name && word && !parse_size(word, &v); one++)
		if (one->value == v) {
			*value = v;
			return 0;
		}
	return choose(option, choices, word, value);
}

/* Returns 0 or the exit code; *n is the time in units of @unit_ms, rounded up. */
static int choose_time(const char *option, const char *word, uint64_t unit_ms, unsigned int *n)
{
	uint64_t ms;

	if (parse_duration(word, unit_ms, &ms) || !ms || ms > 1000000 * unit_ms)
		return usage_error(
			"--%s %s: not a time above 0 and up to 1000000 %s; as in --%s=5 or --%s=2min",
			option, word, unit_ms == 1 ? "ms" : "s", option, option);
	*n = (ms + unit_ms - 1) / unit_ms;
	return 0;
}

static int bad_number(const char *option, const char *word, const char *want)
{
	return usage_error("--%s %s: not %s; see vfio_test help run", option, word, want);
}

static int choose_witnesses(const char *list, unsigned int *bits)
{
	char all[96], bad[48];

	/* getopt_long() never leaves a required argument out. */
	if (!list)
		return EXIT_STOPPED;
	if (!witness_parse(list, bits, bad, sizeof(bad)))
		return 0;
	witness_names(", ", all, sizeof(all));
	return usage_error("--require %s: \"%s\" is no witness; choose from: %s", list, bad, all);
}

static int bad_iova(const struct run_opts *o, uint64_t iova)
{
	struct env env = {
		.has_iova = true, .iova = iova, .size = o->size, .page_size = o->page_size
	};
	struct err err;

	failure_explain(&env, "usage", EINVAL, "--iova", &err);
	return usage_err(&err);
}

static bool with_twice(const struct run_opts *o)
{
	unsigned int i, k;

	for (i = 0; i < o->nr_with; i++) {
		if (!strcmp(o->with[i], o->bdf))
			return true;
		for (k = 0; k < i; k++)
			if (!strcmp(o->with[i], o->with[k]))
				return true;
	}
	return false;
}

/* Takes an option without a value; false: @c is not such an option. */
static bool take_flag(int c, struct run_opts *o)
{
	switch (c) {
	case OPT_NO_RULES:
		o->no_rules = true;
		break;
	case OPT_NO_RESET:
		o->no_reset = true;
		break;
	case OPT_NO_FAULTS:
		o->no_faults = true;
		break;
	case OPT_NO_MODULE:
		o->no_module = true;
		break;
	case OPT_MODULE:
		o->module_path = optarg;
		break;
	default:
		return false;
	}
	return true;
}

static int add_iova(struct run_opts *o)
{
	if (o->nr_iovas == MAX_IOVAS)
		return usage_error("--iova %s: one too many; %d mappings at the most", optarg,
				   MAX_IOVAS);
	if (parse_address(optarg, &o->iovas[o->nr_iovas++]))
		return bad_number("iova", optarg, "an address");
	return 0;
}

static int add_with(struct run_opts *o)
{
	struct pci_bdf bdf;

	if (parse_bdf(optarg, &bdf))
		return bad_number("with", optarg, "a PCI address");
	if (o->nr_with == MAX_WITH)
		return usage_error("--with %s: one too many; %d devices at the most", optarg,
				   MAX_WITH);
	o->with[o->nr_with++] = optarg;
	return 0;
}

/* Takes an option with a value; 0, or the exit code of a usage error. */
static int take_option(int c, char **argv, struct run_opts *o)
{
	unsigned char uuid[16];
	uint64_t v = 0;
	int ret = 0;

	switch (c) {
	case OPT_EXPECT:
		return parse_expect(optarg, &o->expect_user) ? bad_expect(optarg) : 0;
	case OPT_SIZE:
		if (parse_size(optarg, &o->size) || !o->size)
			ret = usage_error(
				"--size %s: not a size above 0: it is a whole number, K, M, G or T may follow; as in 4K, 2MiB or 1G",
				optarg);
		return ret;
	case OPT_IOVA:
		return add_iova(o);
	case OPT_PAGE_SIZE:
		return choose_size("page-size", page_sizes, optarg, &o->page_size);
	case OPT_IOMMU:
		return choose_backend(optarg, &o->backend);
	case OPT_DMA:
		ret = choose("dma", dmas, optarg, &v);
		o->dma = (int)v;
		return ret;
	case OPT_WITH:
		return add_with(o);
	case OPT_REQUIRE:
		return choose_witnesses(optarg, &o->require);
	case OPT_HOLD:
		o->hold = true;
		return optarg ? choose_time("hold", optarg, 1000, &o->hold_seconds) : 0;
	case OPT_RECHECK:
		o->recheck_ms = 1000;
		return optarg ? choose_time("recheck", optarg, 1, &o->recheck_ms) : 0;
	case OPT_VF_TOKEN:
		o->vf_token = optarg;
		if (parse_uuid(optarg, uuid))
			ret = usage_error(
				"--vf-token %s: not a UUID; as in --vf-token bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3",
				optarg);
		return ret;
	default:
		return bad_option(c, argv, &cmd_run);
	}
}

/* Returns 0, or the exit code of a usage error.  *done >= 0: the program is done (--help). */
static int parse_options(int argc, char **argv, struct globals *g, struct run_opts *o, int *done)
{
	struct pci_bdf bdf;
	unsigned int i;
	int c, ret;

	*done = -1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":" GLOBAL_SHORT, long_options, NULL)) != -1) {
		if (globals_option(c, g, &cmd_run, done)) {
			if (*done >= 0)
				return 0;
			continue;
		}
		ret = take_flag(c, o) ? 0 : take_option(c, argv, o);
		if (ret)
			return ret;
	}
	if (g->json && g->ktap)
		return usage_error("--json and --ktap: only one form fits on stdout; choose one");
	if (optind == argc)
		return usage_error(
			"no device: a PCI address is needed; as in vfio_test 0000:00:01.0, see lspci -D");
	if (optind + 1 != argc)
		return usage_error(
			"%s: one device too many; test one at a time, or give further ones with --with",
			argv[optind + 1]);
	o->bdf = argv[optind];
	if (parse_bdf(o->bdf, &bdf))
		return bad_address(o->bdf);
	if (o->size % o->page_size)
		return usage_error(
			"--size %llu: not a multiple of the page size, %llu; choose another",
			(unsigned long long)o->size, (unsigned long long)o->page_size);
	if (o->recheck_ms && !o->hold)
		return usage_error(
			"--recheck: it compares while the mapping is held; give --hold as well");
	if (with_twice(o))
		return usage_error("--with: a device is given twice; name each once");
	for (i = 0; i < o->nr_iovas; i++)
		if (o->iovas[i] % o->page_size)
			return bad_iova(o, o->iovas[i]);
	return 0;
}

static int run_main(int argc, char **argv, struct globals *g)
{
	struct run_opts opts = {
		.expect_user = true,
		.size = 1 << 20,
		.page_size = BASE_PAGE,
	};
	struct report rep;
	struct run run = {
		.opts = &opts,
		.rep = &rep,
		.target = { .device = -1, .vfio = VFIO_INIT },
		.evidence = { .walk = -1, .iova_file = -1 },
	};
	char tail[96];
	bool given_back;
	int ret, done;

	ret = parse_options(argc, argv, g, &opts, &done);
	if (ret || done >= 0)
		return ret ? ret : done;
	term_init(g->no_color);
	testimonies_init(&run.testimonies);
	run.testimonies.required = opts.require;
	report_init(&rep, &run.testimonies,
		    g->json   ? REPORT_JSON
		    : g->ktap ? REPORT_KTAP
			      : REPORT_TEXT,
		    g->quiet, g->verbose, run_nr_steps);
	json_object_object_add(rep.root, "expect",
			       json_text(opts.expect_user ? "user" : "supervisor"));
	report_line(&rep, "=== VFIO Test Program ===");
	report_line(&rep, "Testing device: %s\n", opts.bdf);

	signals_catch();
	steps_run(run_steps, run_nr_steps, &run);
	given_back = run_given_back(&run);
	if (signal_seen && !given_back) {
		if (g->json)
			signals_json();
		report_deinit(&rep);
		signals_die();
	}
	if (rep.have_err)
		err_print(&rep.err, "vfio_test", opts.bdf);
	run_verdict_tail(&run, tail, sizeof(tail));
	ret = report_finish(&rep, tail); /* out_finish() says why it could not */
	ret = ret ? EXIT_STOPPED : status_exit_code(report_verdict(&rep));
	report_deinit(&rep);
	return ret;
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "[OPTIONS] BDF",
	.help = "test a device on vfio-pci: VFIO, a DMA mapping, its page table",
	.print_options = print_options,
	.examples = examples,
	.long_options = long_options,
	.run = run_main,
};
