/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Before the first key is read and the first thread starts: no core dumps and no ptrace by the
 * same user, no new privileges, private files by default, no log of TLS secrets whatever the
 * environment says. Raises the soft limit of descriptors to the hard one. */
void harden_process(void);
