// libcurl, bound with dlopen(3) when the first request is made: loading it and the thirty libraries behind it takes
// longer than all else that most actions do, and an action that opens no connection never needs it.
//
// curl/curl.h gives the types and constants; the functions below stand for libcurl's own, without their variable
// arguments, which Swift cannot call. All but ccurl_bind must be called after it.
#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>
#include <stddef.h>

/// Loads the shared library and looks up its functions, then curl_global_init(3). Returns null, or the error.
/// Not to be called by two threads at once, nor again after it has succeeded.
const char *ccurl_bind(const char *library);

/// curl_easy_init(3), curl_easy_cleanup(3), curl_easy_reset(3), curl_easy_strerror(3).
void *ccurl_easy_init(void);
void ccurl_easy_cleanup(void *easy);
void ccurl_easy_reset(void *easy);
const char *ccurl_easy_strerror(CURLcode code);

/// curl_easy_setopt(3), a function for each type of value. A text is copied by libcurl, what a pointer leads to is not.
CURLcode ccurl_set_long(void *easy, CURLoption option, long value);
CURLcode ccurl_set_offset(void *easy, CURLoption option, curl_off_t value);
CURLcode ccurl_set_text(void *easy, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(void *easy, CURLoption option, const void *value);

/// CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION with `context` for their last argument.
typedef size_t (*ccurl_receiver)(char *bytes, size_t size, size_t count, void *context);
CURLcode ccurl_set_body_receiver(void *easy, ccurl_receiver receiver, void *context);
CURLcode ccurl_set_header_receiver(void *easy, ccurl_receiver receiver, void *context);

/// CURLOPT_PROTOCOLS_STR and CURLOPT_REDIR_PROTOCOLS_STR with "http,https"; before libcurl 7.85 CURLOPT_PROTOCOLS and
/// CURLOPT_REDIR_PROTOCOLS.
CURLcode ccurl_restrict_to_http(void *easy);

/// curl_easy_getinfo(3), a function for each type of value. Returns 0 or null if there is none.
long ccurl_info_long(void *easy, CURLINFO info);
curl_off_t ccurl_info_offset(void *easy, CURLINFO info);
const char *ccurl_info_text(void *easy, CURLINFO info);

/// CURLINFO_CERTINFO: the fields of the certificate of that number, `NAME:value` each, or null if there is none.
const struct curl_slist *ccurl_info_certificate(void *easy, int number);

/// curl_slist_append(3) and curl_slist_free_all(3).
struct curl_slist *ccurl_list_append(struct curl_slist *list, const char *text);
void ccurl_list_free(struct curl_slist *list);

/// curl_multi_init(3) and its kin.
void *ccurl_multi_init(void);
void ccurl_multi_cleanup(void *multi);
CURLMcode ccurl_multi_add(void *multi, void *easy);
CURLMcode ccurl_multi_remove(void *multi, void *easy);
CURLMcode ccurl_multi_perform(void *multi, int *running);
CURLMcode ccurl_multi_wakeup(void *multi);
const char *ccurl_multi_strerror(CURLMcode code);

/// curl_multi_poll(3): waits for the transfers, for `descriptor` to become readable, or for ccurl_multi_wakeup.
CURLMcode ccurl_multi_poll(void *multi, int descriptor, int milliseconds);

/// curl_multi_info_read(3): whether a transfer has ended, and its `result`.
int ccurl_multi_result(void *multi, CURLcode *result);

#endif
