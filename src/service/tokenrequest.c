/* SPDX-License-Identifier: Apache-2.0 */
#include "service/tokenrequest.h"

#include "base/err.h"
#include "base/printable.h"
#include "service/media_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* k8s.io/api/authentication/v1 and k8s.io/apimachinery/pkg/apis/meta/v1, generated.proto */
static const struct field_row metadata_rows[] = {
    { "name", "metadata.name", 1, FIELD_TEXT, offsetof(struct tokenrequest_metadata, name) },
    { "namespace", "metadata.namespace", 3, FIELD_TEXT,
      offsetof(struct tokenrequest_metadata, namespace_name) },
    { "uid", "metadata.uid", 5, FIELD_TEXT, offsetof(struct tokenrequest_metadata, uid) },
};
static const struct message_type metadata_type = { metadata_rows, ARRAY_SIZE(metadata_rows) };

static const struct field_row reference_rows[] = {
    { "kind", "spec.boundObjectRef.kind", 1, FIELD_TEXT,
      offsetof(struct tokenrequest_reference, kind) },
    { "apiVersion", "spec.boundObjectRef.apiVersion", 2, FIELD_TEXT,
      offsetof(struct tokenrequest_reference, api_version) },
    { "name", "spec.boundObjectRef.name", 3, FIELD_TEXT,
      offsetof(struct tokenrequest_reference, name) },
    { "uid", "spec.boundObjectRef.uid", 4, FIELD_TEXT,
      offsetof(struct tokenrequest_reference, uid) },
};
static const struct message_type reference_type = { reference_rows,
                                                    ARRAY_SIZE(reference_rows) };

static const struct field_row spec_rows[] = {
    { "audiences", "spec.audiences", 1, FIELD_TEXTS,
      offsetof(struct tokenrequest_spec, audiences) },
    { "boundObjectRef", "spec.boundObjectRef", 3, FIELD_MESSAGE,
      offsetof(struct tokenrequest_spec, bound), &reference_type },
    { "expirationSeconds", "spec.expirationSeconds", 4, FIELD_INTEGER,
      offsetof(struct tokenrequest_spec, expiration_s) },
    { "attestations", "spec.attestations", 5, FIELD_EXISTS,
      offsetof(struct tokenrequest_spec, attestations) },
};
static const struct message_type spec_type = { spec_rows, ARRAY_SIZE(spec_rows) };

/* Protocol Buffers carry kind and apiVersion in the envelope instead. */
static const struct field_row tokenrequest_rows[] = {
    { "kind", "kind", 0, FIELD_TEXT, offsetof(struct tokenrequest, kind) },
    { "apiVersion", "apiVersion", 0, FIELD_TEXT, offsetof(struct tokenrequest, api_version) },
    { "metadata", "metadata", 1, FIELD_MESSAGE, offsetof(struct tokenrequest, metadata),
      &metadata_type },
    { "spec", "spec", 2, FIELD_MESSAGE, offsetof(struct tokenrequest, spec), &spec_type },
};
static const struct message_type tokenrequest_type = { tokenrequest_rows,
                                                       ARRAY_SIZE(tokenrequest_rows) };

/* The envelope: k8s.io/apimachinery/pkg/runtime, generated.proto, Unknown */
struct unknown_type {
    bool present;
    const char *api_version;
    const char *kind;
};

struct unknown {
    struct unknown_type type;
    struct field_bytes raw;
    const char *encoding;
};

static const struct field_row unknown_type_rows[] = {
    { NULL, "typeMeta.apiVersion", 1, FIELD_TEXT, offsetof(struct unknown_type, api_version) },
    { NULL, "typeMeta.kind", 2, FIELD_TEXT, offsetof(struct unknown_type, kind) },
};
static const struct message_type unknown_type_type = { unknown_type_rows,
                                                       ARRAY_SIZE(unknown_type_rows) };

static const struct field_row unknown_rows[] = {
    { NULL, "typeMeta", 1, FIELD_MESSAGE, offsetof(struct unknown, type), &unknown_type_type },
    { NULL, "raw", 2, FIELD_BYTES, offsetof(struct unknown, raw) },
    { NULL, "contentEncoding", 3, FIELD_TEXT, offsetof(struct unknown, encoding) },
};
static const struct message_type unknown_message = { unknown_rows, ARRAY_SIZE(unknown_rows) };

static const char magic[] = { 'k', '8', 's', '\0' };

struct decoding {
    struct tokenrequest *out;
    struct field_bytes body;
    struct message_texts texts;
    struct refusal *refusal;
};

enum { SUMMARY_BYTES = 30, TEXT_BYTES = 512, SHOWN_BYTES = 128 };

/* As Kubernetes sums up what it cannot read: text that begins as JSON does, else in hex. */
static void summarise(const struct field_bytes *body, char *out, size_t size)
{
    size_t len = body->len < SUMMARY_BYTES ? body->len : SUMMARY_BYTES;
    char shown[4 * SUMMARY_BYTES + 4];
    size_t used = 0;

    if (len == 0) {
        (void)snprintf(out, size, "<empty>");
        return;
    }
    if (body->at[0] == '{') {
        (void)printable(body->at, len, shown, sizeof(shown));
    } else {
        for (size_t i = 0; i < len; i++)
            used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%02x",
                                     (unsigned char)body->at[i]);
    }
    (void)snprintf(out, size, "%s%s", shown, len < body->len ? " ..." : "");
}

