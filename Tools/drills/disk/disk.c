/* A disk that is told what to do wrong. Preloaded into a service, it stands between SQLite and the files of one folder:

   - It writes down what every change has replaced, until the file is synced. So somebody else can put the files back
     to what a power cut would have left (`__init__.py` beside this file does). The services see their files as they are.
   - It has only so much space, fails at every n-th write or sync, or swallows syncs, as the control file says.

   A failed sync behaves as on Linux: what was written stays readable, and a later sync that succeeds does not bring it to
   the disk unless it has been written once more.

   DISK_FOLDER names the folder of logs and control files; DATABASE_PATH the database, whose name begins all names that
   count. The shared-memory file is left alone but for its space: it is never read after a power cut. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK 512
#define FILES_MAX 65536
#define UNSYNCED_MAX 32

enum kind { WRITTEN = 1, CUT, SYNCED, SYNC_FAILED, CREATED, REMOVED, FOLDER_SYNCED };

/* One change. What it replaced, as whole blocks, or its path follows. */
struct record {
    uint64_t kind;
    uint64_t file;          /* inode */
    int64_t offset, end;    /* what is changed; a cut changes all up to the old end */
    int64_t size;           /* of the file before */
    uint64_t length;        /* bytes that follow */
};

/* Shared with the drill, which may change the first part at any time. */
struct control {
    _Atomic int32_t swallow_syncs;      /* of so many syncs one is made and the others are lies; 0: none is a lie */
    _Atomic int32_t fail_every;         /* every so many operations of `fail_kinds` fails with EIO; 0: none */
    _Atomic int32_t fail_kinds;         /* 1 writes, 2 syncs, 4 syncs of the database file alone */
    _Atomic int32_t is_limited;
    _Atomic int64_t space;              /* bytes left, if limited */
    _Atomic int64_t sync_takes;         /* microseconds, before it is done */
    _Atomic int64_t writes, syncs, refused, failed, swallowed;
};

enum role { OTHER = 0, DATABASE, LOG, SHARED, FOLDER };

static struct control nothing_wrong, *control = &nothing_wrong;
static char database[PATH_MAX], folder_of_database[PATH_MAX];
static size_t database_length;
static int log_file = -1;
/* Files with changes that are not synced, 0 for the folder's. When there is none, the log may begin anew. */
static uint64_t unsynced[UNSYNCED_MAX];
static int unsynced_count, may_begin_anew;
static unsigned removed_count;
static _Atomic unsigned char roles[FILES_MAX];
static _Atomic int64_t turns;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What the process before was noting when it was killed; without this, nobody could read what is noted behind it. */
static int64_t cut_off_half_a_record(void) {
    struct stat now;
    struct record record;
    int64_t place = 0;
    if (fstat(log_file, &now) != 0) _exit(70);
    while (syscall(SYS_pread64, log_file, &record, sizeof record, place) == sizeof record) {
        int64_t next = place + (int64_t)sizeof record + (int64_t)record.length;
        if (next > now.st_size) break;
        place = next;
    }
    if (syscall(SYS_ftruncate, log_file, place) != 0) _exit(70);
    return place;
}

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("DISK_FOLDER"), *path = getenv("DATABASE_PATH");
    if (!folder || !path) return;
    const char *name = strrchr(path, '/');
    if (!name) return;
    char words[PATH_MAX];
    snprintf(database, sizeof database, "%s", path);
    snprintf(folder_of_database, sizeof folder_of_database, "%.*s", (int)(name - path), path);
    snprintf(words, sizeof words, "%s%s.log", folder, name);
    log_file = syscall(SYS_openat, AT_FDCWD, words, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    snprintf(words, sizeof words, "%s%s.control", folder, name);
    int shared = syscall(SYS_openat, AT_FDCWD, words, O_RDWR | O_CLOEXEC, 0);
    if (log_file < 0 || shared < 0) {
        dprintf(2, "disk: log or control file of %s cannot be opened\n", database);
        _exit(70);
    }
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    syscall(SYS_close, shared);
    if (page == MAP_FAILED) _exit(70);
    control = page;
    may_begin_anew = cut_off_half_a_record() == 0;
    database_length = strlen(database);
}

