/* SPDX-License-Identifier: Apache-2.0 */

/* Every mode of a key file: the accepted ones are exactly the documented ones. */

#include "base/err.h"
#include "case_dir.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODES = 01000 };

/* What was made of a file of that mode. */
struct outcome {
    bool ok;
    size_t warnings;
    enum sai_err_code code;
};

static struct outcome load(unsigned mode)
{
    static const char *const paths[] = { "key.pem" };
    const struct sai_keyset_options options = { .paths = paths, .path_count = 1 };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct sai_keyset *ks = NULL;
    struct outcome out = { 0 };

    assert_int_equal(chmod("key.pem", (mode_t)mode), 0);
    out.ok = sai_keyset_load(&options, &ks, r);
    out.warnings = sai_report_total(r, SAI_WARNING);
    if (!out.ok)
        out.code = sai_report_get(r, 0, NULL)->code;
    sai_keyset_free(ks);
    return out;
}

/* Root reads what the mode forbids. */
static bool is_readable(unsigned mode)
{
    return geteuid() == 0 || (mode & S_IRUSR) != 0;
}

/* Nothing for others, no writing for the group; reading by the group is warned of. */
static void a_private_key(void **state)
{
    size_t accepted = 0;

    (void)state;
    case_shell("key p256 >key.pem", NULL);
    for (unsigned mode = 0; mode < MODES; mode++) {
        bool expected = is_readable(mode) && (mode & 0027) == 0;
        struct outcome o = load(mode);

        if (o.ok != expected)
            fail_msg("mode %04o: %s", mode, o.ok ? "accepted" : "refused");
        if (o.ok)
            assert_int_equal(o.warnings, (mode & 0040) == 0 ? 0 : 1);
        else
            assert_int_equal(o.code, SAI_E_DENIED);
        accepted += o.ok ? 1 : 0;
    }
    assert_int_equal(accepted, geteuid() == 0 ? 32 : 16);
}

/* A public key may be read by all; only writing by others is refused. */
static void a_public_key(void **state)
{
    (void)state;
    assert_int_equal(unlink("key.pem"), 0);
    case_shell("pub p256 >key.pem", NULL);
    for (unsigned mode = 0; mode < MODES; mode++) {
        struct outcome o = load(mode);

        if (o.ok != (is_readable(mode) && (mode & 0002) == 0))
            fail_msg("mode %04o: %s", mode, o.ok ? "accepted" : "refused");
        assert_int_equal(o.warnings, 0);
    }
}

static char work[] = "/tmp/sa-keys-modes-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    case_cache_new();
    return mkdtemp(work) == NULL || chdir(work) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink("key.pem");
    case_cache_done();
    return chdir("/") != 0 || rmdir(work) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_private_key),
        cmocka_unit_test(a_public_key),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
