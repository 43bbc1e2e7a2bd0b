// The part of libmosquitto's interface that a bridge uses; the library is loaded when it is needed (cmosquitto_load).
//
// Constants and structures are as libmosquitto.so.1 has them since version 1.5.
#ifndef CMOSQUITTO_H
#define CMOSQUITTO_H

#include <stdbool.h>

struct mosquitto;

enum mosq_err_t {
    MOSQ_ERR_SUCCESS = 0,
    MOSQ_ERR_NOMEM = 1,
    MOSQ_ERR_INVAL = 3,
    MOSQ_ERR_NO_CONN = 4,
    MOSQ_ERR_PAYLOAD_SIZE = 9,
    MOSQ_ERR_MALFORMED_UTF8 = 18,
    MOSQ_ERR_OVERSIZE_PACKET = 25,
};

struct mosquitto_message {
    int mid;
    char *topic;
    void *payload;
    int payloadlen;
    int qos;
    bool retain;
};

typedef void (*cmosquitto_on_connect)(struct mosquitto *, void *context, int code);
typedef void (*cmosquitto_on_subscribe)(struct mosquitto *, void *context, int id, int count, const int *granted);
typedef void (*cmosquitto_on_message)(struct mosquitto *, void *context, const struct mosquitto_message *message);
typedef void (*cmosquitto_on_publish)(struct mosquitto *, void *context, int id);

#define CMOSQUITTO_FUNCTIONS(F) \
    F(int, mosquitto_lib_init, (void), ()) \
    F(struct mosquitto *, mosquitto_new, (const char *id, bool isClean, void *context), (id, isClean, context)) \
    F(void, mosquitto_destroy, (struct mosquitto *session), (session)) \
    F(void, mosquitto_user_data_set, (struct mosquitto *session, void *context), (session, context)) \
    F(int, mosquitto_username_pw_set, (struct mosquitto *session, const char *user, const char *password), \
      (session, user, password)) \
    F(void, mosquitto_connect_callback_set, (struct mosquitto *session, cmosquitto_on_connect call), (session, call)) \
    F(void, mosquitto_subscribe_callback_set, (struct mosquitto *session, cmosquitto_on_subscribe call), \
      (session, call)) \
    F(void, mosquitto_message_callback_set, (struct mosquitto *session, cmosquitto_on_message call), (session, call)) \
    F(void, mosquitto_publish_callback_set, (struct mosquitto *session, cmosquitto_on_publish call), (session, call)) \
    F(int, mosquitto_connect_async, (struct mosquitto *session, const char *host, int port, int keepAlive), \
      (session, host, port, keepAlive)) \
    F(int, mosquitto_disconnect, (struct mosquitto *session), (session)) \
    F(int, mosquitto_subscribe, (struct mosquitto *session, int *id, const char *filter, int quality), \
      (session, id, filter, quality)) \
    F(int, mosquitto_publish, \
      (struct mosquitto *session, int *id, const char *topic, int length, const void *payload, int quality, \
       bool isRetained), \
      (session, id, topic, length, payload, quality, isRetained)) \
    F(int, mosquitto_socket, (struct mosquitto *session), (session)) \
    F(bool, mosquitto_want_write, (struct mosquitto *session), (session)) \
    F(int, mosquitto_loop_read, (struct mosquitto *session, int most), (session, most)) \
    F(int, mosquitto_loop_write, (struct mosquitto *session, int most), (session, most)) \
    F(int, mosquitto_loop_misc, (struct mosquitto *session), (session)) \
    F(const char *, mosquitto_strerror, (int code), (code)) \
    F(const char *, mosquitto_connack_string, (int code), (code))

/// Each function of the library, once it is loaded.
struct cmosquitto_functions {
#define F(result, name, parameters, arguments) result(*name) parameters;
    CMOSQUITTO_FUNCTIONS(F)
#undef F
};

extern struct cmosquitto_functions cmosquitto;

#define F(result, name, parameters, arguments) \
    static inline result name parameters { return cmosquitto.name arguments; }
CMOSQUITTO_FUNCTIONS(F)
#undef F

/// Loads the library, before any of its functions is called; to be called by one thread at a time.
///
/// Returns whether it is there.
int cmosquitto_load(void);

#endif
