/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/counts.h"
#include "unit.h"

#include <pthread.h>
#include <string.h>

static void each_issuer_is_counted_for_itself(void **state)
{
    struct counts c = { 0 };
    struct issuer_counts *a = counts_of_issuer(&c, "https://a");
    struct issuer_counts *b = counts_of_issuer(&c, "https://b");
    struct sai_err e = { 0 };
    AUTO(buf) struct buf text;

    (void)state;
    buf_init(&text, 65536);
    assert_non_null(a);
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(counts_of_issuer(&c, "https://a"), a);
    count(&a->by_kind[REFUSED_NOT]);
    count(&a->by_kind[REFUSED_NOT]);
    count(&b->by_kind[REFUSED_TOO_MANY]);
    count(&c.reviews[REVIEW_ACCESS][KUBE_REFUSED]);
    counts_put(&c, &text);
    assert_true(buf_ok(&text, &e));
    assert_non_null(
        strstr(text.data, "sa_issuerd_tokens_issued_total{issuer=\"https://a\"} 2\n"));
    assert_non_null(
        strstr(text.data, "sa_issuerd_tokens_issued_total{issuer=\"https://b\"} 0\n"));
    assert_non_null(strstr(text.data, "sa_issuerd_tokens_refused_total{issuer=\"https://b\","
                                      "reason=\"too_many\"} 1\n"));
    assert_null(strstr(text.data, "tokens_refused_total{issuer=\"https://a\""));
    assert_non_null(strstr(text.data, "sa_issuerd_kubernetes_reviews_total{review=\"access\","
                                      "verdict=\"refused\"} 1\n"));
    counts_done(&c);
}

/* Every reason has a name. */
static void every_refusal_has_its_reason(void **state)
{
    struct counts c = { 0 };
    struct issuer_counts *a = counts_of_issuer(&c, "https://a");
    AUTO(buf) struct buf text;
    size_t lines = 0;

    (void)state;
    buf_init(&text, 65536);
    assert_non_null(a);
    for (size_t k = 0; k < REFUSED_KINDS; k++)
        count(&a->by_kind[k]);
    counts_put(&c, &text);
    for (const char *p = text.data; (p = strstr(p, ",reason=\"")) != NULL; p++) {
        lines++;
        assert_int_not_equal(p[strlen(",reason=\"")], '"');
    }
    assert_int_equal(lines, REFUSED_KINDS - 1);
    counts_done(&c);
}

enum { THREADS = 8 };

static void *find(void *arg)
{
    return counts_of_issuer(arg, "https://a");
}

static void threads_find_the_same(void **state)
{
    struct counts c = { 0 };
    pthread_t threads[THREADS];
    void *found[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find, &c), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &found[i]), 0);
        assert_non_null(found[i]);
        assert_ptr_equal(found[i], found[0]);
    }
    counts_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_issuer_is_counted_for_itself),
        cmocka_unit_test(every_refusal_has_its_reason),
        cmocka_unit_test(threads_find_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
