/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "temp.h"
#include "unit.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

struct capture {
    struct temp temp;
    int saved;
    char text[65536];
};

/* Runs f with standard error going to a file, and gives what it wrote. */
static void capture(struct capture *c, void (*f)(void))
{
    char path[TEMP_PATH_SIZE];
    FILE *file;
    size_t len;

    temp_init(&c->temp);
    c->saved = dup(STDERR_FILENO);
    file = fopen(temp_path(&c->temp, "log", path), "w+");
    assert_non_null(file);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    f();
    assert_int_equal(dup2(c->saved, STDERR_FILENO), STDERR_FILENO);
    (void)close(c->saved);
    rewind(file);
    len = fread(c->text, 1, sizeof(c->text) - 1, file);
    c->text[len] = '\0';
    (void)fclose(file);
    temp_done(&c->temp);
}

static void write_hostile_line(void)
{
    log_info("event", LOG_STR("value", "a\n{\"level\":\"error\"}\x1b[31m\""), LOG_I64("n", -5));
}

static void input_cannot_forge_a_json_line(void **state)
{
    static struct capture c;
    json_error_t error;
    json_t *line;

    (void)state;
    log_setup(LOG_JSON, LOG_INFO);
    capture(&c, write_hostile_line);
    assert_ptr_equal(strchr(c.text, '\n'), c.text + strlen(c.text) - 1);
    line = json_loads(c.text, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "msg")), "event");
    assert_string_equal(json_string_value(json_object_get(line, "level")), "info");
    assert_string_equal(json_string_value(json_object_get(line, "value")),
                        "a\n{\"level\":\"error\"}\x1b[31m\"");
    assert_int_equal(json_integer_value(json_object_get(line, "n")), -5);
    json_decref(line);
}

static void input_cannot_forge_a_text_line(void **state)
{
    static struct capture c;

    (void)state;
    log_setup(LOG_TEXT, LOG_INFO);
    capture(&c, write_hostile_line);
    assert_ptr_equal(strchr(c.text, '\n'), c.text + strlen(c.text) - 1);
    assert_non_null(strstr(
        c.text,
        "Z info  event value=\"a\\n{\\\"level\\\":\\\"error\\\"}\\u001b[31m\\\"\" n=-5"));
}

static void write_all_levels(void)
{
    log_debug("one");
    log_info("two");
    log_warn("three");
    log_error("four");
}

static void the_level_decides(void **state)
{
    static struct capture c;

    (void)state;
    log_setup(LOG_TEXT, LOG_WARN);
    capture(&c, write_all_levels);
    assert_null(strstr(c.text, "one"));
    assert_null(strstr(c.text, "two"));
    assert_non_null(strstr(c.text, "Z warn  three\n"));
    assert_non_null(strstr(c.text, "Z error four\n"));
}

static void write_long_value(void)
{
    static char value[5000];

    memset(value, 'x', sizeof(value) - 1);
    log_warn("long", LOG_STR("value", value));
}

static void a_long_value_is_cut(void **state)
{
    static struct capture c;

    (void)state;
    capture(&c, write_long_value);
    assert_int_equal(strspn(strstr(c.text, "xxx"), "x"), 1024);
}

static void *log_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++)
        log_warn("abcdefghij");
    return NULL;
}

static void write_from_threads(void)
{
    pthread_t threads[4];

    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        (void)pthread_create(&threads[i], NULL, log_many, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        (void)pthread_join(threads[i], NULL);
}

static void lines_of_threads_do_not_mix(void **state)
{
    static struct capture c;
    size_t lines = 0;

    (void)state;
    log_setup(LOG_TEXT, LOG_INFO);
    capture(&c, write_from_threads);
    for (const char *line = c.text; *line != '\0'; lines++) {
        size_t len = strcspn(line, "\n");

        assert_int_equal(len, strlen("2026-11-23T14:25:27.123Z warn  abcdefghij"));
        line += len + 1;
    }
    assert_int_equal(lines, 800);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_cannot_forge_a_json_line),
        cmocka_unit_test(input_cannot_forge_a_text_line),
        cmocka_unit_test(the_level_decides),
        cmocka_unit_test(a_long_value_is_cut),
        cmocka_unit_test(lines_of_threads_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
