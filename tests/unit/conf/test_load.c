/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_text.h"
#include "temp.h"

#include <sys/stat.h>

static void check_refused(const char *file, enum sai_err_code code, const char *text)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct conf *c = NULL;
    const struct sai_err *e;

    assert_non_null(r);
    assert_false(conf_load(file, &c, r));
    assert_null(c);
    assert_int_equal(sai_report_count(r), 1);
    e = sai_report_get(r, 0, NULL);
    assert_int_equal(e->code, code);
    assert_string_equal(e->file, file);
    assert_string_equal(e->text, text);
}

static void files_that_are_none(void **state)
{
    char path[TEMP_PATH_SIZE];
    struct temp t;

    (void)state;
    temp_init(&t);
    check_refused(temp_path(&t, "absent.yaml", path), SAI_E_NOTFOUND,
                  "cannot open: No such file or directory");
    check_refused(t.dir, SAI_E_INVALID, "not a regular file but a directory");
    temp_path(&t, "fifo", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    check_refused(path, SAI_E_INVALID, "not a regular file but a FIFO");
    temp_path(&t, "loop", path);
    assert_int_equal(symlink("loop", path), 0);
    check_refused(path, SAI_E_IO, "cannot open: Too many levels of symbolic links");
    temp_done(&t);
}

/* The minimal configuration with a comment that makes it so long. */
static void write_padded(const struct temp *t, const char *name, size_t size)
{
    AUTO_FREE char *text = malloc(size + 1);

    assert_non_null(text);
    memset(text, 'x', size);
    text[size] = '\0';
    memcpy(text, CONF_MINIMAL "#", strlen(CONF_MINIMAL "#"));
    temp_write(t, name, text);
}

static void the_size_limit_is_exact(void **state)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(conf) struct conf *c = NULL;
    char path[TEMP_PATH_SIZE];
    struct temp t;

    (void)state;
    temp_init(&t);
    temp_path(&t, "conf.yaml", path);
    write_padded(&t, "conf.yaml", 1 << 20);
    assert_true(conf_load(path, &c, r));
    write_padded(&t, "conf.yaml", (1 << 20) + 1);
    check_refused(path, SAI_E_LIMIT, "larger than the limit of 1048576 bytes");
    temp_done(&t);
}

static void paths_are_relative_to_the_file(void **state)
{
    static const char text[] = CONF_HEAD CONF_LISTENERS
        "issuers: [{ url: https://oidc.example.com, role: federation,\n"
        "  keys: { files: [keys, /abs/k.pem], signing: [a.pem, x/b.pem] } }]\n";
    static const struct {
        const char *file;
        const char *first;
        const char *signing;
    } rows[] = {
        { "/etc/sa-issuerd/conf.yaml", "/etc/sa-issuerd/keys", "/etc/sa-issuerd/x/b.pem" },
        { "/conf.yaml", "/keys", "/x/b.pem" },
        { "conf.yaml", "keys", "x/b.pem" },
        { "sub/conf.yaml", "sub/keys", "sub/x/b.pem" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(conf) struct conf *c = conf_text_parse(rows[i].file, text);
        const struct conf_keys *keys = &c->issuers[0].keys;

        assert_string_equal(c->file, rows[i].file);
        assert_string_equal(keys->files.items[0], rows[i].first);
        assert_string_equal(keys->files.items[1], "/abs/k.pem");
        assert_string_equal(keys->signing.items[0], "a.pem");
        assert_string_equal(keys->signing.items[1], rows[i].signing);
    }
}

/* As JSON {"a":"xxx"} without the braces; the limit counts these bytes. */
static void extra_is_limited(void **state)
{
    enum { LIMIT = 65536, AROUND = 6 };

    (void)state;
    for (int over = 0; over <= 1; over++) {
        AUTO(sai_report) struct sai_report *r = sai_report_new();
        AUTO(conf) struct conf *c = NULL;
        AUTO(buf) struct buf text;

        buf_init(&text, 1 << 20);
        buf_str(&text, CONF_HEAD CONF_LISTENERS "issuers:\n"
                                                "- url: https://oidc.example.com\n"
                                                "  role: publish\n"
                                                "  keys: { files: [sa.pub] }\n"
                                                "  discovery: { extra: { a: ");
        for (int i = 0; i < LIMIT - AROUND + over; i++)
            buf_char(&text, 'x');
        buf_str(&text, " } }\n");
        assert_int_equal(conf_parse("c.yaml", text.data, text.len, &c, r), over == 0);
        if (over == 0)
            assert_int_equal(strlen(c->issuers[0].discovery.extra_json), LIMIT);
        else
            assert_string_equal(sai_report_get(r, 0, NULL)->text,
                                "as JSON longer than 65536 bytes");
    }
}

static void mistakes_without_end_are_counted(void **state)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(conf) struct conf *c = NULL;
    AUTO(buf) struct buf text;

    (void)state;
    buf_init(&text, 65536);
    buf_str(&text, CONF_MINIMAL);
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "key%d: 1\n", i);
    assert_false(conf_parse("c.yaml", text.data, text.len, &c, r));
    assert_int_equal(sai_report_total(r, SAI_ERROR), 500);
    assert_int_equal(sai_report_count(r), 100);
}

static void free_takes_null(void **state)
{
    (void)state;
    conf_free(NULL);
}

/* The examples that are shipped must be right. */
static void shipped_files(void **state)
{
    static const char *const files[] = { "quickstart.yaml", "sa-issuerd.yaml" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        AUTO(sai_report) struct sai_report *r = sai_report_new();
        AUTO(conf) struct conf *c = NULL;
        AUTO_FREE char *path = NULL;
        AUTO(buf) struct buf problems;

        buf_init(&problems, 65536);
        assert_true(asprintf(&path, "%s/../../config/%s", TEST_DATA, files[i]) > 0);
        if (!conf_load(path, &c, r) || sai_report_count(r) != 0) {
            conf_text_put_report(&problems, r);
            fail_msg("%s", problems.data);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(the_size_limit_is_exact),
        cmocka_unit_test(paths_are_relative_to_the_file),
        cmocka_unit_test(extra_is_limited),
        cmocka_unit_test(mistakes_without_end_are_counted),
        cmocka_unit_test(free_takes_null),
        cmocka_unit_test(shipped_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