static enum role role_of(const char *path) {
    if (!database_length || !path) return OTHER;
    if (strcmp(path, folder_of_database) == 0) return FOLDER;
    if (strncmp(path, database, database_length) != 0) return OTHER;
    const char *rest = path + database_length;
    if (*rest == 0) return DATABASE;
    if (strcmp(rest, "-shm") == 0) return SHARED;
    return strcmp(rest, "-wal") == 0 || strcmp(rest, "-journal") == 0 ? LOG : OTHER;
}

/* Whether a power cut matters to it. */
static int is_kept(enum role role) { return role == DATABASE || role == LOG; }

static enum role role(int file) { return file >= 0 && file < FILES_MAX ? roles[file] : OTHER; }

static void keep_account(enum kind kind, uint64_t file) {
    int place = 0;
    while (place < unsynced_count && unsynced[place] != file) place++;
    if (kind == SYNCED || kind == FOLDER_SYNCED) {
        if (place < unsynced_count) unsynced[place] = unsynced[--unsynced_count];
        if (!unsynced_count && may_begin_anew && syscall(SYS_ftruncate, log_file, 0) != 0) abort();
    } else if (kind == SYNC_FAILED || (place == unsynced_count && place == UNSYNCED_MAX)) {
        may_begin_anew = 0;
    } else if (place == unsynced_count) {
        unsynced[unsynced_count++] = file;
    }
}

/* Appended whole or, if the process is killed in the middle, not to be read: then the change was not made either. */
static void note(
    enum kind kind, uint64_t file, int64_t offset, int64_t end, int64_t size, const void *bytes, size_t length) {
    struct record record = {kind, file, offset, end, size, length};
    size_t all = sizeof record + length;
    char small[16384], *words = all <= sizeof small ? small : malloc(all);
    if (!words) abort();
    memcpy(words, &record, sizeof record);
    if (length) memcpy(words + sizeof record, bytes, length);
    if (syscall(SYS_write, log_file, words, all) != (long)all) abort();
    if (words != small) free(words);
    keep_account(kind, kind == CREATED || kind == REMOVED || kind == FOLDER_SYNCED ? 0 : file);
}

/* What stands from `offset` to `end`, as whole blocks, before it is changed. */
static void note_before(enum kind kind, int file, const struct stat *now, int64_t offset, int64_t end) {
    int64_t from = offset / BLOCK * BLOCK, to = (end + BLOCK - 1) / BLOCK * BLOCK;
    if (to > now->st_size) to = now->st_size;
    size_t length = to > from ? to - from : 0;
    char small[8192] = "", *bytes = length <= sizeof small ? small : malloc(length);
    if (!bytes || (length && syscall(SYS_pread64, file, bytes, length, from) != (long)length)) abort();
    note(kind, now->st_ino, from, end, now->st_size, bytes, length);
    if (bytes != small) free(bytes);
}

static int fails(int what) {
    int every = control->fail_every;
    if (every <= 0 || !(control->fail_kinds & what)) return 0;
    if (atomic_fetch_add(&turns, 1) % every != every - 1) return 0;
    control->failed++;
    return 1;
}

static int has_space(int64_t wanted) {
    if (!control->is_limited || wanted <= 0) return 1;
    int64_t left = control->space;
    while (left >= wanted)
        if (atomic_compare_exchange_weak(&control->space, &left, left - wanted)) return 1;
    control->refused++;
    return 0;
}

static void give_back(int64_t bytes) {
    if (control->is_limited && bytes > 0) atomic_fetch_add(&control->space, bytes);
}

/* Opening and closing */

