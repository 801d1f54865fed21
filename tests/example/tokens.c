/* SPDX-License-Identifier: Apache-2.0 */

/* Mints a token for an account of a manifest, with a claim from its annotation, and verifies it
 * with nothing but the published key set. Prints the token and its claims.
 *
 *     tokens ISSUER KEY_FILE MANIFEST NAMESPACE NAME AUDIENCE
 */

#include <sa_issuer/discovery.h>
#include <sa_issuer/token.h>
#include <sa_issuer/verify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct example {
    struct sai_report *report;
    struct sai_keyset *keys;
    struct sai_accounts *accounts;
    struct sai_policy *policy;
    struct sai_minter *minter;
};

static bool load(struct example *x, const char *key_file, const char *manifest)
{
    const struct sai_keyset_options keys = { .paths = &key_file, .path_count = 1 };
    const struct sai_accounts_options accounts = { .paths = &manifest, .path_count = 1 };

    return sai_keyset_load(&keys, &x->keys, x->report) &&
           sai_accounts_load(&accounts, &x->accounts, x->report);
}

static bool compile(struct example *x, const char *issuer, const char *audience)
{
    static const char *const tenant[] = { "tenant" };
    const struct sai_audience audiences[] = { { .name = audience, .profile = "generic" } };
    const struct sai_claim_rule rules[] = {
        { .source = SAI_SOURCE_ANNOTATION,
          .from = "example.com/tenant",
          .claim = { .items = tenant, .count = 1 },
          .pattern = "[a-z0-9-]{1,32}",
          .required = true },
    };
    const struct sai_policy_options options = {
        .issuer = issuer,
        .keys = x->keys,
        .audiences = audiences,
        .audience_count = 1,
        .claims = rules,
        .claim_count = 1,
    };

    return sai_policy_new(&options, &x->policy, x->report);
}

/* Prints the token; its copy is the caller's to free. */
static char *mint(struct example *x,
                  const char *namespace_name,
                  const char *name,
                  const char *audience,
                  struct sai_err *e)
{
    struct sai_account account;
    const struct sai_token_request request = {
        .account = &account, .audiences = { .items = &audience, .count = 1 }
    };
    struct sai_token token;

    if (!sai_accounts_find(x->accounts, namespace_name, name, &account)) {
        fprintf(stderr, "error: no account %s in namespace %s\n", name, namespace_name);
        return NULL;
    }
    if (!sai_minter_new(x->policy, &x->minter, e) || !sai_mint(x->minter, &request, &token, e))
        return NULL;
    puts(token.text);
    return strdup(token.text);
}

static bool verify(const struct example *x,
                   const char *text,
                   const char *issuer,
                   const char *audience,
                   struct sai_err *e)
{
    const struct sai_verify_options options = { .issuer = issuer,
                                                .audience = audience,
                                                .leeway_s = 60 };
    struct sai_verified verified;
    struct sai_jwks *jwks = NULL;
    char *published = NULL;
    size_t len;
    bool ok;

    ok = sai_jwks_render(x->keys, &published, &len, e) &&
         sai_jwks_parse(published, len, &jwks, e) &&
         sai_verify(jwks, text, strlen(text), &options, &verified, e);
    if (ok) {
        puts(verified.claims);
        free(verified.claims);
    }
    sai_jwks_free(jwks);
    free(published);
    return ok;
}

static bool run(struct example *x, char **argv)
{
    struct sai_err e = { 0 };
    char line[1024];
    char *text;
    bool ok;

    if (!load(x, argv[2], argv[3]) || !compile(x, argv[1], argv[6])) {
        for (size_t i = 0; i < sai_report_count(x->report); i++)
            fprintf(stderr, "error: %s\n",
                    sai_err_format(sai_report_get(x->report, i, NULL), line, sizeof(line)));
        return false;
    }
    text = mint(x, argv[4], argv[5], argv[6], &e);
    ok = text != NULL && verify(x, text, argv[1], argv[6], &e);
    free(text);
    if (e.code != SAI_OK)
        fprintf(stderr, "error: %s\n", sai_err_format(&e, line, sizeof(line)));
    return ok;
}

int main(int argc, char **argv)
{
    struct example x = { .report = sai_report_new() };
    bool ok;

    if (argc != 7 || x.report == NULL) {
        fprintf(stderr, "usage: tokens ISSUER KEY_FILE MANIFEST NAMESPACE NAME AUDIENCE\n");
        return 2;
    }
    ok = run(&x, argv);
    sai_minter_free(x.minter);
    sai_policy_free(x.policy);
    sai_accounts_free(x.accounts);
    sai_keyset_free(x.keys);
    sai_report_free(x.report);
    return ok ? 0 : 1;
}
