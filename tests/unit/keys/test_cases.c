/* SPDX-License-Identifier: Apache-2.0 */

/* Runs every case of tests/data/keys. A new case is a new directory; see case_dir.h. */

#include "case_dir.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, BAD_MIN = 60, GOOD_MIN = 12 };

/* Compares and shows both in full on a difference. */
static void check_text(const char *name, const struct buf *expected, const struct buf *got)
{
    const char *want = expected->len == 0 ? "" : expected->data;
    const char *have = got->len == 0 ? "" : got->data;

    if (strcmp(want, have) != 0)
        fail_msg("%s\n--- expected\n%s--- got\n%s---", name, want, have);
}

static void bad_case(void **state)
{
    const char *name = *state;
    struct case_dir c;
    struct sai_keyset *ks = NULL;
    AUTO(buf) struct buf expected = { 0 };
    AUTO(buf) struct buf got = { 0 };

    buf_init(&expected, TEXT_MAX);
    buf_init(&got, TEXT_MAX);
    case_enter(&c, "bad", name);
    assert_false(case_load(&c, &ks, &got));
    assert_null(ks);
    case_read(&c, "expected", &expected);
    case_leave(&c);
    check_text(name, &expected, &got);
}

static void put_key(struct buf *out, const struct sai_key *k)
{
    buf_printf(out, "key %s %s %s %s", sai_key_alg(k),
               sai_key_is_private(k) ? "private" : "public",
               sai_key_is_active(k) ? "active" : "-", sai_key_file(k));
}

/* Replaces the name of the key at the end of each "key" line by its kid as the openssl command
 * computes it; a "-" stays. */
static void resolve_kids(char *text, struct buf *out)
{
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char *name = strrchr(line, ' ');
        AUTO_FREE char *command = NULL;
        AUTO(buf) struct buf kid = { 0 };

        if (strncmp(line, "key ", 4) != 0) {
            buf_printf(out, "%s\n", line);
            continue;
        }
        *name++ = '\0';
        buf_init(&kid, 100);
        assert_true(asprintf(&command, "kid %s", name) > 0);
        if (strcmp(name, "-") != 0)
            case_shell(command, &kid);
        buf_printf(out, "%s %s\n", line, kid.len == 0 ? "-" : kid.data);
    }
}

static void good_case(void **state)
{
    const char *name = *state;
    struct case_dir c;
    AUTO_FREE char *raw = NULL;
    struct sai_keyset *ks = NULL;
    AUTO(buf) struct buf text = { 0 };
    AUTO(buf) struct buf expected = { 0 };
    AUTO(buf) struct buf got = { 0 };

    buf_init(&text, TEXT_MAX);
    buf_init(&expected, TEXT_MAX);
    buf_init(&got, TEXT_MAX);
    case_enter(&c, "good", name);
    case_read(&c, "expected", &text);
    raw = buf_take(&text, NULL);
    resolve_kids(raw, &expected);
    if (case_load(&c, &ks, &got)) {
        for (size_t i = 0; i < sai_keyset_count(ks); i++) {
            const struct sai_key *k = sai_keyset_get(ks, i);

            put_key(&got, k);
            /* the kid of a key that was made for the case alone is not known */
            buf_printf(&got, " %s\n",
                       strstr(expected.data, "key.pem -\n") == NULL ? sai_key_id(k) : "-");
        }
    }
    sai_keyset_free(ks);
    case_leave(&c);
    check_text(name, &expected, &got);
}

static int set_up(void **state)
{
    (void)state;
    case_cache_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    case_cache_done();
    return 0;
}

static void enough_cases(void **state)
{
    const size_t *counts = *state;

    assert_true(counts[0] >= BAD_MIN);
    assert_true(counts[1] >= GOOD_MIN);
}

int main(void)
{
    static size_t counts[2];
    char **bad = case_names("bad", &counts[0]);
    char **good = case_names("good", &counts[1]);
    size_t n = 0;
    struct CMUnitTest *tests = calloc(counts[0] + counts[1] + 1, sizeof(*tests));
    int failed;

    if (tests == NULL || bad == NULL || good == NULL)
        return 1;
    for (size_t i = 0; i < counts[0]; i++)
        tests[n++] = (struct CMUnitTest){ bad[i], bad_case, NULL, NULL, bad[i] };
    for (size_t i = 0; i < counts[1]; i++)
        tests[n++] = (struct CMUnitTest){ good[i], good_case, NULL, NULL, good[i] };
    tests[n++] = (struct CMUnitTest){ "enough_cases", enough_cases, NULL, NULL, counts };
    failed = _cmocka_run_group_tests("key cases", tests, n, set_up, tear_down);
    for (size_t i = 0; i < counts[0]; i++)
        free(bad[i]);
    for (size_t i = 0; i < counts[1]; i++)
        free(good[i]);
    free(bad);
    free(good);
    free(tests);
    return failed;
}
