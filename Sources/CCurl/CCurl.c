#include "CCurl.h"

#include <dlfcn.h>

#define FUNCTIONS(X)                                                                                                   \
    X(global_init)                                                                                                     \
    X(easy_init)                                                                                                       \
    X(easy_cleanup)                                                                                                    \
    X(easy_reset)                                                                                                      \
    X(easy_strerror)                                                                                                   \
    X(easy_setopt)                                                                                                     \
    X(easy_getinfo)                                                                                                    \
    X(slist_append)                                                                                                    \
    X(slist_free_all)                                                                                                  \
    X(multi_init)                                                                                                      \
    X(multi_cleanup)                                                                                                   \
    X(multi_add_handle)                                                                                                \
    X(multi_remove_handle)                                                                                             \
    X(multi_perform)                                                                                                   \
    X(multi_poll)                                                                                                      \
    X(multi_wakeup)                                                                                                    \
    X(multi_info_read)                                                                                                 \
    X(multi_strerror)

// Each pointer has the type that curl.h declares the function with.
static struct {
#define FIELD(name) __typeof__(curl_##name) *name;
    FUNCTIONS(FIELD)
} curl;

const char *ccurl_bind(const char *library) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define LOOK_UP(name)                                                                                                  \
    curl.name = (__typeof__(curl.name))dlsym(handle, "curl_" #name);                                                   \
    if (!curl.name) return "it has no function curl_" #name ": it is too old";
    FUNCTIONS(LOOK_UP)
    return curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? NULL : "curl_global_init failed";
}

void *ccurl_easy_init(void) { return curl.easy_init(); }

void ccurl_easy_cleanup(void *easy) { curl.easy_cleanup(easy); }

void ccurl_easy_reset(void *easy) { curl.easy_reset(easy); }

const char *ccurl_easy_strerror(CURLcode code) { return curl.easy_strerror(code); }

CURLcode ccurl_set_long(void *easy, CURLoption option, long value) { return curl.easy_setopt(easy, option, value); }

CURLcode ccurl_set_offset(void *easy, CURLoption option, curl_off_t value) {
    return curl.easy_setopt(easy, option, value);
}

CURLcode ccurl_set_text(void *easy, CURLoption option, const char *value) {
    return curl.easy_setopt(easy, option, value);
}

CURLcode ccurl_set_pointer(void *easy, CURLoption option, const void *value) {
    return curl.easy_setopt(easy, option, value);
}

CURLcode ccurl_set_body_receiver(void *easy, ccurl_receiver receiver, void *context) {
    CURLcode code = curl.easy_setopt(easy, CURLOPT_WRITEDATA, context);
    return code == CURLE_OK ? curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, receiver) : code;
}

CURLcode ccurl_set_header_receiver(void *easy, ccurl_receiver receiver, void *context) {
    CURLcode code = curl.easy_setopt(easy, CURLOPT_HEADERDATA, context);
    return code == CURLE_OK ? curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, receiver) : code;
}

CURLcode ccurl_restrict_to_http(void *easy) {
    // By number: old headers lack the new names, and new headers warn of the old ones.
    const CURLoption protocols = 181, redirect_protocols = 182, protocols_text = 10318, redirect_protocols_text = 10319;
    CURLcode code = curl.easy_setopt(easy, protocols_text, "http,https");
    if (code == CURLE_OK) return curl.easy_setopt(easy, redirect_protocols_text, "http,https");
    if (code != CURLE_UNKNOWN_OPTION) return code;
    code = curl.easy_setopt(easy, protocols, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    if (code != CURLE_OK) return code;
    return curl.easy_setopt(easy, redirect_protocols, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
}

long ccurl_info_long(void *easy, CURLINFO info) {
    long value = 0;
    return curl.easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

curl_off_t ccurl_info_offset(void *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl.easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

const char *ccurl_info_text(void *easy, CURLINFO info) {
    const char *value = NULL;
    return curl.easy_getinfo(easy, info, &value) == CURLE_OK ? value : NULL;
}

const struct curl_slist *ccurl_info_certificate(void *easy, int number) {
    struct curl_certinfo *chain = NULL;
    if (curl.easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain) return NULL;
    return number < chain->num_of_certs ? chain->certinfo[number] : NULL;
}

struct curl_slist *ccurl_list_append(struct curl_slist *list, const char *text) {
    return curl.slist_append(list, text);
}

void ccurl_list_free(struct curl_slist *list) { curl.slist_free_all(list); }

void *ccurl_multi_init(void) { return curl.multi_init(); }

void ccurl_multi_cleanup(void *multi) { curl.multi_cleanup(multi); }

CURLMcode ccurl_multi_add(void *multi, void *easy) { return curl.multi_add_handle(multi, easy); }

CURLMcode ccurl_multi_remove(void *multi, void *easy) { return curl.multi_remove_handle(multi, easy); }

CURLMcode ccurl_multi_perform(void *multi, int *running) { return curl.multi_perform(multi, running); }

CURLMcode ccurl_multi_wakeup(void *multi) { return curl.multi_wakeup(multi); }

const char *ccurl_multi_strerror(CURLMcode code) { return curl.multi_strerror(code); }

CURLMcode ccurl_multi_poll(void *multi, int descriptor, int milliseconds) {
    struct curl_waitfd extra = {descriptor, CURL_WAIT_POLLIN, 0};
    return curl.multi_poll(multi, &extra, 1, milliseconds, NULL);
}

int ccurl_multi_result(void *multi, CURLcode *result) {
    CURLMsg *message;
    int left;
    while ((message = curl.multi_info_read(multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return 1;
        }
    }
    return 0;
}
