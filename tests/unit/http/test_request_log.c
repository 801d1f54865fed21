/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request_log.h"
#include "unit.h"

static void the_configuration_decides(void **state)
{
    struct request_log l = { 0 };

    (void)state;
    assert_true(request_log_wants(&l, CONF_LOG_ALL, 200));
    assert_true(request_log_wants(&l, CONF_LOG_ALL, 404));
    assert_false(request_log_wants(&l, CONF_LOG_FAILED, 200));
    assert_false(request_log_wants(&l, CONF_LOG_FAILED, 304));
    assert_true(request_log_wants(&l, CONF_LOG_FAILED, 400));
    assert_false(request_log_wants(&l, CONF_LOG_NONE, 500));
}

static void failures_do_not_flood_the_log(void **state)
{
    struct request_log l = { 0 };
    unsigned passed = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        passed += request_log_wants(&l, CONF_LOG_FAILED, 404);
    /* the second may have turned on the way */
    assert_in_range(passed, REQUEST_LOG_FAILED_PER_S, 2 * REQUEST_LOG_FAILED_PER_S);
    assert_int_equal(l.suppressed, 1000 - passed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configuration_decides),
        cmocka_unit_test(failures_do_not_flood_the_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
