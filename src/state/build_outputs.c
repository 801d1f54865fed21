/* SPDX-License-Identifier: Apache-2.0 */

/* What we write must not be what we read: a slip of the pen would overwrite a private key. */

#include "base/err.h"
#include "conf/conf.h"
#include "state/build.h"
#include "state/inputs.h"
#include "state/snapshot.h"

#include <stdio.h>
#include <sys/stat.h>

static bool is_input(const struct inputs *inputs, const struct stat *output)
{
    for (size_t i = 0; i < inputs_count(inputs); i++) {
        struct stat st;

        if (stat(inputs_get(inputs, i), &st) == 0 && st.st_dev == output->st_dev &&
            st.st_ino == output->st_ino)
            return true;
    }
    return false;
}

static bool check_output(struct build *b, const char *place, const char *file)
{
    struct sai_err e = { 0 };
    struct stat st;

    /* What is not there yet is nothing that was read. */
    if (file == NULL || stat(file, &st) != 0 || !is_input(b->inputs, &st))
        return true;
    (void)err_set(
        &e, SAI_E_DENIED,
        "%s is read for this configuration, and would be written over: name a file of "
        "its own",
        file);
    return build_error(b, place, &e);
}

bool build_outputs(struct build *b)
{
    const struct conf *conf = b->snapshot->conf;
    bool ok = check_output(b, "audit.file", conf->audit.file);

    for (size_t i = 0; i < conf->issuer_count; i++) {
        char place[BUILD_PATH_MAX];

        (void)snprintf(place, sizeof(place), "issuers[%zu].signer.stateFile", i);
        ok = check_output(b, place, conf->issuers[i].signer.state_file) && ok;
    }
    return ok;
}
