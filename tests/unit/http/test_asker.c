/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"
#include "state/inputs.h"
#include "temp_keys.h"
#include "tokens/desk.h"
#include "tokens/job.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Requests that wait, at every speed that a wake can have. A stand-in takes the place of the
 * token service: its functions are found before those of the library. Its jobs answer with the
 * request's own body, after having waited as often as they are told to. */

enum waking { WAKE_IN_ARM, WAKE_BY_THREAD, WAKE_LATER };

struct token_job {
    token_wake_fn *wake;
    void *owner;
    unsigned waits; /* still to come */
    bool armed;
    struct token_job *next;
    struct issuance_answer answer;
    struct buf body;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum waking waking;
    unsigned waits;
    bool no_memory;
    bool closed; /* no job waits any more */
    struct token_job *armed;
    size_t armed_count;
    size_t made;
    size_t freed;
    size_t clerks;
} desk = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* In threads of the server, where no test can be left. */
static void must(bool ok)
{
    if (!ok)
        abort();
}

bool token_clerk_new(struct token_desk *d, struct token_clerk **out, struct sai_err *e)
{
    (void)d;
    (void)e;
    *out = malloc(1);
    (void)pthread_mutex_lock(&desk.lock);
    desk.clerks++;
    (void)pthread_mutex_unlock(&desk.lock);
    return *out != NULL;
}

void token_clerk_free(struct token_clerk *c)
{
    if (c == NULL)
        return;
    (void)pthread_mutex_lock(&desk.lock);
    desk.clerks--;
    (void)pthread_mutex_unlock(&desk.lock);
    free(c);
}

void token_clerk_use(struct token_clerk *c, struct snapshot *s)
{
    must(c != NULL);
    must(s != NULL);
}

void token_desk_put_metrics(struct token_desk *d, struct buf *b)
{
    (void)d;
    (void)b;
}

struct token_job *token_job_new(struct token_clerk *c, const struct token_job_input *in)
{
    struct token_job *j = calloc(1, sizeof(*j));

    must(j != NULL);
    must(c != NULL);
    must(in->caller.kind == CALLER_PEER);
    must(in->caller.uid == getuid());
    must(strcmp(in->path.name, "web") == 0);
    (void)pthread_mutex_lock(&desk.lock);
    j->waits = desk.waits;
    desk.made += !desk.no_memory;
    if (desk.no_memory)
        free(TAKE(j));
    (void)pthread_mutex_unlock(&desk.lock);
    if (j == NULL)
        return NULL;
    j->wake = in->wake;
    j->owner = in->owner;
    j->answer.status = 201;
    buf_init(&j->body, 1 << 20);
    buf_add(&j->body, in->body, in->body_len);
    return j;
}

void token_job_free(struct token_job *j)
{
    if (j == NULL)
        return;
    (void)pthread_mutex_lock(&desk.lock);
    must(!j->armed);
    desk.freed++;
    (void)pthread_mutex_unlock(&desk.lock);
    buf_done(&j->body);
    free(j);
}

enum token_progress token_job_run(struct token_job *j)
{
    bool done;

    (void)pthread_mutex_lock(&desk.lock);
    must(!j->armed);
    done = j->waits == 0 || desk.closed;
    (void)pthread_mutex_unlock(&desk.lock);
    if (!done)
        j->waits--;
    return done ? TOKEN_JOB_DONE : TOKEN_JOB_WAITS;
}

void token_job_arm(struct token_job *j)
{
    bool now;

    (void)pthread_mutex_lock(&desk.lock);
    now = desk.waking == WAKE_IN_ARM || desk.closed;
    if (!now) {
        j->armed = true;
        j->next = desk.armed;
        desk.armed = j;
        desk.armed_count++;
        (void)pthread_cond_broadcast(&desk.changed);
    }
    (void)pthread_mutex_unlock(&desk.lock);
    if (now)
        j->wake(j->owner);
}

const struct issuance_answer *token_job_answer(const struct token_job *j)
{
    return &j->answer;
}

