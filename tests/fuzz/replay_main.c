/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a fuzz target over the files of its corpus directory, so that every input that once
 * taught us something is tried again in the normal test run. */

#include "base/buf.h"
#include "base/file.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay(const char *dir, const char *name)
{
    AUTO_FREE char *path = NULL;
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, 1 << 20);
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return false;
    if (!file_read(path, 1 << 20, &b, NULL, &e)) {
        (void)fprintf(stderr, "%s: %s\n", path, e.text);
        return false;
    }
    (void)LLVMFuzzerTestOneInput((const uint8_t *)b.data, b.len);
    return true;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    unsigned count = 0;
    bool ok = dir != NULL;

    while (ok && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        ok = replay(argv[1], entry->d_name);
        count++;
    }
    if (dir != NULL)
        (void)closedir(dir);
    (void)printf("%u inputs replayed\n", count);
    return ok && count > 0 ? 0 : 1;
}
