#pragma once
#include <curl/curl.h>

// curl_easy_setopt and curl_easy_getinfo take a variable argument list, which Swift cannot call. One inline function for
// each kind of argument.

typedef size_t (*ccurl_transfer_function)(char *, size_t, size_t, void *);

static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_set_function(CURL *handle, CURLoption option, ccurl_transfer_function value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_response_code(CURL *handle, long *code) {
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, code);
}

// Macros with casts that Swift does not see.
static const size_t ccurl_readfunc_abort = CURL_READFUNC_ABORT;
static const long ccurl_global_default = CURL_GLOBAL_DEFAULT;
static const long ccurl_ssl_all = CURLUSESSL_ALL;
static const long ccurl_ssl_none = CURLUSESSL_NONE;