const struct buf *token_job_body(const struct token_job *j)
{
    return &j->body;
}

/* Wakes what is armed; after that it may be gone. */
static void wake_all(void)
{
    struct token_job *list;

    (void)pthread_mutex_lock(&desk.lock);
    list = desk.armed;
    desk.armed = NULL;
    desk.armed_count = 0;
    for (struct token_job *j = list; j != NULL; j = j->next)
        j->armed = false;
    (void)pthread_mutex_unlock(&desk.lock);
    while (list != NULL) {
        struct token_job *j = list;

        list = j->next;
        j->wake(j->owner);
    }
}

static void *waker(void *cls)
{
    bool closed = false;

    while (!closed) {
        (void)pthread_mutex_lock(&desk.lock);
        while (desk.armed == NULL && !desk.closed)
            (void)pthread_cond_wait(&desk.changed, &desk.lock);
        closed = desk.closed;
        (void)pthread_mutex_unlock(&desk.lock);
        wake_all();
    }
    return cls;
}

static void set_desk(enum waking waking, unsigned waits, bool no_memory)
{
    (void)pthread_mutex_lock(&desk.lock);
    desk.waking = waking;
    desk.waits = waits;
    desk.no_memory = no_memory;
    (void)pthread_mutex_unlock(&desk.lock);
}

static void close_desk(void)
{
    (void)pthread_mutex_lock(&desk.lock);
    desk.closed = true;
    (void)pthread_cond_broadcast(&desk.changed);
    (void)pthread_mutex_unlock(&desk.lock);
}

static void wait_for_armed(size_t count)
{
    (void)pthread_mutex_lock(&desk.lock);
    while (desk.armed_count < count)
        (void)pthread_cond_wait(&desk.changed, &desk.lock);
    (void)pthread_mutex_unlock(&desk.lock);
}

struct fixture {
    struct temp temp;
    struct state *state;
    struct http_server *server;
    char socket[TEMP_PATH_SIZE];
};

static int setup(void **state)
{
    static const char conf[] =
        "apiVersion: sa-issuerd/v1\nkind: Configuration\nworkers: 1\n"
        "listeners: { discovery: { unix: d }, tokens: { unix: t } }\n"
        "callers: { unixPeers: [ { uids: [0] } ] }\naccounts: { manifests: [sa.yaml] }\n"
        "issuers: [ { url: https://a.example.com, role: federation, keys: { files: [a.pem] },"
        " audiences: [ { name: sts.amazonaws.com, profile: aws } ] } ]\n";
    struct fixture *f = calloc(1, sizeof(*f));
    AUTO(inputs) struct inputs *inputs = inputs_new();
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct passed_sockets none = { 0 };
    struct snapshot *snapshot = NULL;
    struct sai_err e = { 0 };
    char path[TEMP_PATH_SIZE];

    assert_non_null(f);
    desk.closed = false;
    desk.made = desk.freed = 0;
    temp_init(&f->temp);
    temp_key_make(&f->temp, "a.pem", "RSA");
    temp_write(&f->temp, "sa.yaml", "{apiVersion: v1, kind: List, items: []}\n");
    temp_write(&f->temp, "conf.yaml", conf);
    assert_true(snapshot_build(temp_path(&f->temp, "conf.yaml", path), inputs, &snapshot, r));
    f->state = state_new(snapshot);
    assert_true(
        http_server_start(f->state, (struct token_desk *)&desk, NULL, &none, &f->server, &e));
    (void)temp_path(&f->temp, "t", f->socket);
    *state = f;
    return 0;
}

static void free_server(struct fixture *f)
{
    http_server_free(f->server);
    f->server = NULL;
    assert_int_equal(desk.made, desk.freed);
    assert_int_equal(desk.clerks, 0);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close_desk();
    free_server(f);
    state_free(f->state);
    temp_done(&f->temp);
    free(f);
    return 0;
}

