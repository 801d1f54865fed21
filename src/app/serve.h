/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The daemon from start to stop. */

/* Serves by the configuration file until SIGTERM or SIGINT; SIGHUP reloads. Logs everything it
 * has to say. Returns the exit code: 0 after a clean stop, 1 if it could not start. */
int serve(const char *conf_file);
