/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"
#include "conf/conf.h"
#include "conf/rows.h"

#include <string.h>

static bool check_address(const char *text, struct sai_err *e)
{
    struct sockaddr_storage addr;
    socklen_t len;

    return addr_parse(text, &addr, &len, e);
}

/* sun_path holds 108 bytes with the NUL. */
static bool check_unix_path(const char *text, struct sai_err *e)
{
    size_t len = strlen(text);

    if (len > CONF_MAX_UNIX_PATH_BYTES)
        return err_set(e, SAI_E_LIMIT,
                       "the socket's path would have %zu bytes, at most %d are possible", len,
                       (int)CONF_MAX_UNIX_PATH_BYTES);
    return true;
}

/* FileDescriptorName= of systemd.socket(5). */
static bool check_systemd_name(const char *text, struct sai_err *e)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || text[i] == ':' || len > 255)
            return err_set(e, SAI_E_INVALID,
                           "not a socket name: up to 255 ASCII characters, no blank, no colon");
    }
    return true;
}

static const struct schema_row tls_rows[] = {
    { "certificate", &type_path, AT(conf_tls, certificate),
      .flags = ROW_REQUIRED | ROW_RESTART_IF_SET,
      .help = "PEM file: the server's certificate, then the intermediate ones. Read again when "
              "it changes." },
    { "key", &type_path, AT(conf_tls, key), .flags = ROW_REQUIRED,
      .help = "PEM file: the certificate's private key, not encrypted." },
    { 0 },
};

/* clang-format off */
/* At `at` in the listener is its struct listen_access. */
#define ACCESS_ROWS(at, usual_mode) \
    { "mode", &type_mode, .offset = (at) + offsetof(struct listen_access, mode), \
      .flags = ROW_RESTART, .preset = (usual_mode), .allowed = "0000 to 0777", \
      .help = "Permissions of the Unix socket." }, \
    { "owner", &type_id, .offset = (at) + offsetof(struct listen_access, owner), \
      .flags = ROW_RESTART, .allowed = "a user id", \
      .help = "User whom the Unix socket is given to, which takes the right to do so. Absent: " \
              "the daemon's." }, \
    { "group", &type_id, .offset = (at) + offsetof(struct listen_access, group), \
      .flags = ROW_RESTART, .allowed = "a group id", \
      .help = "Group of the Unix socket. Absent: the daemon's." }
/* clang-format on */

static const struct schema_row listener_rows[] = {
    { "address", &type_texts, AT(conf_listener, addresses), .flags = ROW_RESTART | ROW_OR_ONE,
      .min = 1, .max = 16, .check = check_address,
      .allowed = "IP address and port, or a list of up to 16",
      .help =
          "Where to listen, e.g. `0.0.0.0:8443` or `[::]:8443`. Names are not resolved; port "
          "0 lets the kernel choose." },
    { "unix", &type_path, AT(conf_listener, unix_path), .flags = ROW_RESTART,
      .check = check_unix_path, .allowed = "at most 107 bytes",
      .help = "Unix socket to listen on, for a proxy on the same machine; plain HTTP." },
    ACCESS_ROWS(offsetof(struct conf_listener, access), "0660"),
    { "systemd", &type_text, AT(conf_listener, systemd), .flags = ROW_RESTART,
      .check = check_systemd_name, .allowed = "a FileDescriptorName=",
      .help = "Take the sockets of this name from systemd (socket activation)." },
    { "tls", .section = tls_rows, AT(conf_listener, tls),
      .help =
          "Serve HTTPS on `address` and `systemd`. Without it HTTP is plain: for loopback, or "
          "behind a proxy that speaks TLS." },
    { 0 },
};

/* A listener whose callers may show certificates. */
static const struct schema_row tokens_tls_rows[] = {
    { "certificate", &type_path, AT(conf_tls, certificate),
      .flags = ROW_REQUIRED | ROW_RESTART_IF_SET,
      .help = "As `listeners.discovery.tls.certificate`." },
    { "key", &type_path, AT(conf_tls, key), .flags = ROW_REQUIRED,
      .help = "As `listeners.discovery.tls.key`." },
    { "clientCA", &type_path, AT(conf_tls, client_ca),
      .help = "PEM file: the authorities whose client certificates are believed; read again "
              "when it changes. Absent: clients are not asked for one." },
    { 0 },
};

static const struct schema_row tokens_listener_rows[] = {
    { "address", &type_texts, AT(conf_listener, addresses), .flags = ROW_RESTART | ROW_OR_ONE,
      .min = 1, .max = 16, .check = check_address,
      .allowed = "IP address and port, or a list of up to 16",
      .help =
          "Where to listen; without `tls` a loopback address only, as tokens are secrets." },
    { "unix", &type_path, AT(conf_listener, unix_path), .flags = ROW_RESTART,
      .check = check_unix_path, .allowed = "at most 107 bytes",
      .help = "Unix socket to listen on, for processes of this machine; plain HTTP. The kernel "
              "says who they are (`callers.unixPeers`)." },
    ACCESS_ROWS(offsetof(struct conf_listener, access), "0660"),
    { "systemd", &type_text, AT(conf_listener, systemd), .flags = ROW_RESTART,
      .check = check_systemd_name, .allowed = "a FileDescriptorName=",
      .help = "Take the sockets of this name from systemd (socket activation)." },
    { "tls", .section = tokens_tls_rows, AT(conf_listener, tls),
      .help = "Serve HTTPS on `address` and `systemd`." },
    { 0 },
};

#define SOCKET(member) .offset = offsetof(struct conf_signer_listener, socket.member)

static const struct schema_row signer_listener_rows[] = {
    { "unix", &type_socket, SOCKET(unix_path), .flags = ROW_RESTART, .check = check_unix_path,
      .allowed = "at most 107 bytes",
      .help = "Unix socket to listen on, as kube-apiserver has it in "
              "`--service-account-signing-endpoint`; `@name` is an abstract socket." },
    ACCESS_ROWS(offsetof(struct conf_signer_listener, socket.access), "0600"),
    { "systemd", &type_text, SOCKET(systemd), .flags = ROW_RESTART, .check = check_systemd_name,
      .allowed = "a FileDescriptorName=",
      .help = "Take the Unix sockets of this name from systemd, which keep their place while "
              "the daemon restarts." },
    { "allowUIDs", &type_ids, AT(conf_signer_listener, uids), .min = 1, .max = 64,
      .preset = "[0]", .allowed = "1 to 64 user ids",
      .help = "Users whose processes may connect; the kernel says who they are." },
    { 0 },
};

const struct schema_row listeners_rows[] = {
    { "discovery", .section = listener_rows, AT(conf_listeners, discovery),
      .flags = ROW_REQUIRED,
      .help = "Public and anonymous: the discovery documents and key sets. At least one of "
              "`address`, `unix` and `systemd` is needed." },
    { "tokens", .section = tokens_listener_rows, AT(conf_listeners, tokens),
      .help = "TokenRequest and token exchange for those that `callers` names; needs a "
              "`federation` issuer with audiences, and `accounts`. Absent: none." },
    { "signer", .section = signer_listener_rows, AT(conf_listeners, signer),
      .flags = ROW_RESTART_IF_SET,
      .present_offset = offsetof(struct conf_listeners, signer.present),
      .help = "Signs for kube-apiserver (1.32 and later) over gRPC; needs one issuer with the "
              "role `cluster`. Absent: none." },
    { "admin", .section = listener_rows, AT(conf_listeners, admin),
      .help =
          "`/livez`, `/readyz` and `/metrics`; anonymous too, so not for the public. Absent: "
          "none." },
    { 0 },
};
