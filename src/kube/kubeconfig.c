/* SPDX-License-Identifier: Apache-2.0 */

/* Kubeconfig files (k8s.io/client-go/tools/clientcmd/api/v1), in YAML or JSON. */

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "codec/base64url.h"
#include "codec/yaml.h"
#include "kube/config.h"

#include <stdarg.h>
#include <string.h>

enum { MAX_DEPTH = 32, MAX_NODES = 20000 };

struct reader {
    const struct yaml_doc *doc;
    struct sai_report *report;
    struct kube_config *config;
    size_t errors_before;
};

enum how {
    HOW_TEXT,    /* a char * */
    HOW_PATH,    /* the path of a struct kube_source */
    HOW_DATA,    /* its data, in base64 */
    HOW_SECRET,  /* its data, as it is */
    HOW_REFUSED, /* unless empty or false */
};

struct row {
    const char *key;
    enum how how;
    size_t offset; /* in struct kube_config */
    const char *why;
};

#define SOURCE(member) offsetof(struct kube_config, member)

static const struct row cluster_rows[] = {
    { "certificate-authority", HOW_PATH, SOURCE(ca), NULL },
    { "certificate-authority-data", HOW_DATA, SOURCE(ca), NULL },
    { "tls-server-name", HOW_TEXT, SOURCE(server_name), NULL },
    { "insecure-skip-tls-verify", HOW_REFUSED, 0,
      "the API server is always verified; give certificate-authority instead" },
    { "proxy-url", HOW_REFUSED, 0, "proxies are not supported" },
};

static const char no_programs[] =
    "credentials from programs are not supported; use a client certificate or a tokenFile";
static const char no_passwords[] =
    "Kubernetes has no passwords since 1.19; use a client certificate or a tokenFile";
static const char no_impersonation[] = "impersonation is not supported";

static const struct row user_rows[] = {
    { "client-certificate", HOW_PATH, SOURCE(certificate), NULL },
    { "client-certificate-data", HOW_DATA, SOURCE(certificate), NULL },
    { "client-key", HOW_PATH, SOURCE(key), NULL },
    { "client-key-data", HOW_DATA, SOURCE(key), NULL },
    { "token", HOW_SECRET, SOURCE(token), NULL },
    { "tokenFile", HOW_PATH, SOURCE(token), NULL },
    { "exec", HOW_REFUSED, 0, no_programs },
    { "auth-provider", HOW_REFUSED, 0, no_programs },
    { "username", HOW_REFUSED, 0, no_passwords },
    { "password", HOW_REFUSED, 0, no_passwords },
    { "as", HOW_REFUSED, 0, no_impersonation },
    { "as-uid", HOW_REFUSED, 0, no_impersonation },
    { "as-groups", HOW_REFUSED, 0, no_impersonation },
    { "as-user-extra", HOW_REFUSED, 0, no_impersonation },
};

static void problem(struct reader *rd, const struct yaml_node *n, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static void problem(struct reader *rd, const struct yaml_node *n, const char *fmt, ...)
{
    struct sai_err e = { 0 };
    va_list args;

    va_start(args, fmt);
    err_set_vtext(&e, SAI_E_INVALID, fmt, args);
    va_end(args);
    yaml_locate(rd->doc, n, &e);
    report_add(rd->report, SAI_ERROR, &e);
}

static void problem_nomem(struct reader *rd)
{
    struct sai_err e = { 0 };

    (void)err_nomem(&e);
    report_add(rd->report, SAI_ERROR, &e);
}

/* What an error says, at a node. */
static void problem_err(struct reader *rd, const struct yaml_node *n, struct sai_err *e)
{
    yaml_locate(rd->doc, n, e);
    report_add(rd->report, SAI_ERROR, e);
}

/* The text of a member, NULL without one; anything but text is a mistake. */
static const struct yaml_node *
text_of(struct reader *rd, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *n = yaml_get(map, key);

    if (n == NULL || yaml_is_null(n) || (n->kind == YAML_SCALAR && n->len == 0))
        return NULL;
    if (n->kind == YAML_SCALAR)
        return n;
    problem(rd, n, "must be text");
    return NULL;
}

static char to_base64url(char c)
{
    if (c == '+')
        return '-';
    if (c == '/')
        return '_';
    return c;
}

/* The same in base64url, without line ends and padding; false if it is not base64 at all. */
static bool translate(const char *text, size_t len, struct buf *out)
{
    size_t padding = 0;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '\n' || c == '\r')
            continue;
        if (c == '=')
            padding++;
        else if (padding > 0 || c == '-' || c == '_')
            return false;
        else
            buf_char(out, to_base64url(c));
    }
    return padding <= 2 && (out->len + padding) % 4 == 0;
}

