/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/backoff.h"
#include "unit.h"

static void assert_between(uint64_t v, uint64_t least, uint64_t most)
{
    assert_in_range(v, least, most);
}

static void doubles_to_its_limit(void **state)
{
    static const uint64_t steps[] = { 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };
    struct backoff b = { 0 };
    uint64_t now = 5;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        uint64_t ms = backoff_next(&b, now);

        assert_between(ms, steps[i], 2 * steps[i]);
        now += ms;
    }
    now += 2 * 60000 + BACKOFF_GOOD_MS; /* all was well since */
    assert_between(backoff_next(&b, now), 800, 1600);
    assert_between(backoff_next(&b, now), 1600, 3200);
    backoff_reset(&b);
    assert_between(backoff_next(&b, now), 800, 1600);
}

static void limits_of_its_own(void **state)
{
    struct backoff b = { .first_ms = 10, .most_ms = 15 };

    (void)state;
    assert_between(backoff_next(&b, 0), 10, 20);
    assert_between(backoff_next(&b, 0), 15, 30);
}

static void spreads(void **state)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint64_t ms = backoff_jitter(1000, 25);

        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_between(least, 1000, 1020);
    assert_between(most, 1230, 1250);
    assert_int_equal(backoff_jitter(0, 100), 0);
    assert_int_equal(backoff_jitter(7, 0), 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_to_its_limit),
        cmocka_unit_test(limits_of_its_own),
        cmocka_unit_test(spreads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
