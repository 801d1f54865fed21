/* SPDX-License-Identifier: Apache-2.0 */

/* How many tokens are minted in a second: account, five rules, claims, signature.
 *
 * usage: mint KEYDIR ALGORITHM SECONDS THREADS
 *
 * KEYDIR holds private keys as PEM files, one of the algorithm's type among them. Prints tokens
 * per second of processor time of one thread, and tokens per second of the clock of all threads
 * together. With 0 threads the main thread mints, without any other, and a third number tells
 * the bare signatures per second of processor time.
 *
 * Processor time is what openssl speed counts too (user time there, user and system time here).
 * Bare signatures are made as openssl speed makes them, a few milliseconds of them after each
 * few of tokens: what else the machine does slows both alike. */

#include "base/err.h"
#include "jose/pkey.h"
#include "keys/keyset.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <sa_issuer/token.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARRAY(...)                                                                             \
    {                                                                                          \
        (const char *const[]){ __VA_ARGS__ },                                                  \
            ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ }))                                 \
    }

enum { BATCH = 32, THREADS_MAX = 64 };

static const struct sai_claim_rule rules[] = {
    { .source = SAI_SOURCE_ANNOTATION,
      .from = "example.com/tenant",
      .claim = ARRAY("tenant"),
      .pattern = "^[a-z0-9-]{1,32}$",
      .required = true },
    { .source = SAI_SOURCE_NAMESPACE_LABEL,
      .from = "example.com/cost-center",
      .claim = ARRAY("cost_center"),
      .type = SAI_TYPE_INTEGER },
    { .source = SAI_SOURCE_NAMESPACE_ANNOTATION,
      .from = "example.com/team",
      .session_tag = "team",
      .transitive = true },
    { .source = SAI_SOURCE_VALUE, .from = "prod-eu-1", .claim = ARRAY("example", "cluster") },
    { .source = SAI_SOURCE_TEMPLATE,
      .from = "{namespace}/{serviceAccount}@{label:app}",
      .claim = ARRAY("example", "workload") },
};

/* As many of each as accounts commonly have. */
static const struct sai_pair annotations[] = {
    { "eks.amazonaws.com/role-arn", "arn:aws:iam::123456789012:role/builder" },
    { "example.com/contact", "platform@example.com" },
    { "example.com/tenant", "blue-7" },
    { "meta.helm.sh/release-name", "builder" },
    { "meta.helm.sh/release-namespace", "team-a" },
};
static const struct sai_pair labels[] = {
    { "app", "builder" },
    { "app.kubernetes.io/managed-by", "Helm" },
};
static const struct sai_pair namespace_annotations[] = {
    { "example.com/owner", "alice@example.com" },
    { "example.com/team", "payments" },
};
static const struct sai_pair namespace_labels[] = {
    { "example.com/cost-center", "4711" },
    { "kubernetes.io/metadata.name", "team-a" },
    { "pod-security.kubernetes.io/enforce", "restricted" },
};
static const struct sai_account account = {
    .namespace_name = "team-a",
    .name = "builder",
    .uid = "6f3a1c1e-0d2b-4c6e-9a53-1f0e8d7c6b5a",
    .annotations = { annotations, ARRAY_SIZE(annotations) },
    .labels = { labels, ARRAY_SIZE(labels) },
    .namespace_annotations = { namespace_annotations, ARRAY_SIZE(namespace_annotations) },
    .namespace_labels = { namespace_labels, ARRAY_SIZE(namespace_labels) },
};

struct job {
    const struct sai_policy *policy;
    EVP_PKEY *bare; /* NULL: no bare signatures */
    double seconds;
    unsigned long tokens;
    double cpu_s;
    double wall_s;
    unsigned long signatures;
    double bare_cpu_s;
};

_Noreturn static void die(const struct sai_err *e)
{
    char line[1024];

    (void)fprintf(stderr, "mint: %s\n", sai_err_format(e, line, sizeof(line)));
    exit(1);
}

static double now_s(clockid_t clock)
{
    struct timespec ts;

    (void)clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A prepared context of openssl speed's kind: a digest is signed, or with Ed25519 a message. */
struct bare {
    EVP_PKEY_CTX *sign;
    EVP_MD_CTX *one_shot;
};

static void bare_prepare(struct bare *b, EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED25519")) {
        b->one_shot = EVP_MD_CTX_new();
        if (EVP_DigestSignInit_ex(b->one_shot, NULL, NULL, NULL, NULL, key, NULL) != 1)
            exit(1);
        return;
    }
    b->sign = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (EVP_PKEY_sign_init(b->sign) != 1)
        exit(1);
}

static void bare_sign(struct bare *b)
{
    static const unsigned char message[36];
    unsigned char signature[1024];
    size_t len = sizeof(signature);
    int ok;

    if (b->sign != NULL)
        ok = EVP_PKEY_sign(b->sign, signature, &len, message, 32);
    else /* without being set up again it fails in later versions */
        ok = EVP_DigestSignInit_ex(b->one_shot, NULL, NULL, NULL, NULL, NULL, NULL) == 1 &&
             EVP_DigestSign(b->one_shot, signature, &len, message, sizeof(message)) == 1;
    if (ok != 1)
        exit(1);
}

