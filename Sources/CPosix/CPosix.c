#define _GNU_SOURCE 1
#include "CPosix.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

int cposix_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

int cposix_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int cposix_fcntl(int fd, int command, int argument) { return fcntl(fd, command, argument); }

int cposix_set_pipe_size(int fd, int size) { return fcntl(fd, F_SETPIPE_SZ, size); }

int cposix_rename_noreplace(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int cposix_reopen_direct(int fd) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
}

unsigned int cposix_device_major(dev_t device) { return major(device); }

int cposix_start_writeback(int fd, off_t offset, off_t length) {
    return sync_file_range(fd, offset, length, SYNC_FILE_RANGE_WRITE);
}

off_t cposix_seek_data(int fd, off_t offset) { return lseek(fd, offset, SEEK_DATA); }

off_t cposix_seek_hole(int fd, off_t offset) { return lseek(fd, offset, SEEK_HOLE); }

int cposix_block_device_size(int fd, unsigned long long *size) { return ioctl(fd, BLKGETSIZE64, size); }

int cposix_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cposix_pidfd_send_signal(int fd, int number) { return (int)syscall(SYS_pidfd_send_signal, fd, number, NULL, 0); }

int cposix_spawn_close_from(void *actions, int fd) {
    return posix_spawn_file_actions_addclosefrom_np(actions, fd);
}

int cposix_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int cposix_set_child_subreaper(int on) { return prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0); }

pid_t cposix_ended_child(void) {
    siginfo_t information = {0};
    return waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0 ? information.si_pid : 0;
}

int cposix_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

char **cposix_environment(void) { return environ; }

int cposix_wifexited(int status) { return WIFEXITED(status); }

int cposix_wexitstatus(int status) { return WEXITSTATUS(status); }

int cposix_wtermsig(int status) { return WTERMSIG(status); }

// In the place of libm's, which the Swift runtime names: glibc 2.35 has given it a new version, and what is linked with
// that does not start with glibc 2.34. Computed in the same way as there.
float hypotf(float x, float y) { return (float)sqrt((double)x * x + (double)y * y); }
