/* SPDX-License-Identifier: Apache-2.0 */

/* The Kubernetes client at the command of a script: a line of standard input is a command, a
 * line of standard output an answer. Fields are separated by blanks.
 *
 *   token ID AUDIENCE TOKEN          ->  ID allowed USER UID EXTRA... | ID refused|unclear TEXT
 *   access ID USER NAMESPACE NAME    ->  ID allowed | ...
 *   get ID KIND NAMESPACE|- NAME     ->  ID found UID ACCOUNT NODE DELETING | ID absent|unknown
 * TEXT cancel ID counts ID                        ->  ID counts REQUESTS FAILURES RETRIES
 * IN_FLIGHT
 *
 *   watch ID                         ->  nothing; from now on there are accounts:
 *   find ID NAMESPACE NAME MAX_AGE   ->  ID found UID PAIRS... | ID no
 *   ask ID NAMESPACE NAME            ->  ID found UID PAIRS... | ID absent|unknown TEXT
 *   stats ID                         ->  ID AGE_MS LISTS WATCHES EVENTS FAILURES ACCOUNTS
 * NAMESPACES time ID NAMESPACE NAME COUNT     ->  ID NANOSECONDS of a look-up, over so many
 *
 * ID is a number below 1000; no field has a blank. Ends at the end of its input, with
 * everything ended before. */

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "kube/accounts.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/objects.h"
#include "kube/review.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { IDS = 1000, FIELDS = 6, LINE_BYTES = 65536 };

static struct kube_client *client;
static struct kube_reviews *reviews;
static struct kube_accounts *accounts; /* NULL until the command watch */
static uint64_t calls[IDS];
static unsigned ids[IDS]; /* what callbacks get as their owner */

static unsigned id_of(const void *owner)
{
    return *(const unsigned *)owner;
}

static void on_review(void *owner, const struct kube_review *r)
{
    static const char *const verdicts[] = { "unclear", "refused", "allowed" };
    char text[512];

    if (r->verdict != KUBE_ALLOWED) {
        printf("%u %s %s\n", id_of(owner), verdicts[r->verdict],
               sai_err_format(&r->e, text, sizeof(text)));
    } else if (r->user == NULL) {
        printf("%u allowed\n", id_of(owner));
    } else {
        char ns[KUBE_NAMESPACE_SIZE];
        char name[KUBE_NAME_SIZE];
        const char *pod = kube_user_extra(r->user, KUBE_EXTRA_POD_NAME);
        const char *node = kube_user_extra(r->user, KUBE_EXTRA_NODE_NAME);
        bool is_account = kube_user_account(r->user->username, ns, name);

        printf("%u allowed %s %s groups=%zu pod=%s node=%s account=%s/%s\n", id_of(owner),
               r->user->username, r->user->uid, r->user->group_count, pod == NULL ? "" : pod,
               node == NULL ? "" : node, is_account ? ns : "", is_account ? name : "");
    }
}

static void on_object(void *owner, const struct kube_get *got)
{
    char text[512];

    if (got->finding == KUBE_FOUND)
        printf("%u found %s %s %s %d\n", id_of(owner), got->object->meta.uid,
               got->object->service_account == NULL ? "-" : got->object->service_account,
               got->object->node == NULL ? "-" : got->object->node, got->object->meta.deleting);
    else
        printf("%u %s %s\n", id_of(owner), got->finding == KUBE_ABSENT ? "absent" : "unknown",
               sai_err_format(&got->e, text, sizeof(text)));
}

static void do_token(unsigned id, char *const *f)
{
    kube_review_token(reviews, f[1], f[0], on_review, &ids[id], &calls[id]);
}

static void do_access(unsigned id, char *const *f)
{
    static const char *const groups[] = { "system:serviceaccounts", "system:authenticated" };
    const struct kube_user user = {
        .username = f[0], .uid = "u-1", .groups = groups, .group_count = 2
    };
    const struct kube_access access = { .verb = "create",
                                        .group = "",
                                        .resource = "serviceaccounts",
                                        .subresource = "token",
                                        .namespace_name = f[1],
                                        .name = f[2] };

    kube_review_access(reviews, &user, &access, on_review, &ids[id], &calls[id]);
}

static void do_get(unsigned id, char *const *f)
{
    static const char *const kinds[] = { "serviceaccount", "namespace", "pod", "node",
                                         "secret" };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const struct kube_wanted wanted = { .kind = (enum kube_kind)i,
                                            .namespace_name =
                                                strcmp(f[1], "-") == 0 ? NULL : f[1],
                                            .name = f[2] };

        if (strcmp(kinds[i], f[0]) == 0)
            kube_get_object(client, &wanted, on_object, &ids[id], &calls[id]);
    }
}

static void do_cancel(unsigned id, char *const *f)
{
    (void)f;
    kube_client_cancel(client, calls[id]);
}

static void do_counts(unsigned id, char *const *f)
{
    struct kube_client_counts n = kube_client_counts(client);

    (void)f;
    printf("%u counts %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", id, n.requests,
           n.failures, n.retries, n.in_flight);
}

static void do_watch(unsigned id, char *const *f)
{
    const struct kube_accounts_options options = {
        .page = 500,
        .list_timeout_ms = 20000,
        .silence_s = 2,
        .watch_s = 300,
        .first_ms = 50,
        .most_ms = 400,
    };
    struct sai_err e = { 0 };

    (void)id;
    (void)f;
    if (!kube_accounts_new(client, &options, &accounts, &e))
        (void)fprintf(stderr, "%s\n", e.text);
}

