/* SPDX-License-Identifier: Apache-2.0 */

/* How long each bare signature takes, which no figure per second tells: every 32nd of RSA takes
 * twice as long, as OpenSSL blinds anew.
 *
 * usage: sign KEYFILE COUNT
 *
 * Prints the microseconds of each, one a line. The digest is SHA-256 and not in the time. */

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

_Noreturn static void die(const char *what)
{
    (void)fprintf(stderr, "sign: %s\n", what);
    exit(1);
}

static double now_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static EVP_PKEY_CTX *prepare(const char *file)
{
    FILE *f = fopen(file, "r");
    EVP_PKEY *key = f == NULL ? NULL : PEM_read_PrivateKey(f, NULL, NULL, NULL);
    EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);

    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
        (EVP_PKEY_is_a(key, "RSA") &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1)
        die("no key that signs a SHA-256");
    EVP_PKEY_free(key);
    (void)fclose(f);
    return ctx;
}

int main(int argc, char **argv)
{
    static const unsigned char digest[32] = { 1 };
    unsigned char signature[1024];
    EVP_PKEY_CTX *ctx;

    if (argc != 3)
        die("usage: sign KEYFILE COUNT");
    ctx = prepare(argv[1]);
    for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
        size_t len = sizeof(signature);
        double begin = now_us();

        if (EVP_PKEY_sign(ctx, signature, &len, digest, sizeof(digest)) != 1)
            die("no signature");
        (void)printf("%.1f\n", now_us() - begin);
    }
    EVP_PKEY_CTX_free(ctx);
    return 0;
}
