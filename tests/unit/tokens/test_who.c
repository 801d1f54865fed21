/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/review.h"
#include "tokens/who.h"
#include "unit.h"

#include <string.h>

static void expect(const struct who *w, const char *text, const char *key)
{
    assert_true(w->known);
    assert_string_equal(w->text, text);
    assert_int_equal(w->key_len, strlen(key));
    assert_memory_equal(w->text, key, strlen(key));
}

static void every_kind_of_caller_has_its_form(void **state)
{
    const struct token_caller peer = {
        .kind = CALLER_PEER, .uid = UINT32_MAX, .gid = 0, .pid = 4321
    };
    const struct token_caller certificate = { .kind = CALLER_CERTIFICATE, .user = "alice" };
    const struct kube_user user = { .username = "system:serviceaccount:ci:b", .uid = "u-1" };
    const struct kube_user person = { .username = "bob@example.com", .uid = "" };
    struct who w = { 0 };

    (void)state;
    who_set_peer(&w, &peer);
    expect(&w, "unix:uid=4294967295,gid=0,pid=4321", "unix:uid=4294967295,gid=0");
    who_set_certificate(&w, &certificate);
    expect(&w, "certificate:alice", "certificate:alice");
    who_set_user(&w, &user);
    expect(&w, "kubernetes:system:serviceaccount:ci:b (uid u-1)",
           "kubernetes:system:serviceaccount:ci:b (uid u-1)");
    who_set_user(&w, &person);
    expect(&w, "kubernetes:bob@example.com", "kubernetes:bob@example.com");
    who_set_pod(&w, "ci", "web-0");
    expect(&w, "pod:ci/web-0", "pod:ci/web-0");
}

static void long_names_are_cut(void **state)
{
    char name[2000];
    struct kube_user user = { .username = name, .uid = "u-1" };
    struct who w = { 0 };

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    who_set_user(&w, &user);
    assert_int_equal(strlen(w.text), WHO_BYTES - 1);
    assert_string_equal(w.text + WHO_BYTES - 5, "x...");
    /* The longest that fits is whole. */
    name[WHO_BYTES - 4 - strlen("kubernetes:")] = '\0';
    user.uid = "";
    who_set_user(&w, &user);
    assert_int_equal(strlen(w.text), WHO_BYTES - 4);
    assert_null(strstr(w.text, "..."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_caller_has_its_form),
        cmocka_unit_test(long_names_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
