/* SPDX-License-Identifier: Apache-2.0 */
#include "state/snapshot.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "conf/conf.h"
#include "jose/digest.h"
#include "state/build.h"
#include "state/certificate.h"
#include "state/inputs.h"
#include "state/routes.h"

#include <sa_issuer/account.h>
#include <sa_issuer/policy.h>
#include <stdio.h>

/* Adds an error that belongs to a place in the configuration. */
bool build_error(struct build *b, const char *path, struct sai_err *e)
{
    conf_locate(b->snapshot->conf, path, e);
    report_add(b->report, SAI_ERROR, e);
    return false;
}

bool build_nomem(struct build *b)
{
    struct sai_err e = { 0 };

    (void)err_nomem(&e);
    report_add(b->report, SAI_ERROR, &e);
    return false;
}

bool build_add_problems(struct build *b, const char *place, const struct sai_report *found)
{
    for (size_t i = 0; i < sai_report_count(found); i++) {
        enum sai_severity severity;
        struct sai_err e = *sai_report_get(found, i, &severity);
        char path[sizeof(e.path) + BUILD_PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s%s%s", place, e.path[0] != '\0' ? "." : "",
                       e.path);
        if (e.file[0] == '\0') {
            e.path[0] = '\0';
            conf_locate(b->snapshot->conf, path, &e);
        } else if (e.path[0] == '\0') {
            err_at_path(&e, place); /* which part of the configuration the file is of */
        }
        report_add(b->report, severity, &e);
    }
    return sai_report_total(found, SAI_ERROR) == 0;
}

bool build_note_input(struct build *b, const char *path)
{
    struct sai_err e = { 0 };

    if (!inputs_add(b->inputs, path, &e)) {
        report_add(b->report, SAI_ERROR, &e);
        return false;
    }
    return true;
}

/* Every file that the configuration names, before any of them is opened. */
static bool note_inputs(struct build *b)
{
    const struct conf *conf = b->snapshot->conf;
    const struct conf_tls *tls[] = { &conf->listeners.discovery.tls,
                                     &conf->listeners.tokens.tls, &conf->listeners.admin.tls };
    bool ok = true;

    for (size_t i = 0; i < ARRAY_SIZE(tls); i++) {
        ok = build_note_input(b, tls[i]->certificate) && ok;
        ok = build_note_input(b, tls[i]->key) && ok;
        ok = build_note_input(b, tls[i]->client_ca) && ok;
    }
    for (size_t i = 0; i < conf->issuer_count; i++) {
        const struct conf_keys *keys = &conf->issuers[i].keys;
        const struct conf_strings *legacy = &conf->issuers[i].signer.legacy_keys;

        ok = build_note_input(b, keys->passphrase_file) && ok;
        for (size_t k = 0; k < keys->files.count; k++)
            ok = build_note_input(b, keys->files.items[k]) && ok;
        for (size_t k = 0; k < legacy->count; k++)
            ok = build_note_input(b, legacy->items[k]) && ok;
    }
    for (size_t i = 0; i < conf->accounts.manifests.count; i++)
        ok = build_note_input(b, conf->accounts.manifests.items[i]) && ok;
    return build_note_input(b, conf->accounts.kubernetes.kubeconfig) && ok;
}

static bool build_routes(struct build *b)
{
    struct snapshot *s = b->snapshot;
    const char **urls = arena_alloc(s->arena, s->issuer_count * sizeof(*urls));

    if (urls == NULL)
        return build_nomem(b);
    for (size_t i = 0; i < s->issuer_count; i++)
        urls[i] = s->conf->issuers[i].url;
    s->routes = routes_new(urls, s->issuer_count);
    return s->routes != NULL || build_nomem(b);
}

enum { CONF_FILE_MAX_BYTES = 1 << 20 };

/* Hashed before conf_load() reads it: should it change in between, the fingerprint is that of
 * the older text and the next look at the files builds anew. The other way round a change
 * would be missed for good. */
static void digest_conf_file(struct build *b, const char *file)
{
    AUTO(buf) struct buf text;
    struct sai_err e = { 0 };

    buf_init(&text, CONF_FILE_MAX_BYTES);
    if (file_read(file, CONF_FILE_MAX_BYTES, &text, NULL, &e))
        sha256_add_piece(b->digest, text.data, text.len);
}

static bool build_all(struct build *b, const char *conf_file)
{
    struct sai_err e = { 0 };
    bool ok;

    digest_conf_file(b, conf_file);
    if (!conf_load(conf_file, &b->snapshot->conf, b->report) || !note_inputs(b))
        return false;
    ok = build_issuers(b);
    ok = build_certificates(b) && ok;
    ok = build_accounts(b) && ok;
    ok = build_callers(b) && ok;
    ok = build_kubernetes(b) && ok;
    ok = build_outputs(b) && ok;
    if (!ok || !build_routes(b))
        return false;
    b->snapshot->built_unix_ms = clock_unix_ms();
    if (!sha256_final(b->digest, b->snapshot->fingerprint, &e)) {
        report_add(b->report, SAI_ERROR, &e);
        return false;
    }
    return true;
}

bool snapshot_build(const char *conf_file,
                    struct inputs *inputs,
                    struct snapshot **out,
                    struct sai_report *r)
{
    AUTO(snapshot) struct snapshot *s = calloc(1, sizeof(*s));
    AUTO(sha256_stream) struct sha256_stream digest;
    struct build b = { .snapshot = s, .inputs = inputs, .digest = &digest, .report = r };

    sha256_init(&digest);
    if (s != NULL) {
        s->refs = 1;
        s->arena = arena_new();
    }
    if (s == NULL || s->arena == NULL)
        return build_nomem(&b);
    if (!build_note_input(&b, conf_file) || !build_all(&b, conf_file))
        return false;
    *out = TAKE(s);
    return true;
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void snapshot_unref(struct snapshot *s)
{
    if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < s->issuer_count; i++) {
        sai_policy_free(s->issuers[i].policy);
        sai_keyset_free(s->issuers[i].keys);
        sai_keyset_free(s->issuers[i].legacy_keys);
    }
    sai_accounts_free(s->accounts);
    certificate_unref(s->discovery_certificate);
    certificate_unref(s->tokens_certificate);
    certificate_unref(s->admin_certificate);
    routes_free(s->routes);
    conf_free(s->conf);
    arena_free(s->arena);
    free(s);
}
