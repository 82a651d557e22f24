// SPDX-License-Identifier: GPL-2.0
/*
 * virt-mgmt - resources of an NVMe controller that has virtual functions
 *
 *	virt-mgmt NODE CONTROLLER ACTION TYPE COUNT
 *
 * The command Virtualization Management by the controller's NODE: ACTION 1 what the physical
 * function keeps of TYPE (0 queues, 1 vectors), 8 what controller CONTROLLER gets, 9 online
 * (NVM Express 1.4, 5.22).  Exit: 0 done, 1 refused, 2 usage or environment.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <linux/nvme_ioctl.h>

int main(int argc, char **argv)
{
	struct nvme_admin_cmd cmd = { .opcode = 0x1c };
	int fd, ret;

	if (argc != 6) {
		fputs("usage: virt-mgmt NODE CONTROLLER ACTION TYPE COUNT\n", stderr);
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[1]);
		return 2;
	}
	cmd.cdw10 = strtoul(argv[2], NULL, 0) << 16 | strtoul(argv[4], NULL, 0) << 8 |
		    strtoul(argv[3], NULL, 0);
	cmd.cdw11 = strtoul(argv[5], NULL, 0);
	ret = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
	if (!ret)
		return 0;
	if (ret < 0)
		perror("NVME_IOCTL_ADMIN_CMD");
	else
		fprintf(stderr, "%s: status 0x%x\n", argv[1], (unsigned int)ret);
	return 1;
}
