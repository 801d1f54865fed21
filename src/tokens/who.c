/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/who.h"

#include "kube/review.h"

#include <string.h>

struct writer {
    struct who *who;
    size_t len;
    bool cut;
};

static void put(struct writer *w, const char *text)
{
    static const char dots[] = "...";
    size_t room = sizeof(w->who->text) - sizeof(dots) - w->len;
    size_t len = strlen(text);

    if (w->cut)
        return;
    if (len > room) {
        memcpy(w->who->text + w->len, text, room);
        w->len += room;
        text = dots;
        len = strlen(dots);
        w->cut = true;
    }
    memcpy(w->who->text + w->len, text, len);
    w->len += len;
}

static void put_number(struct writer *w, uint64_t n)
{
    char digits[24];
    char *p = digits + sizeof(digits) - 1;

    *p = '\0';
    do {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    put(w, p);
}

static void end_key(struct writer *w)
{
    w->who->key_len = w->len;
}

static void end(struct writer *w)
{
    w->who->text[w->len] = '\0';
    w->who->known = true;
}

void who_set_peer(struct who *w, const struct token_caller *c)
{
    struct writer out = { .who = w };

    put(&out, "unix:uid=");
    put_number(&out, c->uid);
    put(&out, ",gid=");
    put_number(&out, c->gid);
    end_key(&out);
    put(&out, ",pid=");
    put_number(&out, (uint64_t)c->pid);
    end(&out);
}

void who_set_certificate(struct who *w, const struct token_caller *c)
{
    struct writer out = { .who = w };

    put(&out, "certificate:");
    put(&out, c->user);
    end_key(&out);
    end(&out);
}

void who_set_user(struct who *w, const struct kube_user *u)
{
    struct writer out = { .who = w };

    put(&out, "kubernetes:");
    put(&out, u->username);
    if (u->uid[0] != '\0') {
        put(&out, " (uid ");
        put(&out, u->uid);
        put(&out, ")");
    }
    end_key(&out);
    end(&out);
}

void who_set_pod(struct who *w, const char *namespace_name, const char *pod)
{
    struct writer out = { .who = w };

    put(&out, "pod:");
    put(&out, namespace_name);
    put(&out, "/");
    put(&out, pod);
    end_key(&out);
    end(&out);
}
