/* SPDX-License-Identifier: Apache-2.0 */

/* Jobs that ask a Kubernetes API which is not there, or which never answers: no token, no job
 * that is lost, and an end to it. */

#include "desk_fixture.h"
#include "tokens/inside.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <sys/socket.h>

#define AUDIENCE "sa-issuerd"

struct cluster {
    struct fixture *base;
    int socket; /* listens and never accepts; -1: closed */
    unsigned port;
    sem_t woken;
};

static void set_conf(struct snapshot *s, const char *kubeconfig)
{
    struct conf *c = s->conf;

    c->accounts.kubernetes = (struct conf_kubernetes){
        .present = true, .kubeconfig = kubeconfig, .max_age_ms = 120000, .timeout_ms = 60000
    };
    c->callers.kubernetes.audience = AUDIENCE;
    c->callers.kubernetes.certificates = true;
    c->callers.exchange = true;
}

static void listen_somewhere(struct cluster *c)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(at);

    c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(c->socket >= 0);
    assert_int_equal(bind(c->socket, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(c->socket, 64), 0);
    assert_int_equal(getsockname(c->socket, (struct sockaddr *)&at, &len), 0);
    c->port = ntohs(at.sin_port);
}

static void make_desk(struct cluster *c)
{
    struct fixture *f = c->base;
    EVP_PKEY *key = temp_key_new("EC");
    AUTO(snapshot) struct snapshot *s = state_current(f->state);
    static char path[TEMP_PATH_SIZE];
    char text[512];
    struct sai_err e = { 0 };

    temp_certificate_write(&f->temp, "ca.crt", key, -10, 3600);
    EVP_PKEY_free(key);
    (void)snprintf(text, sizeof(text),
                   "current-context: c\n"
                   "contexts: [{ name: c, context: { cluster: c, user: u } }]\n"
                   "clusters: [{ name: c, cluster: { server: \"https://127.0.0.1:%u\","
                   " certificate-authority: ca.crt } }]\n"
                   "users: [{ name: u, user: { token: secret } }]\n",
                   c->port);
    temp_write(&f->temp, "kubeconfig", text);
    (void)chmod(temp_path(&f->temp, "kubeconfig", path), 0600);
    set_conf(s, path);
    token_clerk_free(f->clerk);
    token_desk_free(f->desk);
    f->clerk = NULL;
    f->desk = NULL;
    if (!token_desk_new(f->state, &f->desk, &e))
        fail_msg("%s", e.text);
    assert_true(token_clerk_new(f->desk, &f->clerk, &e));
}

static int setup(void **state)
{
    struct cluster *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    assert_int_equal(sem_init(&c->woken, 0, 0), 0);
    assert_int_equal(fixture_setup((void **)&c->base), 0);
    listen_somewhere(c);
    make_desk(c);
    *state = c;
    return 0;
}

/* Nobody listens at that port any more. */
static int setup_dead(void **state)
{
    struct cluster *c;

    (void)setup(state);
    c = *state;
    assert_int_equal(close(c->socket), 0);
    c->socket = -1;
    return 0;
}

static int teardown(void **state)
{
    struct cluster *c = *state;

    (void)fixture_teardown((void **)&c->base);
    if (c->socket >= 0)
        (void)close(c->socket);
    (void)sem_destroy(&c->woken);
    free(c);
    return 0;
}

static void wake(void *owner)
{
    struct cluster *c = owner;

    assert_int_equal(sem_post(&c->woken), 0);
}

static void await_wake(struct cluster *c)
{
    struct timespec until;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &until), 0);
    until.tv_sec += 60;
    assert_int_equal(sem_timedwait(&c->woken, &until), 0);
}

static struct token_job *start(struct cluster *c, const char *path, struct token_caller caller)
{
    static const char form[] =
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
        "&subject_token=a.b.c&audience=aws"
        "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";
    bool exchange = strcmp(path, "/token") == 0;
    struct token_job_input in = {
        .content_type = exchange ? "application/x-www-form-urlencoded" : "application/json",
        .body = exchange ? form : FIXTURE_BODY,
        .body_len = strlen(exchange ? form : FIXTURE_BODY),
        .caller = caller,
        .wake = wake,
        .owner = c,
    };
    struct token_job *j;

    assert_int_not_equal(token_path_match("", path, &in.path), TOKEN_PATH_NONE);
    fixture_use(c->base);
    j = token_job_new(c->base->clerk, &in);
    assert_non_null(j);
    return j;
}

static struct token_caller bearer(void)
{
    return (struct token_caller){ .kind = CALLER_BEARER, .token = "a.b.c" };
}

static struct token_caller certificate(void)
{
    return (struct token_caller){ .kind = CALLER_CERTIFICATE, .user = "alice" };
}

/* Runs it as a server does, until it is done. */
static void finish(struct cluster *c, struct token_job *j)
{
    while (token_job_run(j) == TOKEN_JOB_WAITS) {
        token_job_arm(j);
        await_wake(c);
    }
}

static void expect_unavailable(struct token_job *j, const char *retry_after)
{
    assert_int_equal(token_job_answer(j)->status, 503);
    assert_string_equal(fixture_header(j, "Retry-After"), retry_after);
    assert_null(strstr(token_job_body(j)->data, "eyJ"));
}