static void print_pairs(const char *what, const struct sai_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        printf(" %s:%s=%.40s", what, pairs->items[i].key, pairs->items[i].value);
}

static void print_account(unsigned id, const struct sai_account *a)
{
    printf("%u found %s", id, a->uid);
    print_pairs("annotation", &a->annotations);
    print_pairs("label", &a->labels);
    print_pairs("nsannotation", &a->namespace_annotations);
    print_pairs("nslabel", &a->namespace_labels);
    printf("\n");
}

static uint64_t number(const char *text)
{
    struct sai_err e = { 0 };
    uint64_t n = 0;

    return num_u64(text, strlen(text), &n, &e) ? n : 0;
}

static void do_find(unsigned id, char *const *f)
{
    AUTO(kube_account) struct kube_account a = { 0 };

    if (kube_accounts_find(accounts, f[0], f[1], number(f[2]), &a))
        print_account(id, &a.account);
    else
        printf("%u no\n", id);
}

static void on_account(void *owner, const struct kube_account_answer *answer)
{
    char text[512];

    if (answer->finding == KUBE_FOUND)
        print_account(id_of(owner), &answer->account->account);
    else
        printf("%u %s %s\n", id_of(owner),
               answer->finding == KUBE_ABSENT ? "absent" : "unknown",
               sai_err_format(&answer->e, text, sizeof(text)));
}

static void do_ask(unsigned id, char *const *f)
{
    kube_accounts_ask(accounts, f[0], f[1], on_account, &ids[id]);
}

static void do_stats(unsigned id, char *const *f)
{
    struct kube_accounts_counts n = kube_accounts_counts(accounts);

    (void)f;
    printf("%u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
           "\n",
           id, kube_accounts_age_ms(accounts), n.lists, n.watches, n.events, n.failures,
           n.accounts, n.namespaces);
}

static void do_time(unsigned id, char *const *f)
{
    uint64_t count = number(f[2]);
    uint64_t begin = clock_mono_ns();

    for (uint64_t i = 0; i < count; i++) {
        AUTO(kube_account) struct kube_account a = { 0 };

        if (!kube_accounts_find(accounts, f[0], f[1], 3600000, &a))
            break;
    }
    printf("%u %" PRIu64 "\n", id, (clock_mono_ns() - begin) / (count == 0 ? 1 : count));
}

struct command {
    const char *name;
    size_t fields; /* after the id */
    void (*run)(unsigned id, char *const *fields);
};

static const struct command commands[] = {
    { "token", 2, do_token },   { "access", 3, do_access }, { "get", 3, do_get },
    { "cancel", 0, do_cancel }, { "counts", 0, do_counts }, { "watch", 0, do_watch },
    { "find", 3, do_find },     { "ask", 2, do_ask },       { "stats", 0, do_stats },
    { "time", 3, do_time },
};

static size_t split(char *line, char *fields[FIELDS])
{
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    while (n < FIELDS) {
        char *blank = strchr(line, ' ');

        fields[n++] = line;
        if (blank == NULL)
            break;
        *blank = '\0';
        line = blank + 1;
    }
    return n;
}

static bool obey(char *line)
{
    char *f[FIELDS];
    size_t n = split(line, f);
    unsigned id;

    if (n < 2 || sscanf(f[1], "%u", &id) != 1 || id >= IDS)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i].name, f[0]) == 0 && n == commands[i].fields + 2) {
            commands[i].run(id, f + 2);
            return true;
        }
    }
    return false;
}

static int complain(const struct sai_err *e)
{
    char text[512];

    (void)fprintf(stderr, "%s\n", sai_err_format(e, text, sizeof(text)));
    return 1;
}

/* kube_tool kubeconfig FILE [CONTEXT]  or  kube_tool pod HOST PORT DIRECTORY */
static struct kube_config *configure(int argc, char **argv)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct kube_config *config = NULL;
    struct sai_err e = { 0 };

    if (argc >= 3 && strcmp(argv[1], "kubeconfig") == 0) {
        if (!kube_config_load(argv[2], argc > 3 ? argv[3] : NULL, &config, r)) {
            for (size_t i = 0; i < sai_report_count(r); i++)
                (void)complain(sai_report_get(r, i, NULL));
        }
    } else if (argc == 5 && strcmp(argv[1], "pod") == 0) {
        if (!kube_config_in_pod(argv[2], argv[3], argv[4], &config, &e))
            (void)complain(&e);
    }
    return config;
}

int main(int argc, char **argv)
{
    const struct kube_client_options options = { .connect_ms = 2500 };
    /* Patient where a test does not wait for it. */
    const struct kube_reviews_options review_options = {
        .timeout_ms = getenv("KUBE_TOOL_PATIENT") != NULL ? 30000 : 2500,
        .cache_ms = 10000,
    };
    struct kube_config *config = configure(argc, argv);
    static char line[LINE_BYTES];
    struct sai_err e = { 0 };

    (void)signal(SIGPIPE, SIG_IGN);
    (void)setvbuf(stdout, NULL, _IOLBF, LINE_BYTES);
    for (unsigned i = 0; i < IDS; i++)
        ids[i] = i;
    if (config == NULL)
        return 2;
    if (!kube_client_new(config, &options, &client, &e))
        return complain(&e);
    reviews = kube_reviews_new(client, &review_options);
    if (reviews == NULL)
        return 1;
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (!obey(line))
            (void)fprintf(stderr, "not a command\n");
    }
    kube_client_free(client);
    kube_accounts_free(accounts);
    kube_reviews_free(reviews);
    return 0;
}
