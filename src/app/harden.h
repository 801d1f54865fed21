/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Before the first key is read: no core dumps and no ptrace by the same user, no new
 * privileges, private files by default. Raises the soft limit of descriptors to the hard one.
 */
void harden_process(void);
