/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/ossl.h"

#include <errno.h>

void ossl_set_error(struct sai_err *e, enum sai_err_code code, const char *text)
{
    bool nomem = errno == ENOMEM;
    unsigned long error;

    while ((error = ERR_get_error()) != 0)
        nomem = nomem || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    if (nomem)
        err_set_text(e, SAI_E_NOMEM, "out of memory");
    else
        err_set_text(e, code, "%s", text);
    errno = 0;
}
