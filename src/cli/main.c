/* SPDX-License-Identifier: Apache-2.0 */
#include "base/version.h"

#include <stdio.h>

int main(void)
{
    (void)puts("sa-issuerd " SA_ISSUERD_VERSION);
    return 0;
}