static int connect_to(const struct fixture *f)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(strlen(f->socket) < sizeof(addr.sun_path));
    memcpy(addr.sun_path, f->socket, strlen(f->socket));
    assert_int_equal(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

static void send_request(int fd, unsigned number)
{
    char text[256];
    int len = snprintf(text, sizeof(text),
                       "POST /api/v1/namespaces/shop/serviceaccounts/web/token HTTP/1.1\r\n"
                       "Host: a\r\nContent-Length: 8\r\n\r\n%08u",
                       number);

    assert_int_equal(send(fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

/* Reads to the end of the head, then the body, which must be as long as the request's. */
static void expect_answer(int fd, unsigned number)
{
    char head[1024] = "";
    char body[9] = "";
    char expected[16];
    size_t len = 0;

    while (strstr(head, "\r\n\r\n") == NULL) {
        assert_true(len < sizeof(head) - 1);
        assert_int_equal(recv(fd, head + len++, 1, 0), 1);
    }
    assert_memory_equal(head, "HTTP/1.1 201 ", 13);
    assert_int_equal(recv(fd, body, 8, MSG_WAITALL), 8);
    (void)snprintf(expected, sizeof(expected), "%08u", number);
    assert_string_equal(body, expected);
}

enum { CLIENTS = 8, REQUESTS = 40 };

/* Each connection has two requests on their way, so that one comes in while another waits. */
static void ask_all(const struct fixture *f)
{
    int fds[CLIENTS];

    for (size_t i = 0; i < CLIENTS; i++) {
        fds[i] = connect_to(f);
        send_request(fds[i], 0);
    }
    for (unsigned n = 0; n < REQUESTS; n++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            send_request(fds[i], n + 1);
            expect_answer(fds[i], n);
        }
    }
    for (size_t i = 0; i < CLIENTS; i++)
        (void)close(fds[i]);
}

static void every_wake_leads_to_an_answer(void **state)
{
    const struct fixture *f = *state;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, waker, NULL), 0);
    for (unsigned waits = 0; waits < 4; waits++) {
        set_desk(WAKE_IN_ARM, waits, false);
        ask_all(f);
        set_desk(WAKE_BY_THREAD, waits, false);
        ask_all(f);
    }
    close_desk();
    (void)pthread_join(thread, NULL);
}

static void clients_leave_while_they_wait(void **state)
{
    const struct fixture *f = *state;

    set_desk(WAKE_LATER, 1, false);
    for (unsigned i = 0; i < CLIENTS; i++) {
        int fd = connect_to(f);

        send_request(fd, i);
        if (i % 2 == 0)
            send_request(fd, i + 1); /* which comes too late */
        wait_for_armed(i + 1);
        (void)close(fd);
    }
    wake_all();
}

static void *close_later(void *cls)
{
    (void)poll(NULL, 0, 50);
    close_desk();
    wake_all();
    return cls;
}

/* Neither the library nor a waker meets what is gone. */
static void a_server_is_not_freed_while_requests_wait(void **state)
{
    struct fixture *f = *state;
    int fds[CLIENTS];
    pthread_t thread;

    set_desk(WAKE_LATER, 3, false);
    for (unsigned i = 0; i < CLIENTS; i++) {
        fds[i] = connect_to(f);
        send_request(fds[i], i);
    }
    wait_for_armed(CLIENTS);
    assert_int_equal(pthread_create(&thread, NULL, close_later, NULL), 0);
    free_server(f);
    (void)pthread_join(thread, NULL);
    for (unsigned i = 0; i < CLIENTS; i++)
        (void)close(fds[i]);
}

static void without_memory_there_is_no_job(void **state)
{
    const struct fixture *f = *state;
    char answer[13] = "";
    int fd = connect_to(f);

    set_desk(WAKE_IN_ARM, 0, true);
    send_request(fd, 1);
    assert_int_equal(recv(fd, answer, 12, MSG_WAITALL), 12);
    assert_string_equal(answer, "HTTP/1.1 500");
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_wake_leads_to_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(clients_leave_while_they_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_is_not_freed_while_requests_wait, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_memory_there_is_no_job, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
