/* SPDX-License-Identifier: Apache-2.0 */

/* TokenRequests in JSON: there is a token or an error, and the answer is one line of JSON.
 * Jansson accepts the same bytes and sees the same values, but for real numbers beyond its
 * type, and for more members than we take. */

#include "token_service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The value of a member, NULL for null and where there is no object. */
static const json_t *member(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);

    return json_is_null(v) ? NULL : v;
}

static bool is_text(const json_t *v, const char *got)
{
    if (v == NULL || json_string_length(v) == 0)
        return got == NULL && (v == NULL || json_is_string(v));
    return got != NULL && strcmp(json_string_value(v), got) == 0;
}

static void compare_audiences(const json_t *v, const struct field_texts *got)
{
    check(got->count == json_array_size(v) && (v == NULL || json_is_array(v)));
    for (size_t i = 0; i < got->count && i < FIELD_TEXTS_MAX; i++)
        check(strcmp(got->items[i], json_string_value(json_array_get(v, i))) == 0);
}

static void compare_reference(const json_t *v, const struct tokenrequest_reference *got)
{
    check(got->present == (v != NULL) && (v == NULL || json_is_object(v)));
    check(is_text(member(v, "kind"), got->kind));
    check(is_text(member(v, "apiVersion"), got->api_version));
    check(is_text(member(v, "name"), got->name));
    check(is_text(member(v, "uid"), got->uid));
}

static void compare(const json_t *v, const struct tokenrequest *got)
{
    const json_t *metadata = member(v, "metadata");
    const json_t *spec = member(v, "spec");
    const json_t *seconds = member(spec, "expirationSeconds");

    check(is_text(member(metadata, "name"), got->metadata.name));
    check(is_text(member(metadata, "namespace"), got->metadata.namespace_name));
    check(is_text(member(metadata, "uid"), got->metadata.uid));
    compare_audiences(member(spec, "audiences"), &got->spec.audiences);
    compare_reference(member(spec, "boundObjectRef"), &got->spec.bound);
    check(got->spec.attestations == (json_object_size(member(spec, "attestations")) > 0));
    check(got->spec.expiration_s.present == (seconds != NULL));
    check(seconds == NULL || (json_is_integer(seconds) &&
                              got->spec.expiration_s.value == json_integer_value(seconds)));
}

static const char no_json[] = "the object provided is unrecognized (must be of type "
                              "TokenRequest): couldn't get version/kind; json parse error: ";

static void compare_readers(const char *body, size_t len)
{
    static const struct json_limits limits = { TOKENREQUEST_MAX_BYTES, MESSAGE_JSON_DEPTH };
    AUTO(tokenrequest) struct tokenrequest t = { 0 };
    AUTO(refusal) struct refusal r;
    AUTO(json_t) json_t *json = NULL;
    struct sai_err e = { 0 };
    bool valid = json_read_object(body, len, &limits, &json, &e);

    refusal_init(&r);
    if (tokenrequest_decode("application/json", body, len, &t, &r)) {
        check(valid || strstr(e.text, "a number is out of range") != NULL);
        if (valid)
            compare(json, &t);
    } else if (len <= TOKENREQUEST_MAX_BYTES && valid) {
        check(strncmp(r.text.data, no_json, strlen(no_json)) != 0 ||
              strncmp(r.text.data + strlen(no_json), "more than", 9) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len;
    AUTO_FREE char *body = fuzz_body(data, size, &len);

    compare_readers(body, len);
    return fuzz_issue(TOKEN_PATH_REQUEST, "application/json", data, size);
}
