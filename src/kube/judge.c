/* SPDX-License-Identifier: Apache-2.0 */

/* What an answer to a review means. One way leads to yes, few to a clear no; whoever speaks
 * otherwise, or contradicts himself, has said nothing. */

#include "base/printable.h"
#include "codec/json.h"
#include "kube/answer.h"
#include "kube/review.h"
#include "kube/user.h"

#include <string.h>

struct kind {
    const char *api_version;
    const char *kind;
};

static const struct kind token_review = { "authentication.k8s.io/v1", "TokenReview" };
static const struct kind access_review = { "authorization.k8s.io/v1", "SubjectAccessReview" };

/* Reads a review of that kind, and checks that it has a status. */
static bool
read_review(const struct kind *k, const char *body, size_t len, json_t **out, struct sai_err *e)
{
    AUTO(json_t) json_t *root = NULL;

    if (!kube_read_object(body, len, k->api_version, k->kind, &root, e))
        return false;
    if (!json_is_object(json_object_get(root, "status")))
        return err_set(e, SAI_E_INVALID, "the %s has no status", k->kind);
    *out = TAKE(root);
    return true;
}

static bool
is_answer(const struct kind *k, int status, const char *body, size_t len, struct sai_err *e)
{
    /* The API answers 201, and proxies in front of it are known to make that 200. */
    return status == 201 || status == 200 || kube_unexpected(e, k->kind, status, body, len);
}

/* An optional member that is a boolean; false if it is something else. */
static bool read_bool(const json_t *map, const char *key, bool *out, struct sai_err *e)
{
    const json_t *value = json_object_get(map, key);

    if (value != NULL && !json_is_boolean(value))
        return err_set(e, SAI_E_INVALID, "%s of the review is no boolean", key);
    *out = json_is_true(value);
    return true;
}

/* false: the list is none, or holds something but text. */
static bool lists(const json_t *list, const char *text, bool *found, struct sai_err *e)
{
    *found = false;
    if (list != NULL && !json_is_array(list))
        return err_set(e, SAI_E_INVALID, "audiences of the review is no list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *item = json_plain(json_array_get(list, i));

        if (item == NULL)
            return err_set(e, SAI_E_INVALID,
                           "audiences of the review holds something but text");
        *found = *found || strcmp(item, text) == 0;
    }
    return true;
}

static enum kube_verdict refuse(const char *why, struct sai_err *e)
{
    char text[160];

    (void)err_set(e, SAI_E_DENIED, "%s",
                  why[0] == '\0' ? "the token is not valid"
                                 : printable(why, strlen(why), text, sizeof(text)));
    return KUBE_REFUSED;
}

enum kube_verdict kube_judge_token(int status,
                                   const char *body,
                                   size_t len,
                                   const char *audience,
                                   struct kube_user **user,
                                   struct sai_err *e)
{
    AUTO(json_t) json_t *root = NULL;
    const json_t *st;
    bool authenticated;
    const char *error;
    bool for_us;

    if (!is_answer(&token_review, status, body, len, e) ||
        !read_review(&token_review, body, len, &root, e))
        return KUBE_UNCLEAR;
    st = json_object_get(root, "status");
    if (!read_bool(st, "authenticated", &authenticated, e) ||
        !lists(json_object_get(st, "audiences"), audience, &for_us, e))
        return KUBE_UNCLEAR;
    error = json_member(st, "error");
    if (error == NULL) {
        (void)err_set(e, SAI_E_INVALID, "error of the review is no text");
        return KUBE_UNCLEAR;
    }
    if (!authenticated)
        return refuse(error, e);
    if (error[0] != '\0') {
        (void)err_set(e, SAI_E_INVALID, "authenticated, but with an error");
        return KUBE_UNCLEAR;
    }
    /* An authenticator that knows nothing of audiences names none: the token is good for the
     * API server then, not for us. */
    if (!for_us)
        return refuse("the token is not for our audience", e);
    return user_read(json_object_get(st, "user"), user, e) ? KUBE_ALLOWED : KUBE_UNCLEAR;
}

enum kube_verdict kube_judge_access(int status, const char *body, size_t len, struct sai_err *e)
{
    AUTO(json_t) json_t *root = NULL;
    const json_t *st;
    bool allowed;
    bool denied;

    if (!is_answer(&access_review, status, body, len, e) ||
        !read_review(&access_review, body, len, &root, e))
        return KUBE_UNCLEAR;
    st = json_object_get(root, "status");
    if (!read_bool(st, "allowed", &allowed, e) || !read_bool(st, "denied", &denied, e))
        return KUBE_UNCLEAR;
    if (json_object_get(st, "allowed") == NULL) {
        (void)err_set(e, SAI_E_INVALID, "the review does not say whether it is allowed");
        return KUBE_UNCLEAR;
    }
    if (allowed && denied) {
        (void)err_set(e, SAI_E_INVALID, "allowed and denied at once");
        return KUBE_UNCLEAR;
    }
    return allowed ? KUBE_ALLOWED : refuse("not allowed by the cluster's authorization", e);
}
