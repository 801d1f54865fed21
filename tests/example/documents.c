/* SPDX-License-Identifier: Apache-2.0 */

/* Prints both documents of an issuer: what sa-issuerd would serve.
 *
 *     documents ISSUER KEY_FILE_OR_DIRECTORY...
 */

#include <sa_issuer/discovery.h>
#include <sa_issuer/keyset.h>
#include <stdio.h>
#include <stdlib.h>

static void print_report(const struct sai_report *r)
{
    for (size_t i = 0; i < sai_report_count(r); i++) {
        enum sai_severity severity;
        const struct sai_err *e = sai_report_get(r, i, &severity);
        char line[1024];

        fprintf(stderr, "%s: %s\n", severity == SAI_ERROR ? "error" : "warning",
                sai_err_format(e, line, sizeof(line)));
    }
}

static bool print_documents(const char *issuer, const struct sai_keyset *ks)
{
    const struct sai_discovery_options options = { .issuer = issuer };
    struct sai_err e = { 0 };
    char *text;
    size_t len;

    if (sai_discovery_render(&options, ks, &text, &len, &e)) {
        puts(text);
        free(text);
        if (sai_jwks_render(ks, &text, &len, &e)) {
            puts(text);
            free(text);
            return true;
        }
    }
    fprintf(stderr, "error: %s\n", e.text);
    return false;
}

int main(int argc, char **argv)
{
    struct sai_report *report = sai_report_new();
    struct sai_keyset *keys = NULL;
    bool ok = false;

    if (argc < 3 || report == NULL) {
        fprintf(stderr, "usage: documents ISSUER KEY_FILE_OR_DIRECTORY...\n");
        return 2;
    }
    const char *problem = sai_issuer_url_problem(argv[1]);
    const struct sai_keyset_options options = {
        .paths = (const char *const *)(argv + 2),
        .path_count = (size_t)argc - 2,
        .allow_ed25519 = true,
    };
    if (problem[0] != '\0')
        fprintf(stderr, "error: issuer: %s\n", problem);
    else if (sai_keyset_load(&options, &keys, report))
        ok = print_documents(argv[1], keys);
    print_report(report);
    sai_keyset_free(keys);
    sai_report_free(report);
    return ok ? 0 : 1;
}
