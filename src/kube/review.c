/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/review.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_out.h"
#include "jose/digest.h"
#include "kube/answer.h"
#include "kube/client.h"
#include "kube/review_cache.h"
#include "kube/user.h"

#include <string.h>

enum {
    TIMEOUT_MS = 5000,
    MAX_CACHE_MS = 10000,
    CACHE_ENTRIES = 1024,
    MAX_TOKEN_BYTES = 16384,
    MAX_AUDIENCE_BYTES = 1024,
    MAX_REQUEST_BYTES = 1 << 20,
    MAX_ANSWER_BYTES = 1 << 20,
};

struct kube_reviews {
    struct kube_client *client;
    struct review_cache *cache;
    uint64_t timeout_ms;
};

/* One review under way. */
struct asked {
    struct kube_reviews *reviews;
    char *audience; /* NULL: may he? */
    unsigned char key[SHA256_BYTES];
    uint64_t at_ms;
    kube_review_fn *done;
    void *owner;
};

struct kube_reviews *kube_reviews_new(struct kube_client *client,
                                      const struct kube_reviews_options *options)
{
    AUTO(kube_reviews) struct kube_reviews *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->client = client;
    r->timeout_ms = options->timeout_ms == 0 ? TIMEOUT_MS : options->timeout_ms;
    r->cache =
        review_cache_new(options->cache_entries == 0 ? CACHE_ENTRIES : options->cache_entries,
                         options->cache_ms > MAX_CACHE_MS ? MAX_CACHE_MS : options->cache_ms);
    return r->cache == NULL ? NULL : TAKE(r);
}

void kube_reviews_free(struct kube_reviews *r)
{
    if (r == NULL)
        return;
    review_cache_free(r->cache);
    free(r);
}

static void asked_free(struct asked *a)
{
    if (a == NULL)
        return;
    free(a->audience);
    free(a);
}

DEFINE_AUTO(asked, asked_free)

/* Every failure before there is an answer is ours. */
static void unclear(kube_review_fn *done, void *owner, const struct sai_err *e)
{
    const struct kube_review review = { .verdict = KUBE_UNCLEAR, .e = *e };

    done(owner, &review);
}

static void on_answer(void *owner, const struct kube_answer *answer)
{
    AUTO(asked) struct asked *a = owner;
    AUTO(kube_user) struct kube_user *user = NULL;
    struct kube_review review = { .e = answer->e };

    if (answer->e.code != SAI_OK)
        review.verdict = KUBE_UNCLEAR;
    else if (a->audience == NULL)
        review.verdict =
            kube_judge_access(answer->status, answer->body, answer->len, &review.e);
    else
        review.verdict = kube_judge_token(answer->status, answer->body, answer->len,
                                          a->audience, &user, &review.e);
    review.user = user;
    if (user != NULL)
        review_cache_put(a->reviews->cache, a->key, user, a->at_ms, clock_mono_ms());
    a->done(a->owner, &review);
}

/* Posts the body; a goes to on_answer() or, with the error, away. */
static void post(struct asked *a, const char *path, const struct buf *body, uint64_t *call)
{
    const struct kube_call c = {
        .path = path,
        .body = body->data,
        .body_len = body->len,
        .max_bytes = MAX_ANSWER_BYTES,
        .timeout_ms = a->reviews->timeout_ms,
        .retries = 1,
        .done = on_answer,
        .owner = a,
    };
    struct sai_err e = { 0 };

    a->at_ms = clock_mono_ms();
    if (buf_ok(body, &e) && kube_client_call(a->reviews->client, &c, call, &e))
        return;
    if (call != NULL)
        *call = 0;
    unclear(a->done, a->owner, &e);
    asked_free(a);
}

/* RFC 6750 section 2.1, and of a bearable length. */
static bool is_token(const char *s)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-._~+/=";
    size_t len = strnlen(s, MAX_TOKEN_BYTES + 1);

    return len > 0 && len <= MAX_TOKEN_BYTES && strspn(s, alphabet) == len;
}

static bool key_of(const char *token,
                   const char *audience,
                   unsigned char key[SHA256_BYTES],
                   struct sai_err *e)
{
    AUTO(sha256_stream) struct sha256_stream s = { 0 };

