/* SPDX-License-Identifier: Apache-2.0 */

/* The figures every Prometheus client library tells of its process, under the usual names. */

#include "base/metric.h"
#include "http/metrics_page.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void
put_one(struct buf *b, const char *name, const char *type, const char *help, uint64_t v)
{
    metric_family(b, name, type, help);
    metric_u64(b, name, NULL, v);
}

static void put_cpu(struct buf *b)
{
    struct timespec ts = { 0 };

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    metric_family(b, "process_cpu_seconds_total", "counter",
                  "Processor time spent, of the user's and the kernel's.");
    metric_ns(b, "process_cpu_seconds_total", NULL,
              (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec);
}

/* The numbers of /proc/self/statm (proc(5)) are pages. */
static void put_memory(struct buf *b)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long long size = 0;
    unsigned long long resident = 0;
    unsigned long long page = (unsigned long long)sysconf(_SC_PAGESIZE);

    if (f == NULL)
        return;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote it */
    if (fscanf(f, "%llu %llu", &size, &resident) == 2) {
        put_one(b, "process_virtual_memory_bytes", "gauge", "Virtual memory.", size * page);
        put_one(b, "process_resident_memory_bytes", "gauge", "Resident memory.",
                resident * page);
    }
    (void)fclose(f);
}

/* false when there is no such directory. */
static bool count_entries(const char *path, uint64_t *out)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    *out = 0;
    if (dir == NULL)
        return false;
    while ((entry = readdir(dir)) != NULL) /* NOLINT(concurrency-mt-unsafe): its own stream */
        *out += entry->d_name[0] != '.';
    (void)closedir(dir);
    return true;
}

void process_metrics(struct buf *b, int64_t start_unix_ms)
{
    struct rlimit limit = { 0 };
    uint64_t n;

    put_cpu(b);
    put_memory(b);
    put_one(b, "process_start_time_seconds", "gauge", "When the process started.",
            (uint64_t)(start_unix_ms / 1000));
    if (count_entries("/proc/self/fd", &n) && n > 0)
        put_one(b, "process_open_fds", "gauge", "Open descriptors.", n - 1); /* but our own */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        put_one(b, "process_max_fds", "gauge", "Limit of open descriptors.",
                (uint64_t)limit.rlim_cur);
    if (count_entries("/proc/self/task", &n))
        put_one(b, "process_threads", "gauge", "Threads.", n);
}