static void every_kind_of_caller_is_refused_when_nobody_answers(void **state)
{
    struct cluster *c = *state;
    const struct token_caller callers[] = { bearer(), certificate(), fixture_peer(0) };

    for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
        AUTO(token_job) struct token_job *j = start(c, FIXTURE_PATH, callers[i]);

        finish(c, j);
        expect_unavailable(j, "5");
    }
    {
        AUTO(token_job) struct token_job *j = start(c, "/token", bearer());

        finish(c, j);
        expect_unavailable(j, "5");
    }
}

/* Woken exactly once for each time that it was armed, however the two threads meet. */
static void a_job_is_woken_once(void **state)
{
    struct cluster *c = *state;

    for (unsigned i = 0; i < 200; i++) {
        AUTO(token_job) struct token_job *j = start(c, FIXTURE_PATH, bearer());
        int left = -1;

        finish(c, j);
        assert_int_equal(sem_getvalue(&c->woken, &left), 0);
        assert_int_equal(left, 0);
    }
}

static void a_job_may_be_given_up_before_it_is_armed(void **state)
{
    struct cluster *c = *state;

    for (unsigned i = 0; i < 50; i++) {
        AUTO(token_job)
        struct token_job *j = start(c, i % 2 == 0 ? FIXTURE_PATH : "/token", bearer());

        (void)token_job_run(j);
    }
}

static void garbage_does_not_crowd_out_everything(void **state)
{
    struct cluster *c = *state;
    struct token_job *jobs[DESK_REVIEWS_MAX];
    AUTO(token_job) struct token_job *late = NULL;
    AUTO(buf) struct buf metrics;

    buf_init(&metrics, 1 << 20);
    for (size_t i = 0; i < DESK_REVIEWS_MAX; i++) {
        jobs[i] = start(c, FIXTURE_PATH, bearer());
        assert_int_equal(token_job_run(jobs[i]), TOKEN_JOB_WAITS);
    }
    late = start(c, FIXTURE_PATH, bearer());
    assert_int_equal(token_job_run(late), TOKEN_JOB_DONE);
    expect_unavailable(late, "1");
    token_desk_put_metrics(c->base->desk, &metrics);
    assert_non_null(strstr(metrics.data, "\nsa_issuerd_token_requests_waiting 128\n"));
    for (size_t i = 0; i < DESK_REVIEWS_MAX; i++)
        token_job_free(jobs[i]);
    buf_reset(&metrics);
    token_desk_put_metrics(c->base->desk, &metrics);
    assert_non_null(strstr(metrics.data, "\nsa_issuerd_token_requests_waiting 0\n"));
}

static void closing_wakes_and_refuses(void **state)
{
    struct cluster *c = *state;
    AUTO(token_job) struct token_job *waits = start(c, FIXTURE_PATH, bearer());
    AUTO(token_job) struct token_job *late = NULL;

    assert_int_equal(token_job_run(waits), TOKEN_JOB_WAITS);
    token_job_arm(waits);
    token_desk_close(c->base->desk);
    await_wake(c);
    assert_int_equal(token_job_run(waits), TOKEN_JOB_DONE);
    expect_unavailable(waits, "5");
    late = start(c, FIXTURE_PATH, bearer());
    assert_int_equal(token_job_run(late), TOKEN_JOB_DONE);
    expect_unavailable(late, "5");
}

static void what_is_no_token_is_not_asked_about(void **state)
{
    struct cluster *c = *state;
    struct token_caller caller = bearer();
    AUTO(token_job) struct token_job *j = NULL;

    caller.token = "no token";
    j = start(c, FIXTURE_PATH, caller);
    assert_int_equal(token_job_run(j), TOKEN_JOB_DONE);
    assert_int_equal(token_job_answer(j)->status, 401);
}

static void a_kubeconfig_that_cannot_be_used_is_an_error(void **state)
{
    struct cluster *c = *state;
    AUTO(snapshot) struct snapshot *s = state_current(c->base->state);
    struct token_desk *d = NULL;
    struct sai_err e = { 0 };

    s->conf->accounts.kubernetes.kubeconfig = "/nowhere/kubeconfig";
    assert_false(token_desk_new(c->base->state, &d, &e));
    assert_int_equal(e.code, SAI_E_NOTFOUND);
    e = (struct sai_err){ 0 };
    s->conf->accounts.kubernetes.kubeconfig = NULL; /* and this is no pod */
    assert_false(token_desk_new(c->base->state, &d, &e));
    e = (struct sai_err){ 0 };
    s->conf->accounts.kubernetes.present = false;
    s->conf->audit.file = "/nowhere/audit.log";
    assert_false(token_desk_new(c->base->state, &d, &e));
    assert_string_equal(e.file, "/nowhere/audit.log");
}

#define CASE(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_kind_of_caller_is_refused_when_nobody_answers, setup_dead),
        CASE(a_job_is_woken_once, setup_dead),
        CASE(a_job_may_be_given_up_before_it_is_armed, setup),
        CASE(a_job_may_be_given_up_before_it_is_armed, setup_dead),
        CASE(garbage_does_not_crowd_out_everything, setup),
        CASE(closing_wakes_and_refuses, setup),
        CASE(what_is_no_token_is_not_asked_about, setup),
        CASE(a_kubeconfig_that_cannot_be_used_is_an_error, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
