/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"
#include "conf/schema.h"

void conf_explain(struct buf *out)
{
    buf_str(out, "# Configuration\n");
}
