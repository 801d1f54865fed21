/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_certificate.h"

#include "base/utf8.h"

#include <gnutls/x509.h>
#include <string.h>

/* Room for "system:node:" and a DNS name. */
enum { NAME_MAX_BYTES = 512, AGAIN_S = 60 };

static bool verified(gnutls_session_t session)
{
    static char client_purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)client_purpose };
    unsigned status = ~0U;

    return gnutls_certificate_verify_peers(session, &purpose, 1, &status) == GNUTLS_E_SUCCESS &&
           status == 0;
}

/* The DirectoryString types that certificates have nowadays; the others say what they mean in
 * more than one way. */
static bool is_text(const gnutls_x509_ava_st *ava)
{
    enum { TAG_UTF8 = 12, TAG_PRINTABLE = 19, TAG_IA5 = 22 };

    return ava->value_tag == TAG_UTF8 || ava->value_tag == TAG_PRINTABLE ||
           ava->value_tag == TAG_IA5;
}

/* NULL if it is no name. */
static char *name_of(const gnutls_x509_ava_st *ava)
{
    const char *text = (const char *)ava->value.data;
    size_t len = ava->value.size;

    if (!is_text(ava) || len == 0 || len > NAME_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_decode(text + i, len - i, NULL);

        if (n == 0 || (unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return NULL;
        i += n;
    }
    return strndup(text, len);
}

static bool is_oid(const gnutls_datum_t *oid, const char *expected)
{
    size_t len = strlen(expected);

    /* GnuTLS counts the NUL behind it or not, by its version. */
    return oid->size >= len && memcmp(oid->data, expected, len) == 0 &&
           (oid->size == len || (oid->size == len + 1 && oid->data[len] == '\0'));
}

static bool add_attribute(struct client *c, const gnutls_x509_ava_st *ava)
{
    if (is_oid(&ava->oid, GNUTLS_OID_X520_COMMON_NAME)) {
        if (c->user != NULL)
            return false;
        c->user = name_of(ava);
        return c->user != NULL;
    }
    if (is_oid(&ava->oid, GNUTLS_OID_X520_ORGANIZATION_NAME)) {
        if (c->group_count == CALLER_GROUPS_MAX)
            return false;
        c->groups[c->group_count] = name_of(ava);
        return c->groups[c->group_count++] != NULL;
    }
    return true;
}

/* A relative name is a set of attributes, nearly always of one. */
static bool read_subject(struct client *c, gnutls_x509_crt_t certificate)
{
    gnutls_x509_ava_st ava;
    gnutls_x509_dn_t dn;
    int code = gnutls_x509_crt_get_subject(certificate, &dn);

    for (int rdn = 0; code == GNUTLS_E_SUCCESS; rdn++) {
        int i = 0;

        while ((code = gnutls_x509_dn_get_rdn_ava(dn, rdn, i, &ava)) == GNUTLS_E_SUCCESS) {
            if (!add_attribute(c, &ava))
                return false;
            i++;
        }
        if (code == GNUTLS_E_ASN1_ELEMENT_NOT_FOUND && i > 0)
            code = GNUTLS_E_SUCCESS;
    }
    return code == GNUTLS_E_ASN1_ELEMENT_NOT_FOUND && c->user != NULL;
}

static bool read_certificate(struct client *c, const gnutls_datum_t *der, int64_t now_unix_s)
{
    gnutls_x509_crt_t certificate;
    bool ok;

    if (gnutls_x509_crt_init(&certificate) != GNUTLS_E_SUCCESS)
        return false;
    ok = gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
         read_subject(c, certificate);
    if (ok) {
        int64_t end = gnutls_x509_crt_get_expiration_time(certificate);

        c->good_until_unix_s = end < now_unix_s + AGAIN_S ? end : now_unix_s + AGAIN_S;
    }
    gnutls_x509_crt_deinit(certificate);
    return ok;
}

void client_certificate_ask(struct client *c, gnutls_session_t session, int64_t now_unix_s)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);

    client_forget(c);
    c->proof = CLIENT_NOBODY;
    if (chain == NULL || count == 0)
        return;
    if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) == GNUTLS_CRT_X509 &&
        verified(session) && read_certificate(c, &chain[0], now_unix_s)) {
        c->proof = CLIENT_CERTIFICATE;
        return;
    }
    client_forget(c);
    c->proof = CLIENT_BAD_CERTIFICATE;
}