/* "path: text" of the error that ended decoding; ours, where Go's would name Go's types. */
static const char *why(const struct sai_err *e, char out[TEXT_BYTES])
{
    (void)snprintf(out, TEXT_BYTES, "%s%s%s", e->path, e->path[0] == '\0' ? "" : ": ", e->text);
    return out;
}

static bool unrecognized(struct decoding *d, const char *text)
{
    char summary[TEXT_BYTES];

    summarise(&d->body, summary, sizeof(summary));
    refuse(d->refusal, REFUSED_BAD_REQUEST,
           "the object provided is unrecognized (must be of type TokenRequest): %s (%s)", text,
           summary);
    return false;
}

static const char *shown(const char *s, char out[SHOWN_BYTES])
{
    return printable(s, strlen(s), out, SHOWN_BYTES);
}

static bool not_handled(struct decoding *d, const char *text)
{
    const char *api_version = d->out->api_version;
    const char *slash = strchr(api_version, '/');
    char kind[SHOWN_BYTES];
    char version[SHOWN_BYTES];

    refuse(d->refusal, REFUSED_BAD_REQUEST,
           "%s in version \"%s\" cannot be handled as a TokenRequest: %s",
           shown(d->out->kind, kind), shown(slash == NULL ? api_version : slash + 1, version),
           text);
    return false;
}

/* What is not there is taken for what is expected, as Kubernetes does. */
static bool check_type(struct decoding *d)
{
    struct tokenrequest *t = d->out;
    char version[SHOWN_BYTES];

    if (t->kind == NULL)
        t->kind = TOKENREQUEST_KIND;
    if (t->api_version == NULL)
        t->api_version = TOKENREQUEST_API_VERSION;
    if (strcmp(t->kind, TOKENREQUEST_KIND) != 0)
        return not_handled(d, "it is of another kind");
    if (strcmp(t->api_version, TOKENREQUEST_API_VERSION) == 0)
        return true;
    refuse(d->refusal, REFUSED_BAD_REQUEST,
           "the API version in the data (%s) does not match the expected API version (%s)",
           shown(t->api_version, version), TOKENREQUEST_API_VERSION);
    return false;
}

static bool decode_json(struct decoding *d)
{
    struct sai_err e = { 0 };
    char text[TEXT_BYTES];
    char more[TEXT_BYTES + 64];
    bool ok = message_from_json(&tokenrequest_type, d->body, &d->texts, d->out, &e);

    if (!ok && e.code != SAI_E_INVALID) {
        (void)snprintf(more, sizeof(more), "couldn't get version/kind; json parse error: %s",
                       why(&e, text));
        return unrecognized(d, more);
    }
    if (!ok && (strcmp(e.path, "kind") == 0 || strcmp(e.path, "apiVersion") == 0))
        return unrecognized(d, why(&e, text));
    return check_type(d) && (ok || not_handled(d, why(&e, text)));
}

static bool decode_protobuf(struct decoding *d)
{
    struct field_bytes rest = { d->body.at + sizeof(magic), d->body.len - sizeof(magic) };
    struct unknown u = { 0 };
    struct sai_err e = { 0 };
    char text[TEXT_BYTES];

    if (d->body.len == 0)
        return unrecognized(d, "empty data");
    if (d->body.len < sizeof(magic) || memcmp(d->body.at, magic, sizeof(magic)) != 0)
        return unrecognized(d, "provided data does not appear to be a protobuf message, "
                               "expected prefix [107 56 115 0]");
    if (d->body.len == sizeof(magic))
        return unrecognized(d, "empty body");
    if (!message_from_protobuf(&unknown_message, rest, &d->texts, &u, &e))
        return unrecognized(d, why(&e, text));
    d->out->kind = u.type.kind;
    d->out->api_version = u.type.api_version;
    if (!check_type(d))
        return false;
    if (u.encoding != NULL)
        return not_handled(d, "contentEncoding: must be empty");
    return message_from_protobuf(&tokenrequest_type, u.raw, &d->texts, d->out, &e) ||
           not_handled(d, why(&e, text));
}

struct form_row {
    const char *media_type;
    bool (*decode)(struct decoding *d);
};

static const struct form_row forms[] = {
    { "application/json", decode_json },
    { "application/vnd.kubernetes.protobuf", decode_protobuf },
};

static const struct form_row *form_of(const char *content_type)
{
    if (content_type == NULL || content_type[0] == '\0')
        return &forms[0];
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        if (media_type_is(content_type, forms[i].media_type))
            return &forms[i];
    }
    return NULL;
}

void tokenrequest_done(struct tokenrequest *t)
{
    free(t->texts);
    *t = (struct tokenrequest){ 0 };
}

bool tokenrequest_decode(const char *content_type,
                         const char *body,
                         size_t len,
                         struct tokenrequest *out,
                         struct refusal *r)
{
    const struct form_row *form = form_of(content_type);
    AUTO(tokenrequest) struct tokenrequest t = { 0 };
    struct decoding d = { &t, { body, len }, { NULL, len + 1 }, r };

    if (form == NULL) {
        refuse(r, REFUSED_MEDIA_TYPE,
               "the body of the request was in an unknown format - accepted media types "
               "include: %s, %s",
               forms[0].media_type, forms[1].media_type);
        return false;
    }
    if (len > TOKENREQUEST_MAX_BYTES) {
        refuse_too_large(r, TOKENREQUEST_MAX_BYTES);
        return false;
    }
    t.texts = malloc(len + 1);
    if (t.texts == NULL) {
        refuse_internal(r);
        return false;
    }
    d.texts.at = t.texts;
    if (!form->decode(&d))
        return false;
    *out = t;
    t.texts = NULL;
    return true;
}
