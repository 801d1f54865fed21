/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What every unit test needs; cmocka.h wants the four before it. */

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/attr.h"