    sha256_init(&s);
    sha256_add_piece(&s, token, strlen(token));
    sha256_add_piece(&s, audience, strlen(audience));
    return sha256_final(&s, key, e);
}

static struct asked *
asked_new(struct kube_reviews *r, const char *audience, kube_review_fn *done, void *owner)
{
    AUTO(asked) struct asked *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    a->reviews = r;
    a->done = done;
    a->owner = owner;
    if (audience == NULL)
        return TAKE(a);
    a->audience = strdup(audience);
    return a->audience == NULL ? NULL : TAKE(a);
}

static void ask_token(struct asked *a, const char *token, uint64_t *call)
{
    AUTO(buf) struct buf body = { 0 };

    buf_init_secret(&body, MAX_REQUEST_BYTES);
    buf_str(&body, "{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenReview\","
                   "\"spec\":{\"token\":");
    json_out_string(&body, token);
    buf_str(&body, ",\"audiences\":[");
    json_out_string(&body, a->audience);
    buf_str(&body, "]}}");
    post(a, "/apis/authentication.k8s.io/v1/tokenreviews", &body, call);
}

struct kube_user *
kube_review_known(struct kube_reviews *r, const char *token, const char *audience)
{
    unsigned char key[SHA256_BYTES];
    struct sai_err e = { 0 };

    return is_token(token) && key_of(token, audience, key, &e)
               ? review_cache_get(r->cache, key, clock_mono_ms())
               : NULL;
}

void kube_review_token(struct kube_reviews *r,
                       const char *token,
                       const char *audience,
                       kube_review_fn *done,
                       void *owner,
                       uint64_t *call)
{
    AUTO(kube_user) struct kube_user *known = NULL;
    AUTO(asked) struct asked *a = asked_new(r, audience, done, owner);
    struct kube_review review = { 0 };

    if (call != NULL)
        *call = 0;
    if (!is_token(token)) {
        review.verdict = KUBE_REFUSED;
        (void)err_set(&review.e, SAI_E_DENIED, "what was sent is no bearer token");
        done(owner, &review);
        return;
    }
    if (a == NULL) {
        (void)err_nomem(&review.e);
        unclear(done, owner, &review.e);
        return;
    }
    if (audience == NULL || audience[0] == '\0' || strlen(audience) > MAX_AUDIENCE_BYTES) {
        (void)err_set(&review.e, SAI_E_INVALID, "there is no audience to ask for");
        unclear(done, owner, &review.e);
        return;
    }
    if (!key_of(token, audience, a->key, &review.e)) {
        unclear(done, owner, &review.e);
        return;
    }
    known = review_cache_get(r->cache, a->key, clock_mono_ms());
    if (known == NULL) {
        ask_token(TAKE(a), token, call);
        return;
    }
    review.verdict = KUBE_ALLOWED;
    review.user = known;
    done(owner, &review);
}

static void put_member(struct buf *b, const char *key, const char *value)
{
    buf_char(b, ',');
    json_out_string(b, key);
    buf_char(b, ':');
    json_out_string(b, value);
}

void kube_review_access(struct kube_reviews *r,
                        const struct kube_user *user,
                        const struct kube_access *access,
                        kube_review_fn *done,
                        void *owner,
                        uint64_t *call)
{
    struct asked *a = asked_new(r, NULL, done, owner);
    AUTO(buf) struct buf body = { 0 };
    struct sai_err e = { 0 };

    if (call != NULL)
        *call = 0;
    if (a == NULL) {
        (void)err_nomem(&e);
        unclear(done, owner, &e);
        return;
    }
    buf_init(&body, MAX_REQUEST_BYTES);
    buf_str(&body, "{\"apiVersion\":\"authorization.k8s.io/v1\","
                   "\"kind\":\"SubjectAccessReview\",\"spec\":{");
    user_put(&body, user);
    buf_str(&body, ",\"resourceAttributes\":{\"version\":\"v1\"");
    put_member(&body, "verb", access->verb);
    put_member(&body, "group", access->group);
    put_member(&body, "resource", access->resource);
    put_member(&body, "subresource", access->subresource);
    put_member(&body, "namespace", access->namespace_name);
    put_member(&body, "name", access->name);
    buf_str(&body, "}}}");
    post(a, "/apis/authorization.k8s.io/v1/subjectaccessreviews", &body, call);
}