static int open_noting(int folder, const char *path, int flags, mode_t mode) {
    enum role found = folder == AT_FDCWD || (path && *path == '/') ? role_of(path) : OTHER;
    if (found == OTHER) return syscall(SYS_openat, folder, path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_new = is_kept(found) && (flags & O_CREAT) && syscall(SYS_faccessat, folder, path, F_OK) != 0;
    int file = syscall(SYS_openat, folder, path, flags, mode);
    int error = errno;
    if (file >= 0 && file < FILES_MAX) {
        roles[file] = found;
        struct stat now;
        if (is_new && fstat(file, &now) == 0) note(CREATED, now.st_ino, 0, 0, 0, path, strlen(path));
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return file;
}

#define MODE(flags)                                                   \
    mode_t mode = 0;                                                  \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                          \
        va_list rest;                                                 \
        va_start(rest, flags);                                        \
        mode = va_arg(rest, int);                                     \
        va_end(rest);                                                 \
    }

int open(const char *path, int flags, ...) { MODE(flags) return open_noting(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_noting(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_noting(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_noting(at, path, flags | O_LARGEFILE, mode); }

int close(int file) {
    if (file >= 0 && file < FILES_MAX) roles[file] = OTHER;
    return syscall(SYS_close, file);
}

int unlink(const char *path) {
    enum role found = role_of(path);
    struct stat now;
    if ((!is_kept(found) && found != SHARED) || stat(path, &now) != 0) return syscall(SYS_unlink, path);
    pthread_mutex_lock(&lock);
    give_back(now.st_size);
    int result;
    if (found == SHARED) {
        result = syscall(SYS_unlink, path);
    } else {
        char names[3 * PATH_MAX], kept[PATH_MAX + 64];
        snprintf(kept, sizeof kept, "%s.removed.%d.%u", database, getpid(), removed_count++);
        int length = snprintf(names, sizeof names, "%s%c%s", path, 0, kept);
        note(REMOVED, now.st_ino, 0, 0, now.st_size, names, length);
        result = syscall(SYS_rename, path, kept);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

/* Writing */

static ssize_t write_noting(int file, const void *bytes, size_t count, int64_t offset) {
    pthread_mutex_lock(&lock);
    control->writes++;
    struct stat now;
    ssize_t result = -1;
    int error = EIO;
    if (!fails(1) && fstat(file, &now) == 0) {
        int64_t end = offset + (int64_t)count;
        error = ENOSPC;
        if (has_space(end - now.st_size)) {
            if (is_kept(role(file))) note_before(WRITTEN, file, &now, offset, end);
            result = syscall(SYS_pwrite64, file, bytes, count, offset);
            error = errno;
        }
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return role(file) == OTHER ? syscall(SYS_pwrite64, file, bytes, count, offset) : write_noting(file, bytes, count, offset);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) { return pwrite64(file, bytes, count, offset); }

ssize_t write(int file, const void *bytes, size_t count) {
    if (role(file) == OTHER) return syscall(SYS_write, file, bytes, count);
    off_t offset = lseek(file, 0, SEEK_CUR);
    ssize_t result = write_noting(file, bytes, count, offset);
    if (result > 0) lseek(file, offset + result, SEEK_SET);
    return result;
}

int ftruncate64(int file, off64_t size) {
    if (role(file) == OTHER) return syscall(SYS_ftruncate, file, size);
    pthread_mutex_lock(&lock);
    struct stat now;
    int result = -1, error = EIO;
    if (!fails(1) && fstat(file, &now) == 0) {
        if (is_kept(role(file))) note_before(CUT, file, &now, size, now.st_size);
        give_back(now.st_size - size);
        result = syscall(SYS_ftruncate, file, size);
        error = errno;
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

/* Syncing: the kernel's cache survives a killed process, so the note is all there is to do. */

static int sync_noting(int file) {
    if (control->sync_takes > 0) usleep(control->sync_takes);
    pthread_mutex_lock(&lock);
    struct stat now;
    int result = -1, swallow = control->swallow_syncs;
    int64_t number = control->syncs++;
    if (fstat(file, &now) != 0) {
        now.st_ino = 0;
    } else if (fails(role(file) == DATABASE ? 2 | 4 : 2)) {
        note(SYNC_FAILED, now.st_ino, 0, 0, now.st_size, NULL, 0);
    } else {
        result = 0;
        if (swallow && number % swallow) {
            control->swallowed++;
        } else {
            note(role(file) == FOLDER ? FOLDER_SYNCED : SYNCED, now.st_ino, 0, 0, now.st_size, NULL, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    errno = EIO;
    return result;
}

int fsync(int file) {
    enum role found = role(file);
    return is_kept(found) || found == FOLDER ? sync_noting(file) : (int)syscall(SYS_fsync, file);
}
int fdatasync(int file) {
    enum role found = role(file);
    return is_kept(found) || found == FOLDER ? sync_noting(file) : (int)syscall(SYS_fdatasync, file);
}
