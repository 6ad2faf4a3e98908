/*
 * What busybox lacks in the guest whose IMA lists are recorded: adds a certificate to a keyring, and enables fs-verity
 * for a file. Both are things that IMA measures in ways of their own.
 */
#include <fcntl.h>
#include <linux/fsverity.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int add_key(const char *keyring, const char *file)
{
	static char certificate[65536];
	int fd = open(file, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, certificate, sizeof certificate);
	long ring;

	if (length < 0)
		return fail(file);
	ring = syscall(SYS_add_key, "keyring", keyring, NULL, 0, KEY_SPEC_PROCESS_KEYRING);
	if (ring < 0)
		return fail(keyring);
	return syscall(SYS_add_key, "asymmetric", "", certificate, length, ring) < 0 ? fail("add_key") : 0;
}

static int enable_verity(const char *file)
{
	struct fsverity_enable_arg arg = { .version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096 };
	int fd = open(file, O_RDONLY);

	if (fd < 0)
		return fail(file);
	return ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) < 0 ? fail("FS_IOC_ENABLE_VERITY") : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "add-key") == 0)
		return add_key(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "enable-verity") == 0)
		return enable_verity(argv[2]);
	fprintf(stderr, "usage: %s add-key KEYRING CERTIFICATE | enable-verity FILE\n", argv[0]);
	return 2;
}
