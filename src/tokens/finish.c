/* SPDX-License-Identifier: Apache-2.0 */

/* The end of a job: the token, its audit line, and the answer. */

#include "base/log.h"
#include "conf/conf.h"
#include "state/snapshot.h"
#include "tokens/inside.h"

#include <string.h>

enum { RETRY_LATER_S = 5, REASON_BYTES = 512 };

/* The first failure is logged, and then the end of it. */
static void note_trail(struct token_clerk *c, bool written, const struct sai_err *e)
{
    if (!written)
        count(&c->desk->counts.audit_failures);
    if (c->trail_failed == !written)
        return;
    c->trail_failed = !written;
    if (written)
        log_info("audit lines are written again");
    else
        log_err(LOG_ERROR, "cannot write the audit trail, so no token is issued", e);
}

static bool record(struct token_job *j, const struct sai_token *token)
{
    const struct token_path *path = &j->issuance.path;
    struct audit_record r = {
        .issuer = j->issuer->issuer->conf->url,
        .token = token,
        .caller = j->who.text,
    };
    char reason[REASON_BYTES];
    struct sai_err e = { 0 };
    bool written;

    if (token != NULL) {
        audit_take_request(&r, &j->issuance.request);
    } else {
        if (path->kind == TOKEN_PATH_REQUEST || j->issuance.request.account != NULL) {
            r.namespace_name = path->namespace_name;
            r.name = path->name;
        }
        r.audiences = j->issuance.request.audiences;
        r.pod = j->issuance.request.pod.name;
        r.reason = refusal_message(&j->issuance.refusal, reason, sizeof(reason));
    }
    written = trail_write(&j->clerk->trail, &r, &e);
    note_trail(j->clerk, written, &e);
    return written;
}

/* The line is written before the token is given away, or there is no token. */
static const struct sai_token *mint(struct token_job *j, struct sai_token *token)
{
    const struct sai_token_request *request = issuance_request(&j->issuance);
    struct sai_err e = { 0 };

    if (request == NULL)
        return NULL;
    if (!sai_mint(j->issuer->minter, request, token, &e)) {
        if (e.code != SAI_E_DENIED && e.code != SAI_E_LIMIT)
            log_err(LOG_ERROR, "cannot mint", &e);
        issuance_mint_failed(&j->issuance, &e);
        return NULL;
    }
    if (!record(j, token)) {
        issuance_not_recorded(&j->issuance, RETRY_LATER_S);
        return NULL;
    }
    return token;
}

/* A refusal of somebody who is known has its line; but to come too often must not fill the
 * disk, and what could not be recorded is not recorded as that. */
static void record_refusal(struct token_job *j)
{
    enum refusal_kind kind = j->issuance.refusal.kind;

    if (j->who.known && kind != REFUSED_TOO_MANY && !j->clerk->trail_failed)
        (void)record(j, NULL);
}

void job_finish(struct token_job *j)
{
    struct sai_token minted;
    const struct sai_token *token = mint(j, &minted);
    struct sai_err e = { 0 };

    if (token == NULL)
        record_refusal(j);
    if (!issuance_put_answer(&j->issuance, token, &j->answer, &j->body, &e)) {
        log_err(LOG_ERROR, "cannot answer a request for a token", &e);
        j->answer = (struct issuance_answer){ .status = 500 };
        buf_reset(&j->body);
    }
    count(&j->issuer->counts->by_kind[j->issuance.refusal.kind]);
}
