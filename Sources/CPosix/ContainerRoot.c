#define _GNU_SOURCE 1
#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// A directory of every system. The tree is mounted over it: its own path may lead through directories that only the
/// drivers' user can enter.
static const char place[] = "/tmp";

static int complain(const char *operation, const char *object) {
    dprintf(STDERR_FILENO, "market-drivers: cannot %s %s of the container: %s\n", operation, object, strerror(errno));
    return -1;
}

/// Nothing of the image runs yet, but its archive can have made a link of any name, that mount(2) would follow.
static int make_mount_point(const char *name) {
    struct stat status;
    if (mkdir(name, 0755) == 0 || (lstat(name, &status) == 0 && S_ISDIR(status.st_mode))) return 0;
    errno = ENOTDIR;
    return complain("use", name);
}

static int mount_new(const char *kind, const char *name, unsigned long flags, const char *options) {
    if (mount(kind, name, kind, flags | MS_NOSUID, options) == 0) return 0;
    return complain("mount", name);
}

static int bind_device(const char *name) {
    char target[64], source[64];
    snprintf(target, sizeof target, "dev/%s", name);
    snprintf(source, sizeof source, "/dev/%s", name);
    int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return complain("make", target);
    close(fd);
    if (mount(source, target, NULL, MS_BIND, NULL) == 0) return 0;
    return complain("mount", target);
}

static int make_devices(void) {
    static const char *const names[] = {"null", "zero", "full", "random", "urandom", "tty"};
    static const char *const links[][2] = {
        {"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
        {"/proc/self/fd/2", "dev/stderr"}, {"pts/ptmx", "dev/ptmx"},
    };
    if (mount_new("tmpfs", "dev", MS_NOEXEC, "mode=755,size=16m") != 0) return -1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bind_device(names[i]) != 0) return -1;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlink(links[i][0], links[i][1]) != 0) return complain("make", links[i][1]);
    if (mkdir("dev/pts", 0755) != 0 || mkdir("dev/shm", 01777) != 0 || chmod("dev/shm", 01777) != 0)
        return complain("make", "dev/pts");
    return mount_new("devpts", "dev/pts", MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
}

/// Makes the current directory the root directory of this mount namespace, and leaves nothing else in it.
static int make_root(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return complain("separate", "the mounts");
    if (mount(".", place, NULL, MS_BIND, NULL) != 0 || chdir(place) != 0) return complain("mount", "the root");
    static const char *const names[] = {"dev", "proc", "run", "sys"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (make_mount_point(names[i]) != 0) return -1;
    if (make_devices() != 0) return -1;
    if (mount_new("tmpfs", "run", MS_NODEV, "mode=755,size=64m") != 0) return -1;
    if (mount_new("proc", "proc", MS_NODEV | MS_NOEXEC, NULL) != 0) return -1;
    // The old root comes to lie over the new one, and is taken away.
    if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return complain("enter", "the root");
    return 0;
}

/// What package managers and their scripts need: no mounts, devices, networks, or other processes' memory.
static int drop_capabilities(void) {
    static const int kept[] = {
        CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,  CAP_FSETID,           CAP_KILL,       CAP_SETGID,
        CAP_SETUID, CAP_SETPCAP,      CAP_SETFCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_DAC_READ_SEARCH,
    };
    for (int capability = 0; capability <= 63; capability++) {
        int keeps = 0;
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) keeps |= kept[i] == capability;
        if (!keeps && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL)
            return complain("drop", "the capabilities");
    }
    return 0;
}

static int write_text(const char *name, const char *text) {
    int file = open(name, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t length = (ssize_t)strlen(text), written = write(file, text, (size_t)length);
    int problem = errno;
    close(file);
    errno = problem;
    return written == length ? 0 : -1;
}

/// Lets no program make a user namespace in this one, in which it would have all capabilities again.
static int forbid_namespaces(void) {
    if (write_text("/proc/sys/user/max_user_namespaces", "0") == 0 || errno == ENOENT) return 0;
    return complain("forbid", "user namespaces");
}

/// What an installation never needs, but a program that goes wrong would take of this machine. The kernel counts a
/// user's processes for each user namespace by itself.
static int limit_resources(void) {
    static const struct {
        int resource;
        rlim_t value;
    } limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NPROC, 4096}, {RLIMIT_NOFILE, 4096}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i].resource, &limit) != 0) return complain("read", "the limits");
        if (limit.rlim_cur > limits[i].value) limit.rlim_cur = limits[i].value;
        if (limit.rlim_max > limits[i].value) limit.rlim_max = limits[i].value;
        if (setrlimit(limits[i].resource, &limit) != 0) return complain("set", "the limits");
    }
    // Where memory runs out these programs end, and not the machine's own.
    if (write_text("/proc/self/oom_score_adj", "1000") != 0) return complain("set", "the order of ends without memory");
    // All users of the container together, since Linux 6.14; before it this is the machine's own, and refused.
    static const char all[] = "/proc/sys/kernel/pid_max";
    static const unsigned long fixed = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (write_text(all, "4096") == 0 &&
        (mount(all, all, NULL, MS_BIND, NULL) != 0 || mount(NULL, all, NULL, fixed, NULL) != 0))
        return complain("fix", all);
    return 0;
}

/// Runs the program as the namespace's first process. Returns only if that fails.
static int become_program(char *const arguments[], char *const environment[]) {
    setsid();
    umask(022);
    // The user's own keys stay outside.
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    if (make_root() != 0 || limit_resources() != 0 || forbid_namespaces() != 0 || drop_capabilities() != 0) return 125;
    for (int fd = 3; fd < 1024; fd++) close(fd);
    execve(arguments[0], arguments, environment);
    complain("run", arguments[0]);
    return 126;
}

static volatile pid_t first_process;

/// All processes of the namespace have ended when their first one has.
static void end_namespace(int signal) {
    (void)signal;
    kill(first_process, SIGKILL);
}

int cposix_run_in_container(char *const arguments[], char *const environment[]) {
    int alive[2];
    if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) != 0 || pipe2(alive, O_CLOEXEC) != 0) {
        complain("make", "the namespaces");
        return 125;
    }
    pid_t child = fork();
    if (child < 0) {
        complain("start", "the first process");
        return 125;
    }
    if (child == 0) {
        close(alive[1]);
        struct pollfd parent = {.fd = alive[0]};
        // The parent may have died before it was asked for.
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || poll(&parent, 1, 0) != 0) _exit(125);
        _exit(become_program(arguments, environment));
    }
    close(alive[0]);
    first_process = child;
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], end_namespace);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
