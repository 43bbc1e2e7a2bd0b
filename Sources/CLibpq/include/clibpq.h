// The part of libpq's interface that a bridge uses; the library is loaded when it is needed (clibpq_load).
//
// Constants and structures are as PostgreSQL 9.2 and later have them in libpq.so.5, whose interface never changes them.
#ifndef CLIBPQ_H
#define CLIBPQ_H

#include <stddef.h>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;

typedef enum { CONNECTION_OK, CONNECTION_BAD } ConnStatusType;

typedef enum {
    PGRES_POLLING_FAILED,
    PGRES_POLLING_READING,
    PGRES_POLLING_WRITING,
    PGRES_POLLING_OK
} PostgresPollingStatusType;

typedef enum { PGRES_EMPTY_QUERY, PGRES_COMMAND_OK, PGRES_TUPLES_OK } ExecStatusType;

typedef struct pgNotify {
    char *relname;
    int be_pid;
    char *extra;
    struct pgNotify *next;
} PGnotify;

typedef struct {
    char *keyword;
    char *envvar;
    char *compiled;
    char *val;
    char *label;
    char *dispchar;
    int dispsize;
} PQconninfoOption;

typedef void (*PQnoticeProcessor)(void *context, const char *message);

#define CLIBPQ_FUNCTIONS(F) \
    F(PGconn *, PQconnectStartParams, (const char *const *keywords, const char *const *values, int expandsName), \
      (keywords, values, expandsName)) \
    F(PostgresPollingStatusType, PQconnectPoll, (PGconn *connection), (connection)) \
    F(ConnStatusType, PQstatus, (const PGconn *connection), (connection)) \
    F(int, PQsocket, (const PGconn *connection), (connection)) \
    F(char *, PQerrorMessage, (const PGconn *connection), (connection)) \
    F(PQnoticeProcessor, PQsetNoticeProcessor, (PGconn *connection, PQnoticeProcessor processor, void *context), \
      (connection, processor, context)) \
    F(int, PQsetnonblocking, (PGconn *connection, int isNonblocking), (connection, isNonblocking)) \
    F(void, PQfinish, (PGconn *connection), (connection)) \
    F(char *, PQescapeIdentifier, (PGconn *connection, const char *text, size_t length), (connection, text, length)) \
    F(int, PQsendQueryParams, \
      (PGconn *connection, const char *command, int count, const unsigned int *types, const char *const *values, \
       const int *lengths, const int *formats, int resultFormat), \
      (connection, command, count, types, values, lengths, formats, resultFormat)) \
    F(int, PQflush, (PGconn *connection), (connection)) \
    F(int, PQconsumeInput, (PGconn *connection), (connection)) \
    F(int, PQisBusy, (PGconn *connection), (connection)) \
    F(PGnotify *, PQnotifies, (PGconn *connection), (connection)) \
    F(PGresult *, PQgetResult, (PGconn *connection), (connection)) \
    F(ExecStatusType, PQresultStatus, (const PGresult *result), (result)) \
    F(char *, PQresultErrorMessage, (const PGresult *result), (result)) \
    F(char *, PQresultErrorField, (const PGresult *result, int field), (result, field)) \
    F(void, PQclear, (PGresult *result), (result)) \
    F(PQconninfoOption *, PQconninfoParse, (const char *text, char **fault), (text, fault)) \
    F(void, PQconninfoFree, (PQconninfoOption *options), (options)) \
    F(void, PQfreemem, (void *memory), (memory))

/// Each function of the library, once it is loaded.
struct clibpq_functions {
#define F(result, name, parameters, arguments) result(*name) parameters;
    CLIBPQ_FUNCTIONS(F)
#undef F
};

extern struct clibpq_functions clibpq;

#define F(result, name, parameters, arguments) \
    static inline result name parameters { return clibpq.name arguments; }
CLIBPQ_FUNCTIONS(F)
#undef F

/// Loads the library, before any of its functions is called; to be called by one thread at a time.
///
/// Returns whether it is there.
int clibpq_load(void);

#endif
