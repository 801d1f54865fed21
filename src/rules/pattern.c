/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/pattern.h"

#include "base/err.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* How far a match may go. A text of the longest size that matches by trying no alternatives
 * twice needs a few steps per byte; a pattern that doubles its work with each byte ends here
 * within milliseconds. */
enum {
    MATCH_STEPS_MAX = 200000,
    MATCH_DEPTH_MAX = 100000,
    MATCH_HEAP_MAX_KIB = 16384,
    JIT_STACK_FIRST = 32 << 10,
    JIT_STACK_MAX = 1 << 20, /* reserved, not used, until a match needs it */
};

struct pattern {
    pcre2_code *code;
};

struct pattern_run {
    pcre2_match_data *data;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack;
};

bool pattern_new(const char *text, struct pattern **out, struct sai_err *e)
{
    /* The subject was checked to be UTF-8 before: \C could leave a character half matched. A $
     * is the end and never the line feed before it. */
    const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED |
                             PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    AUTO(pattern) struct pattern *p = NULL;
    unsigned char message[160];
    PCRE2_SIZE offset;
    int error;

    if (strlen(text) > PATTERN_MAX_BYTES)
        return err_set(e, SAI_E_INVALID, "%zu bytes long: at most %d", strlen(text),
                       (int)PATTERN_MAX_BYTES);
    p = calloc(1, sizeof(*p));
    if (p == NULL)
        return err_nomem(e);
    p->code =
        pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, options, &error, &offset, NULL);
    if (p->code == NULL) {
        if (error == PCRE2_ERROR_HEAP_FAILED || error == PCRE2_ERROR_NOMEMORY)
            return err_nomem(e);
        (void)pcre2_get_error_message(error, message, sizeof(message));
        return err_set(e, SAI_E_INVALID, "at offset %zu: %s", (size_t)offset,
                       (const char *)message);
    }
    /* Where the system forbids memory that is written and then run, matching is interpreted. */
    (void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    *out = TAKE(p);
    return true;
}

void pattern_free(struct pattern *p)
{
    if (p == NULL)
        return;
    pcre2_code_free(p->code);
    free(p);
}

struct pattern_run *pattern_run_new(void)
{
    struct pattern_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return NULL;
    run->data = pcre2_match_data_create(1, NULL);
    run->limits = pcre2_match_context_create(NULL);
    run->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
    if (run->data == NULL || run->limits == NULL || run->stack == NULL) {
        pattern_run_free(run);
        return NULL;
    }
    (void)pcre2_set_match_limit(run->limits, MATCH_STEPS_MAX);
    (void)pcre2_set_depth_limit(run->limits, MATCH_DEPTH_MAX);
    (void)pcre2_set_heap_limit(run->limits, MATCH_HEAP_MAX_KIB);
    pcre2_jit_stack_assign(run->limits, NULL, run->stack);
    return run;
}

void pattern_run_free(struct pattern_run *run)
{
    if (run == NULL)
        return;
    pcre2_match_data_free(run->data);
    pcre2_match_context_free(run->limits);
    pcre2_jit_stack_free(run->stack);
    free(run);
}

enum pattern_answer
pattern_match(const struct pattern *p, struct pattern_run *run, const char *text, size_t len)
{
    int n = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_UTF_CHECK, run->data,
                        run->limits);

    if (n >= 0)
        return PATTERN_MATCHES;
    return n == PCRE2_ERROR_NOMATCH ? PATTERN_DIFFERS : PATTERN_GAVE_UP;
}
