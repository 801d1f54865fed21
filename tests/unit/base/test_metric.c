/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric.h"
#include "unit.h"

#include <string.h>

static void writes_the_text_format(void **state)
{
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 4096);
    metric_family(&b, "a_total", "counter", "What it is.");
    metric_u64(&b, "a_total", NULL, 18446744073709551615U);
    metric_u64(&b, "a_total", METRIC_LABELS({ "x", "1" }), 2);
    metric_u64(&b, "a_total", METRIC_LABELS({ "x", "q\"b\\n\nl" }, { "y", "" }), 3);
    metric_ns(&b, "s", NULL, 1);
    metric_ns(&b, "s", METRIC_LABELS({ "x", "1" }), 12000000345U);
    assert_string_equal(b.data, "# HELP a_total What it is.\n"
                                "# TYPE a_total counter\n"
                                "a_total 18446744073709551615\n"
                                "a_total{x=\"1\"} 2\n"
                                "a_total{x=\"q\\\"b\\\\n\\nl\",y=\"\"} 3\n"
                                "s 0.000000001\n"
                                "s{x=\"1\"} 12.000000345\n");
}

static void buckets_are_cumulative_and_bounds_inclusive(void **state)
{
    struct histogram one = { 0 };
    struct histogram two = { 0 };
    struct histogram_sum sum = { 0 };
    AUTO(buf) struct buf b;

    (void)state;
    histogram_observe(&one, 0);
    histogram_observe(&one, 50000);       /* on the bound of the first */
    histogram_observe(&one, 50001);       /* the second */
    histogram_observe(&two, 5000000000U); /* the last bound */
    histogram_observe(&two, 5000000001U); /* beyond */
    histogram_add(&sum, &one);
    histogram_add(&sum, &two);
    buf_init(&b, 8192);
    metric_histogram(&b, "d", METRIC_LABELS({ "r", "x" }), &sum);
    assert_non_null(strstr(b.data, "d_bucket{r=\"x\",le=\"5e-05\"} 2\n"));
    assert_non_null(strstr(b.data, "d_bucket{r=\"x\",le=\"0.0001\"} 3\n"));
    assert_non_null(strstr(b.data, "d_bucket{r=\"x\",le=\"1\"} 3\n"));
    assert_non_null(strstr(b.data, "d_bucket{r=\"x\",le=\"5\"} 4\n"));
    assert_non_null(strstr(b.data, "d_bucket{r=\"x\",le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(b.data, "d_sum{r=\"x\"} 10.000100002\n"));
    assert_non_null(strstr(b.data, "d_count{r=\"x\"} 5\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_text_format),
        cmocka_unit_test(buckets_are_cumulative_and_bounds_inclusive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
