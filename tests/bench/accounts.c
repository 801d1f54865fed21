/* SPDX-License-Identifier: Apache-2.0 */

/* How long accounts take to load, how much memory they need and how fast they are found.
 *
 * usage: accounts load FILE COUNT    prints seconds, peak MiB, bytes kept per account and
 *                                    nanoseconds per look-up
 *        accounts bare yaml|json FILE    prints seconds and peak MiB of the bare parser: all
 *                                    events of libyaml, or all values of jansson
 *
 * make_accounts.py makes the FILE of COUNT accounts. */

#include "base/attr.h"
#include "base/num.h"

#include <jansson.h>
#include <malloc.h>
#include <sa_issuer/account.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <yaml.h>

enum { ACCOUNTS_PER_NAMESPACE = 20, LOOKUPS = 2000000, NAME_SIZE = 64 };

static int usage(void)
{
    (void)fprintf(stderr, "usage: accounts load FILE COUNT | bare yaml|json FILE\n");
    return 2;
}

/* The names of make_accounts.py. */
static void namespace_name(size_t i, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "team-%05zu", i / ACCOUNTS_PER_NAMESPACE);
}

static void account_name(size_t i, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "service-%06zu-runner", i);
}

static size_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *f;

    (void)malloc_trim(0);
    f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
        abort();
    (void)fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static double peak_mib(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        abort();
    return (double)usage.ru_maxrss / 1024;
}

/* Of the processor, so that a machine with other work tells the same. */
static double seconds(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        abort();
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct wanted {
    char ns[NAME_SIZE];
    char name[NAME_SIZE];
};

/* Every account, in an order that no cache foresees. */
static struct wanted *shuffled(size_t count)
{
    struct wanted *w = calloc(count, sizeof(*w));
    uint64_t random = 88172645463325252U;

    if (w == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        namespace_name(i, w[i].ns);
        account_name(i, w[i].name);
    }
    for (size_t i = count - 1; i > 0; i--) {
        struct wanted other;
        size_t j;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        j = random % (i + 1);
        other = w[i];
        w[i] = w[j];
        w[j] = other;
    }
    return w;
}

/* Reads the uid as well, as every user of an account does. */
static double lookup_ns(const struct sai_accounts *a, size_t count)
{
    AUTO_FREE struct wanted *w = shuffled(count);
    double begin = seconds();

    for (size_t i = 0; i < LOOKUPS; i++) {
        const struct wanted *one = &w[i % count];
        struct sai_account found;

        if (!sai_accounts_find(a, one->ns, one->name, &found) || found.uid[0] == '\0')
            abort();
    }
    return (seconds() - begin) * 1e9 / LOOKUPS;
}

static int load(const char *path, size_t count)
{
    const struct sai_accounts_options options = { .paths = &path, .path_count = 1 };
    struct sai_report *r = sai_report_new();
    struct sai_accounts *a = NULL;
    size_t before = resident_bytes();
    double begin = seconds();
    double taken;
    double peak;
    size_t kept;

    if (r == NULL || !sai_accounts_load(&options, &a, r) || sai_accounts_count(a) != count) {
        (void)fprintf(stderr, "%s: does not hold %zu accounts\n", path, count);
        return 1;
    }
    taken = seconds() - begin;
    peak = peak_mib();
    kept = resident_bytes() - before;
    (void)printf("%.2f %.0f %zu %.0f\n", taken, peak, kept / count, lookup_ns(a, count));
    sai_accounts_free(a);
    sai_report_free(r);
    return 0;
}

static bool yaml_events(FILE *f)
{
    yaml_parser_t parser;
    yaml_event_type_t type = YAML_NO_EVENT;
    bool ok = yaml_parser_initialize(&parser) != 0;

    yaml_parser_set_input_file(&parser, f);
    while (ok && type != YAML_STREAM_END_EVENT) {
        yaml_event_t event;

        ok = yaml_parser_parse(&parser, &event) != 0;
        type = event.type;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

static bool json_values(FILE *f)
{
    json_t *v = json_loadf(f, JSON_REJECT_DUPLICATES, NULL);
    bool ok = v != NULL;

    json_decref(v);
    return ok;
}

static int bare(bool json, const char *path)
{
    FILE *f = fopen(path, "r");
    double begin = seconds();
    bool ok = f != NULL && (json ? json_values(f) : yaml_events(f));

    if (f != NULL)
        (void)fclose(f);
    (void)printf("%.2f %.0f\n", seconds() - begin, peak_mib());
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct sai_err e = { 0 };
    uint64_t count;

    if (argc != 4)
        return usage();
    if (strcmp(argv[1], "load") == 0 && num_u64(argv[3], strlen(argv[3]), &count, &e))
        return load(argv[2], count);
    return strcmp(argv[1], "bare") == 0 ? bare(strcmp(argv[2], "json") == 0, argv[3]) : usage();
}
