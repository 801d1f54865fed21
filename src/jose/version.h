/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The crypto library in use, e.g. "OpenSSL 3.0.22 ..."; a constant. */
const char *jose_library_version(void);
