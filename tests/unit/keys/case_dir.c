/* SPDX-License-Identifier: Apache-2.0 */
#include "case_dir.h"

#include "base/err.h"
#include "base/file.h"
#include "base/num.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, TEXT_MAX = 1 << 20 };

static char cache[] = "/tmp/sa-keys-cache-XXXXXX";
static const char data[] = TEST_DATA "/keys";

static void remove_tree(const char *path)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        (void)execlp("rm", "rm", "-rf", path, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(pid, &status, 0);
}

void case_cache_new(void)
{
    assert_non_null(mkdtemp(cache));
    assert_int_equal(setenv("CACHE", cache, 1), 0);
    assert_int_equal(setenv("DATA", data, 1), 0);
}

void case_cache_done(void)
{
    remove_tree(cache);
}

static void read_all(int fd, struct buf *out)
{
    char chunk[4096];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
        if (out != NULL)
            buf_add(out, chunk, (size_t)n);
    }
}

void case_shell(const char *text, struct buf *out)
{
    AUTO_FREE char *script = NULL;
    int fds[2];
    int status = -1;
    pid_t pid;

    assert_true(asprintf(&script, "umask 077; . '%s/lib.sh'; %s", data, text) > 0);
    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        (void)dup2(fds[1], STDOUT_FILENO);
        (void)close(fds[0]);
        (void)close(fds[1]);
        (void)execlp("sh", "sh", "-eu", "-c", script, (char *)NULL);
        _exit(127);
    }
    (void)close(fds[1]);
    read_all(fds[0], out);
    (void)close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

void case_read(const struct case_dir *c, const char *file, struct buf *out)
{
    AUTO_FREE char *path = NULL;
    struct sai_err e = { 0 };

    assert_true(asprintf(&path, "%s/%s", c->source, file) > 0);
    if (!file_read(path, TEXT_MAX, out, NULL, &e))
        fail_msg("%s: %s", path, e.text);
}

static size_t split_words(char *words, const char **out, size_t max)
{
    char *save = NULL;
    size_t n = 0;

    for (char *w = strtok_r(words, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        assert_true(n < max);
        out[n++] = w;
    }
    return n;
}

static size_t number_of(const char *text)
{
    struct sai_err e = { 0 };
    uint64_t v = 0;

    assert_true(num_u64(text, strlen(text), &v, &e));
    return (size_t)v;
}

static void read_option(struct case_dir *c, char *line)
{
    char *value = strchr(line, ' ');

    if (value == NULL)
        value = line + strlen(line);
    else
        *value++ = '\0';
    if (strcmp(line, "paths") == 0)
        c->options.path_count = split_words(value, c->paths, ARRAY_SIZE(c->paths));
    else if (strcmp(line, "signing") == 0)
        c->options.signing_count = split_words(value, c->signing, ARRAY_SIZE(c->signing));
    else if (strcmp(line, "passphrase") == 0)
        c->options.passphrase_file = value;
    else if (strcmp(line, "allow-ed25519") == 0)
        c->options.allow_ed25519 = true;
    else if (strcmp(line, "max-keys") == 0)
        c->options.max_keys = number_of(value);
    else if (strcmp(line, "max-file-bytes") == 0)
        c->options.max_file_bytes = number_of(value);
    else if (strcmp(line, "user") == 0)
        c->as_nobody = true;
    else
        fail_msg("%s: unknown option %s", c->source, line);
}

static void read_options(struct case_dir *c)
{
    AUTO_FREE char *path = NULL;
    AUTO(buf) struct buf text = { 0 };
    char *save = NULL;

    c->options.paths = c->paths;
    c->options.signing = c->signing;
    assert_true(asprintf(&path, "%s/options", c->source) > 0);
    buf_init(&text, TEXT_MAX);
    if (access(path, F_OK) == 0)
        case_read(c, "options", &text);
    else
        buf_str(&text, "paths key.pem");
    assert_true(text.len < sizeof(c->option_text));
    memcpy(c->option_text, text.data, text.len + 1);
    for (char *line = strtok_r(c->option_text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save))
        read_option(c, line);
}

void case_enter(struct case_dir *c, const char *kind, const char *name)
{
    AUTO_FREE char *make = NULL;

    *c = (struct case_dir){ .work = "/tmp/sa-keys-case-XXXXXX" };
    (void)snprintf(c->source, sizeof(c->source), "%s/%s/%s", data, kind, name);
    assert_non_null(mkdtemp(c->work));
    assert_int_equal(chmod(c->work, 0755), 0);
    assert_int_equal(chdir(c->work), 0);
    assert_true(asprintf(&make, ". '%s/make'", c->source) > 0);
    case_shell(make, NULL);
    read_options(c);
}

void case_leave(struct case_dir *c)
{
    assert_int_equal(chdir("/"), 0);
    remove_tree(c->work);
}

bool case_load(struct case_dir *c, struct sai_keyset **ks, struct buf *report)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    bool lower = c->as_nobody && geteuid() == 0;
    bool ok;

    assert_non_null(r);
    if (lower)
        assert_int_equal(seteuid(NOBODY), 0);
    ok = sai_keyset_load(&c->options, ks, r);
    if (lower)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(ok, sai_report_total(r, SAI_ERROR) == 0);
    for (size_t i = 0; i < sai_report_count(r); i++) {
        char text[1024];
        enum sai_severity severity;
        const struct sai_err *e = sai_report_get(r, i, &severity);

        buf_printf(report, "%s: %s\n", severity == SAI_ERROR ? "error" : "warning",
                   sai_err_format(e, text, sizeof(text)));
    }
    return ok;
}

static int is_case(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

char **case_names(const char *kind, size_t *count)
{
    AUTO_FREE char *dir = NULL;
    struct dirent **entries = NULL;
    char **names;
    int n;

    if (asprintf(&dir, "%s/%s", data, kind) < 0)
        abort();
    n = scandir(dir, &entries, is_case, alphasort);
    if (n <= 0)
        abort();
    names = calloc((size_t)n + 1, sizeof(*names));
    for (int i = 0; i < n && names != NULL; i++) {
        names[i] = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    *count = (size_t)n;
    return names;
}