/* Standard base64 (RFC 4648 section 4) with its padding, as Go reads it. */
static bool decode_base64(const char *text, size_t len, char **out, struct sai_err *e)
{
    AUTO(buf) struct buf url = { 0 };
    AUTO(buf) struct buf bytes = { 0 };
    struct sai_err ignored = { 0 };
    bool is_base64;

    buf_init_secret(&url, len + 1);
    buf_init_secret(&bytes, len + 1);
    is_base64 = translate(text, len, &url);
    if (!buf_ok(&url, e))
        return false;
    if (!is_base64 || url.len == 0 || !base64url_decode(&bytes, url.data, url.len, &ignored))
        return err_set(e, SAI_E_SYNTAX, "is not base64");
    if (memchr(bytes.data, '\0', bytes.len) != NULL)
        return err_set(e, SAI_E_SYNTAX, "is not the base64 of a PEM text");
    *out = buf_take(&bytes, NULL);
    return true;
}

static void read_data(struct reader *rd, const struct yaml_node *n, char **out)
{
    struct sai_err e = { 0 };

    if (!decode_base64(n->text, n->len, out, &e))
        problem_err(rd, n, &e);
}

static void keep(struct reader *rd, char **out, char *value)
{
    *out = value;
    if (value == NULL)
        problem_nomem(rd);
}

static void refuse(struct reader *rd, const struct yaml_node *n, const struct row *row)
{
    bool is_set = n->kind != YAML_SCALAR || (n->len > 0 && !yaml_is_null(n));

    if (n->kind == YAML_SCALAR && !n->quoted && strcmp(n->text, "false") == 0)
        is_set = false;
    if (is_set)
        problem(rd, n, "%s", row->why);
}

static void read_row(struct reader *rd, const struct yaml_node *map, const struct row *row)
{
    char *base = (char *)rd->config + row->offset;
    const struct yaml_node *n = yaml_get(map, row->key);

    if (n != NULL && row->how == HOW_REFUSED) {
        refuse(rd, n, row);
        return;
    }
    n = text_of(rd, map, row->key);
    if (n == NULL)
        return;
    switch (row->how) {
    case HOW_TEXT:
        keep(rd, (char **)(void *)base, strdup(n->text));
        break;
    case HOW_PATH:
        keep(rd, &((struct kube_source *)(void *)base)->path,
             file_path_beside(rd->doc->file, n->text));
        break;
    case HOW_DATA:
        read_data(rd, n, &((struct kube_source *)(void *)base)->data);
        break;
    case HOW_SECRET:
        keep(rd, &((struct kube_source *)(void *)base)->data, strdup(n->text));
        break;
    case HOW_REFUSED:
        break;
    }
}

/* What is found under member in the item of that name of a list; NULL with a mistake. */
static const struct yaml_node *
named(struct reader *rd, const char *list, const char *member, const struct yaml_node *name)
{
    const struct yaml_node *items = yaml_get(rd->doc->root, list);
    const struct yaml_node *found = NULL;

    if (items != NULL && items->kind == YAML_LIST) {
        for (const struct yaml_node *i = items->first; i != NULL; i = i->next) {
            const struct yaml_node *own = yaml_get(i, "name");

            if (own == NULL || own->kind != YAML_SCALAR || strcmp(own->text, name->text) != 0)
                continue;
            if (found != NULL)
                problem(rd, own, "\"%s\" is in %s twice", name->text, list);
            found = i;
        }
    }
    if (found == NULL) {
        problem(rd, name, "there is no \"%s\" in %s", name->text, list);
        return NULL;
    }
    items = yaml_get(found, member);
    if (items == NULL || items->kind != YAML_MAP) {
        problem(rd, found, "has no %s", member);
        return NULL;
    }
    return items;
}

static void read_cluster(struct reader *rd, const struct yaml_node *cluster)
{
    const struct yaml_node *server = text_of(rd, cluster, "server");
    struct sai_err e = { 0 };

    for (size_t i = 0; i < ARRAY_SIZE(cluster_rows); i++)
        read_row(rd, cluster, &cluster_rows[i]);
    if (server == NULL)
        problem(rd, cluster, "has no server");
    else if (!kube_config_set_server(rd->config, server->text, &e))
        problem_err(rd, server, &e);
    if (report_ok_since(rd->report, rd->errors_before) && rd->config->ca.data == NULL &&
        rd->config->ca.path == NULL)
        problem(rd, cluster,
                "has no certificate-authority: the authorities that the system trusts are not "
                "asked");
}

