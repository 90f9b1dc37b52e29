// The few calls that Swift's Glibc module does not import: GNU extensions, variadic functions and macros with arguments.
// They are compiled in CPosix.c, because _GNU_SOURCE in a header would make this module's C types differ from Glibc's.
#ifndef CPOSIX_H
#define CPOSIX_H

#include <sys/types.h>

/// open(2), which is variadic.
int cposix_open(const char *path, int flags, mode_t mode);

/// pipe2(2) with O_CLOEXEC.
int cposix_pipe(int ends[2]);

/// fcntl(2) with an integer argument, which is variadic.
int cposix_fcntl(int fd, int command, int argument);

/// fcntl(2) with F_SETPIPE_SZ.
int cposix_set_pipe_size(int fd, int size);

/// renameat2(2) with RENAME_NOREPLACE: fails with EEXIST if the new name is taken.
int cposix_rename_noreplace(const char *from, const char *to);

/// Opens the file of a descriptor a second time, for writing past the page cache: open(2) with O_DIRECT.
int cposix_reopen_direct(int fd);

/// major(3).
unsigned int cposix_device_major(dev_t device);

/// sync_file_range(2) with SYNC_FILE_RANGE_WRITE: starts writing back, waits for nothing.
int cposix_start_writeback(int fd, off_t offset, off_t length);

/// lseek(2) with SEEK_DATA.
off_t cposix_seek_data(int fd, off_t offset);

/// lseek(2) with SEEK_HOLE.
off_t cposix_seek_hole(int fd, off_t offset);

/// ioctl(2) BLKGETSIZE64: the size of a block device in bytes.
int cposix_block_device_size(int fd, unsigned long long *size);

/// pidfd_open(2), close-on-exec.
int cposix_pidfd_open(pid_t pid);

/// pidfd_send_signal(2).
int cposix_pidfd_send_signal(int fd, int number);

/// posix_spawn_file_actions_addclosefrom_np(3); `actions` is a posix_spawn_file_actions_t.
int cposix_spawn_close_from(void *actions, int fd);

/// prctl(PR_SET_PDEATHSIG): `signal` comes when the parent process dies.
int cposix_set_parent_death_signal(int signal);

/// prctl(PR_SET_CHILD_SUBREAPER): whether orphans of this process's children become its own.
int cposix_set_child_subreaper(int on);

/// waitid(2) that neither waits nor reaps. Returns a child that has ended, or 0 if there is none.
pid_t cposix_ended_child(void);

/// memfd_create(2), close-on-exec: a file that lies in memory.
int cposix_memory_file(const char *name);

/// environ(7).
char **cposix_environment(void);

int cposix_wifexited(int status);
int cposix_wexitstatus(int status);
int cposix_wtermsig(int status);

/// Runs a program in the current directory as its root directory, with a /dev, /proc and /run of its own, in new mount,
/// process, IPC and host name namespaces: unshare(2), pivot_root(2). This process must be the first user of a user
/// namespace and have no other thread. The program and all that it starts end with this process. Returns its exit
/// status, 128 and a signal's number, or 125 or 126 with a line on standard error if it cannot be run.
int cposix_run_in_container(char *const arguments[], char *const environment[]);

#endif
