/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/rate.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const uint64_t second = 1000000000;

static bool take(struct rates *r, const char *name, uint64_t per_s, uint64_t now_ns)
{
    unsigned wait_s = 0;
    bool taken = rates_take(r, name, strlen(name), per_s, now_ns, &wait_s);

    assert_int_equal(taken, wait_s == 0);
    return taken;
}

static unsigned take_many(struct rates *r, const char *name, uint64_t per_s, uint64_t now_ns)
{
    unsigned n = 0;

    while (n < 100000 && take(r, name, per_s, now_ns))
        n++;
    return n;
}

static void a_bucket_holds_a_second_and_fills_again(void **state)
{
    AUTO(rates) struct rates *r = rates_new();
    uint64_t t = 5 * second;

    (void)state;
    assert_int_equal(take_many(r, "a", 100, t), 100);
    assert_int_equal(take_many(r, "a", 100, t + second / 100), 1);
    assert_int_equal(take_many(r, "a", 100, t + second / 2), 49);
    assert_int_equal(take_many(r, "a", 100, t + 60 * second), 100);
}

static void even_the_smallest_lets_one_pass(void **state)
{
    AUTO(rates) struct rates *r = rates_new();
    unsigned wait_s = 0;

    (void)state;
    assert_int_equal(take_many(r, "a", 1, second), 1);
    assert_false(rates_take(r, "a", 1, 1, second, &wait_s));
    assert_int_equal(wait_s, 1);
    assert_false(take(r, "a", 1, second + second - 1));
    assert_true(take(r, "a", 1, second + second));
}

static void a_new_machine_is_no_exception(void **state)
{
    AUTO(rates) struct rates *r = rates_new();

    (void)state;
    assert_int_equal(take_many(r, "a", 10, 0), 10); /* the clock begins at 0 */
}

static void callers_do_not_share(void **state)
{
    AUTO(rates) struct rates *r = rates_new();

    (void)state;
    assert_int_equal(take_many(r, "a", 10, second), 10);
    assert_int_equal(take_many(r, "b", 10, second), 10);
    assert_int_equal(take_many(r, "a", 10, second), 0);
}

static void nothing_is_no_limit(void **state)
{
    AUTO(rates) struct rates *r = rates_new();
    unsigned wait_s = 0;

    (void)state;
    assert_int_equal(take_many(r, "a", 0, second), 100000);
    for (int i = 0; i < 100000; i++)
        assert_true(rates_take_shared(r, RATES_TOKENS, 0, second, &wait_s));
}

static void the_limit_may_change_at_any_time(void **state)
{
    AUTO(rates) struct rates *r = rates_new();

    (void)state;
    assert_int_equal(take_many(r, "a", 1000, second), 1000);
    assert_int_equal(take_many(r, "a", 1, second + 1), 0);
    assert_int_equal(take_many(r, "a", 1000, second + second / 10), 100);
}

static void more_than_any_clock_can_tell(void **state)
{
    AUTO(rates) struct rates *r = rates_new();

    (void)state;
    assert_int_equal(take_many(r, "a", UINT64_MAX, second), 100000);
}

/* However many strangers come, those who are over their limit stay so: of a full set it is the
 * fullest bucket that is forgotten. */
static void strangers_do_not_free_others(void **state)
{
    AUTO(rates) struct rates *r = rates_new();
    unsigned freed = 0;
    char name[32];

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "busy-%u", i);
        assert_int_equal(take_many(r, name, 10, second), 10);
    }
    for (unsigned i = 0; i < 20000; i++) {
        (void)snprintf(name, sizeof(name), "stranger-%u", i);
        assert_true(take(r, name, 10, second));
    }
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "busy-%u", i);
        freed += take(r, name, 10, second);
    }
    assert_int_equal(freed, 0);
}

enum { THREADS = 4 };

struct drain {
    struct rates *rates;
    unsigned total;
    unsigned own;
};

static void *drain(void *arg)
{
    struct drain *d = arg;
    unsigned wait_s;

    while (rates_take_shared(d->rates, RATES_TOKENS, 5000, second, &wait_s))
        d->total++;
    while (rates_take(d->rates, "a", 1, 5000, second, &wait_s))
        d->own++;
    return NULL;
}

static void threads_get_no_more_together(void **state)
{
    AUTO(rates) struct rates *r = rates_new();
    struct drain drains[THREADS] = { 0 };
    pthread_t threads[THREADS];
    unsigned total = 0;
    unsigned own = 0;

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        drains[i].rates = r;
        assert_int_equal(pthread_create(&threads[i], NULL, drain, &drains[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        total += drains[i].total;
        own += drains[i].own;
    }
    assert_int_equal(total, 5000);
    assert_int_equal(own, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_holds_a_second_and_fills_again),
        cmocka_unit_test(even_the_smallest_lets_one_pass),
        cmocka_unit_test(a_new_machine_is_no_exception),
        cmocka_unit_test(callers_do_not_share),
        cmocka_unit_test(nothing_is_no_limit),
        cmocka_unit_test(the_limit_may_change_at_any_time),
        cmocka_unit_test(more_than_any_clock_can_tell),
        cmocka_unit_test(strangers_do_not_free_others),
        cmocka_unit_test(threads_get_no_more_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
