/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reloading: build the next snapshot aside, and swap it in whole or keep the running one. */

#include "base/attr.h"
#include "state/state.h"

#include <sa_issuer/err.h>

struct inputs;
struct reloader;
struct sign_desk;
struct watch;

enum reload_trigger { RELOAD_SIGHUP, RELOAD_WATCH, RELOAD_POLL };

/* inputs: those of the running snapshot, taken over on success. state, watch (NULL: watch
 * nothing) and conf_file are borrowed and must outlive it. */
bool reloader_new(const char *conf_file,
                  struct state *state,
                  struct watch *watch,
                  struct inputs *inputs,
                  struct reloader **out,
                  struct sai_err *e) MUST_USE;
void reloader_free(struct reloader *r); /* takes NULL */
DEFINE_AUTO(reloader, reloader_free)

/* From now on the signer has a say in which keys may follow which; borrowed. */
void reloader_use_signer(struct reloader *r, struct sign_desk *desk);

/* One attempt. Logs and counts what came of it: a new snapshot, nothing new (unless SIGHUP
 * asks, a snapshot of the same files changes nothing), or what is wrong. The same failure found
 * again by itself is not told again, and a poll of files that have not been touched does
 * nothing. *again: something new is watched, so look once more soon.
 */
void reloader_attempt(struct reloader *r, enum reload_trigger trigger, bool *again);