static void measure_bare(struct job *job, struct bare *b)
{
    double cpu = now_s(CLOCK_THREAD_CPUTIME_ID);

    for (int i = 0; i < BATCH; i++)
        bare_sign(b);
    job->signatures += BATCH;
    job->bare_cpu_s += now_s(CLOCK_THREAD_CPUTIME_ID) - cpu;
}

static void *run(void *data)
{
    const struct sai_token_request request = {
        .account = &account,
        .audiences = ARRAY("https://verifier.example.com"),
        .pod = { "builder-7d4b9c6f5-x2x9z", "0e3a2f65-5d0c-4c9f-8a43-7e1c0c1c4b11" },
        .node = { "node-12", "b2a9d1de-3f5e-4b12-9c77-0a64c1f6a2d9" },
    };
    struct job *job = data;
    struct sai_minter *m = NULL;
    struct sai_err e = { 0 };
    struct sai_token t;
    struct bare b = { 0 };
    double wall;

    if (!sai_minter_new(job->policy, &m, &e) || !sai_mint(m, &request, &t, &e))
        die(&e);
    if (job->bare != NULL)
        bare_prepare(&b, job->bare);
    wall = now_s(CLOCK_MONOTONIC);
    do {
        double cpu = now_s(CLOCK_THREAD_CPUTIME_ID);

        for (int i = 0; i < BATCH; i++) {
            if (!sai_mint(m, &request, &t, &e))
                die(&e);
        }
        job->tokens += BATCH;
        job->cpu_s += now_s(CLOCK_THREAD_CPUTIME_ID) - cpu;
        if (job->bare != NULL)
            measure_bare(job, &b);
        job->wall_s = now_s(CLOCK_MONOTONIC) - wall;
    } while (job->wall_s < job->seconds);
    sai_minter_free(m);
    EVP_PKEY_CTX_free(b.sign);
    EVP_MD_CTX_free(b.one_shot);
    return NULL;
}

/* On this thread, as openssl speed: no other, and no lock that is ever waited for. */
static void measure_one(const struct sai_policy *policy, EVP_PKEY *bare, double seconds)
{
    struct job job = { .policy = policy, .bare = bare, .seconds = seconds };

    (void)run(&job);
    (void)printf("%.0f %.0f %.0f\n", (double)job.tokens / job.cpu_s,
                 (double)job.tokens / job.wall_s, (double)job.signatures / job.bare_cpu_s);
}

static void measure(const struct sai_policy *policy, double seconds, size_t threads)
{
    pthread_t ids[THREADS_MAX];
    struct job jobs[THREADS_MAX];
    double cpu_rate = 0;
    double wall_rate = 0;

    for (size_t i = 0; i < threads; i++) {
        jobs[i] = (struct job){ .policy = policy, .seconds = seconds };
        if (pthread_create(&ids[i], NULL, run, &jobs[i]) != 0)
            exit(1);
    }
    for (size_t i = 0; i < threads; i++) {
        (void)pthread_join(ids[i], NULL);
        cpu_rate += (double)jobs[i].tokens / jobs[i].cpu_s / (double)threads;
        wall_rate += (double)jobs[i].tokens / jobs[i].wall_s;
    }
    (void)printf("%.0f %.0f\n", cpu_rate, wall_rate);
}

int main(int argc, char **argv)
{
    struct sai_report *r = sai_report_new();
    struct sai_keyset *keys = NULL;
    struct sai_policy *policy = NULL;
    size_t threads;
    char *end;

    if (argc != 5 || r == NULL) {
        (void)fprintf(stderr, "usage: mint KEYDIR ALGORITHM SECONDS THREADS\n");
        return 2;
    }
    {
        const char *paths[] = { argv[1] };
        const struct sai_audience audience = { .name = "https://verifier.example.com",
                                               .profile = "generic",
                                               .algorithm = argv[2] };
        const struct sai_keyset_options key_options = { .paths = paths,
                                                        .path_count = 1,
                                                        .allow_ed25519 = true };
        struct sai_policy_options options = { .issuer = "https://oidc.example.com/prod",
                                              .audiences = &audience,
                                              .audience_count = 1,
                                              .claims = rules,
                                              .claim_count = ARRAY_SIZE(rules),
                                              .backdate_s = 30 };

        if (!sai_keyset_load(&key_options, &keys, r))
            die(sai_report_get(r, 0, NULL));
        options.keys = keys;
        if (!sai_policy_new(&options, &policy, r))
            die(sai_report_get(r, 0, NULL));
    }
    threads = (size_t)strtod(argv[4], &end);
    if (threads == 0)
        measure_one(policy, pkey_evp(key_pkey(sai_keyset_active(keys, argv[2]))),
                    strtod(argv[3], &end));
    else
        measure(policy, strtod(argv[3], &end), threads < THREADS_MAX ? threads : THREADS_MAX);
    sai_policy_free(policy);
    sai_keyset_free(keys);
    sai_report_free(r);
    return 0;
}