static void read_user(struct reader *rd, const struct yaml_node *user)
{
    const struct kube_config *c = rd->config;
    bool certificate;
    bool key;

    for (size_t i = 0; i < ARRAY_SIZE(user_rows); i++)
        read_row(rd, user, &user_rows[i]);
    certificate = c->certificate.data != NULL || c->certificate.path != NULL;
    key = c->key.data != NULL || c->key.path != NULL;
    if (!report_ok_since(rd->report, rd->errors_before))
        return;
    if (certificate != key)
        problem(rd, user, "has a client-%s without a client-%s",
                certificate ? "certificate" : "key", certificate ? "key" : "certificate");
    else if (!certificate && c->token.data == NULL && c->token.path == NULL)
        problem(rd, user, "has neither a client certificate nor a token");
}

static void check_header(struct reader *rd)
{
    static const char *const wanted[][2] = { { "apiVersion", "v1" }, { "kind", "Config" } };

    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        const struct yaml_node *n = text_of(rd, rd->doc->root, wanted[i][0]);

        if (n != NULL && strcmp(n->text, wanted[i][1]) != 0)
            problem(rd, n, "must be %s", wanted[i][1]);
    }
}

/* The context's own node stands for a name that was given from outside, so that a mistake has
 * a place at all. */
static void read_context(struct reader *rd, const struct yaml_node *name)
{
    const struct yaml_node *context = named(rd, "contexts", "context", name);
    const struct yaml_node *cluster;
    const struct yaml_node *user;
    const struct yaml_node *found;

    if (context == NULL)
        return;
    cluster = text_of(rd, context, "cluster");
    user = text_of(rd, context, "user");
    if (cluster == NULL)
        problem(rd, context, "names no cluster");
    else if ((found = named(rd, "clusters", "cluster", cluster)) != NULL)
        read_cluster(rd, found);
    if (user == NULL)
        problem(rd, context, "names no user");
    else if ((found = named(rd, "users", "user", user)) != NULL)
        read_user(rd, found);
}

static void read_document(struct reader *rd, const char *context)
{
    struct yaml_node given = *rd->doc->root; /* its place */
    const struct yaml_node *name;

    if (rd->doc->root->kind != YAML_MAP) {
        problem(rd, rd->doc->root, "must be a map with clusters, users and contexts");
        return;
    }
    check_header(rd);
    if (context != NULL && context[0] != '\0') {
        given.text = context;
        given.len = strlen(context);
        name = &given;
    } else {
        name = text_of(rd, rd->doc->root, "current-context");
    }
    if (name == NULL)
        problem(rd, rd->doc->root, "has no current-context");
    else
        read_context(rd, name);
}

bool kube_config_parse(const char *file,
                       const char *text,
                       size_t len,
                       const char *context,
                       struct kube_config **out,
                       struct sai_report *r)
{
    const struct yaml_input in = {
        .file = file, .text = text, .len = len, .max_depth = MAX_DEPTH, .max_nodes = MAX_NODES
    };
    AUTO(kube_config) struct kube_config *c = calloc(1, sizeof(*c));
    AUTO(arena) struct arena *a = arena_new();
    struct reader rd = { .report = r,
                         .config = c,
                         .errors_before = sai_report_total(r, SAI_ERROR) };
    size_t first = sai_report_count(r);
    struct yaml_doc *doc = NULL;

    if (c == NULL || a == NULL) {
        problem_nomem(&rd);
        return false;
    }
    if (!yaml_parse(&in, a, &doc, r))
        return false;
    rd.doc = doc;
    read_document(&rd, context);
    report_sort(r, first);
    if (!report_ok_since(r, rd.errors_before))
        return false;
    *out = TAKE(c);
    return true;
}

bool kube_config_load(const char *file,
                      const char *context,
                      struct kube_config **out,
                      struct sai_report *r)
{
    AUTO(buf) struct buf text = { 0 };
    struct sai_err e = { 0 };

    buf_init_secret(&text, KUBE_MAX_CONFIG_BYTES + 1);
    if (!file_read(file, KUBE_MAX_CONFIG_BYTES, &text, NULL, &e)) {
        report_add(r, SAI_ERROR, &e);
        return false;
    }
    return kube_config_parse(file, text.data == NULL ? "" : text.data, text.len, context, out,
                             r);
}
