/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "conf_text.h"

#define PAGE TEST_DATA "/../../docs/configuration.md"

enum { MAX_BYTES = 1 << 20 };

static void the_page_is_current(void **state)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf page;
    AUTO(buf) struct buf explained;

    (void)state;
    buf_init(&page, MAX_BYTES);
    buf_init(&explained, MAX_BYTES);
    conf_explain(&explained);
    assert_true(buf_ok(&explained, &e));
    if (!file_read(PAGE, MAX_BYTES, &page, NULL, &e))
        fail_msg("docs/configuration.md: %s", e.text);
    if (page.len != explained.len || memcmp(page.data, explained.data, page.len) != 0)
        fail_msg("docs/configuration.md is not current, run:\n"
                 "  sa-issuerd check --explain > docs/configuration.md");
}

/* Columns are padded to the longest row; that is not what is asked for here. */
static void squeeze_blanks(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != ' ' || from[1] != ' ')
            *to++ = *from;
    }
    *to = '\0';
}

static void explains(const char *text)
{
    AUTO(buf) struct buf b;

    buf_init(&b, MAX_BYTES);
    conf_explain(&b);
    squeeze_blanks(b.data);
    if (strstr(b.data, text) == NULL)
        fail_msg("the reference lacks: %s", text);
}

static void every_kind_of_row(void **state)
{
    (void)state;
    explains("## `issuers[].keys`\n");
    explains("| `headerTimeout` | duration | `10s` | 100ms to 10m ");
    explains("| `maxHeaderBytes` | size | `8KiB` | 1KiB to 1MiB | yes |");
    explains("| `federation`, `cluster`, `publish` |");
    explains("| to add or remove |");
    explains("It has the keys of `listeners.discovery`.");
    explains("| nesting | 32 ");
    explains("| `files` | list of paths | required | 1 to 64 paths ");
}

static void the_example_loads(void **state)
{
    static const char fence[] = "```yaml\n";
    AUTO(conf) struct conf *c = NULL;
    AUTO(buf) struct buf b;
    char *start;
    char *end;

    (void)state;
    buf_init(&b, MAX_BYTES);
    conf_explain(&b);
    start = strstr(b.data, fence);
    assert_non_null(start);
    start += strlen(fence);
    end = strstr(start, "```");
    assert_non_null(end);
    *end = '\0';
    c = conf_text_parse("example.yaml", start);
    assert_int_equal(c->issuer_count, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_current),
        cmocka_unit_test(every_kind_of_row),
        cmocka_unit_test(the_example_loads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
