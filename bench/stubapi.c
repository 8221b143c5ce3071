/* The stub of stubapi.py in C: the same options, answers and counts for a fraction of the processor time,
 * because what a benchmark measures shares the machine with it. The Python twin says what everything means.
 *
 * One thread, epoll, no library. One delay holds for all calls, so those that wait stand in a queue in the
 * order of their time. Groups and codes are told apart by 64-bit hashes, and identifiers in addresses are
 * not unquoted.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE "POST /v3.0/oa/group/message"
#define CONVERSATION "GET /v3.0/oa/group/conversation"
enum { PAGE = 10, EVENTS = 512, IN_SIZE = 65536, OUT_SIZE = 8192 };
enum { DELAY_MS, FAIL_EVERY, HTTP500_EVERY, DROP_EVERY, MAX_RPS, OPTIONS };
static const char *const NAMES[] = {"delay_ms", "fail_every", "http500_every", "drop_every", "max_rps"};
static double option[OPTIONS];

typedef struct { double *at; size_t head, count, room; } Times;
typedef struct { char code[32]; long number; long long ms; } Item;
/* Entries of hash tables: a group with its newest messages, an account with its last minute, a mere key. */
typedef struct { uint64_t key; long posted; Item items[PAGE]; } Group;
typedef struct { uint64_t key; Times minute; } Account;
typedef struct { char *cells; size_t width, used, room; } Table;

typedef struct Connection {
    int fd, is_busy, is_message, hangs_up;
    double due;
    struct Connection *next;
    size_t in_length, out_length;
    char in[IN_SIZE + 1], out[OUT_SIZE];
} Connection;

static int poller;
static Connection *first_waiting, *last_waiting;
static long total, posted, limited, failed, in_flight, max_in_flight;
static size_t fastest_second, fullest_minute;
static double first_at, last_at;
static Times second_;
static Table groups = {.width = sizeof(Group)}, accounts = {.width = sizeof(Account)};
static Table copies = {.width = sizeof(uint64_t)};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void *checked(void *memory) {
    if (!memory) { perror("stubapi"); exit(1); }
    return memory;
}

static uint64_t hash(uint64_t seed, const char *text, size_t length) {
    uint64_t value = seed ^ 14695981039346656037u;
    while (length--) value = (value ^ (unsigned char)*text++) * 1099511628211u;
    value ^= value >> 32;
    return value ? value : 1;
}

/* The cell with ``key``, made empty when there is none; valid until the next call for the same table. */
static void *cell(Table *table, uint64_t key) {
    if (table->used * 2 >= table->room) {
        Table wider = {.width = table->width, .room = table->room ? table->room * 2 : 1024};
        wider.cells = checked(calloc(wider.room, wider.width));
        for (size_t n = 0; n < table->room; n++) {
            char *old = table->cells + n * table->width;
            if (*(uint64_t *)old) memcpy(cell(&wider, *(uint64_t *)old), old, table->width);
        }
        free(table->cells);
        *table = wider;
    }
    for (size_t n = key;; n++) {
        uint64_t *found = (uint64_t *)(table->cells + (n & (table->room - 1)) * table->width);
        if (!*found) { *found = key; table->used++; }
        if (*found == key) return found;
    }
}

static void forget(Table *table) {
    free(table->cells);
    *table = (Table){.width = table->width};
}

/* Note ``at`` and drop what is ``seconds`` older; how many are left. */
static size_t note(Times *times, double at, double seconds) {
    while (times->head < times->count && times->at[times->head] <= at - seconds) times->head++;
    if (times->count == times->room) {
        times->room = times->room ? times->room * 2 : 64;
        times->at = checked(realloc(times->at, times->room * sizeof(double)));
    }
    times->at[times->count++] = at;
    return times->count - times->head;
}

static void configure(void) {
    total = posted = limited = failed = max_in_flight = 0;
    fastest_second = fullest_minute = first_at = last_at = 0;
    free(second_.at);
    second_ = (Times){0};
    for (size_t n = 0; n < accounts.room; n++) free(((Account *)accounts.cells)[n].minute.at);
    forget(&groups), forget(&accounts), forget(&copies);
}

/* The value behind ``name`` and a colon, in quotes when ``quoted``; its length goes to ``length``. */
static const char *value(const char *text, const char *name, int quoted, size_t *length) {
    const char *found = strcasestr(text, name);
    if (!found) return *length = 0, "";
    found += strlen(name);
    found += strspn(found, " :\t\n\"");
    *length = strcspn(found, quoted ? "\"" : " \t\r\n,}");
    return found;
}

/* The last public code in ``text``: TB-, four digits, a dash, four digits or more. */
static const char *last_code(const char *text, size_t *length) {
    const char *last = "";
    *length = 0;
    for (const char *at = text; (at = strstr(at, "TB-")); at += 3) {
        size_t year = strspn(at + 3, "0123456789");
        if (year != 4 || at[7] != '-') continue;
        size_t number = strspn(at + 8, "0123456789");
        if (number >= 4) last = at, *length = 8 + number;
    }
    return last;
}

static void answer(Connection *one, const char *status, const char *headers, const char *body) {
    one->out_length = snprintf(one->out, OUT_SIZE,
        "HTTP/1.1 %s\r\nContent-Type: text/json;charset=utf-8\r\n%sContent-Length: %zu\r\n\r\n%s",
        status, headers, strlen(body), body);
}

static long post(const char *body) {
    size_t group_length, code_length;
    const char *group = value(body, "\"group_id\"", 1, &group_length), *code = last_code(body, &code_length);
    uint64_t key = hash(0, group, group_length);
    Group *one = cell(&groups, key);
    Item *item = &one->items[one->posted++ % PAGE];
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    item->number = ++posted;
    item->ms = time.tv_sec * 1000LL + time.tv_nsec / 1000000;
    snprintf(item->code, sizeof item->code, "%.*s", (int)code_length, code);
    cell(&copies, hash(key, code, code_length));
    return posted;
}
static int is_nth(int which) { return option[which] > 0 && total % (long)option[which] == 0; }

/* Count one message and write its answer; nothing is sent yet. */
static void judge(Connection *one, const char *body, double at) {
    char text[128];
    size_t recent = note(&second_, at, 1);
    total++;
    if (recent > fastest_second) fastest_second = recent;
    if (option[MAX_RPS] > 0 && recent > option[MAX_RPS]) {
        limited++;
        answer(one, "429 Too Many Requests", "Retry-After: 1\r\n", "Too Many Requests");
    } else if (is_nth(FAIL_EVERY)) {
        failed++;
        answer(one, "200 OK", "", "{\"error\":-201,\"message\":\"Params is invalid\"}");
    } else if (is_nth(HTTP500_EVERY)) {
        failed++;
        answer(one, "500 Internal Server Error", "", "Internal Server Error");
    } else {
        snprintf(text, sizeof text,
            "{\"error\":0,\"message\":\"Success\",\"data\":{\"message_id\":\"stub%ld\"}}", post(body));
        answer(one, "200 OK", "", text);
        one->hangs_up = is_nth(DROP_EVERY);
        failed += one->hangs_up;
    }
}

static void conversation(Connection *one, const char *head) {
    char text[OUT_SIZE / 2] = "{\"error\": 0, \"message\": \"Success\", \"data\": [";
    const char *found = strstr(head, "group_id=");
    size_t length = found ? strcspn(found += 9, "& \r\n") : 0, used = strlen(text);
    Group *group = cell(&groups, hash(0, found ? found : "", length));
    for (long n = group->posted; n > 0 && n > group->posted - PAGE; n--) {
        Item *item = &group->items[(n - 1) % PAGE];
        used += snprintf(text + used, sizeof text - used,
            "%s{\"src\": 0, \"type\": \"text\", \"message_id\": \"stub%ld\","
            " \"message\": \"%s\", \"time\": %lld}",
            n == group->posted ? "" : ", ", item->number, item->code, item->ms);
    }
    snprintf(text + used, sizeof text - used, "]}");
    answer(one, "200 OK", "", text);
}

/* Statistics, options, conversations: everything that is no message. */
static void control(Connection *one, const char *head, const char *body) {
    char text[1024] = "{";
    size_t used = 1, length;
    if (!strncmp(head, CONVERSATION, strlen(CONVERSATION))) {
        conversation(one, head);
    } else if (!strncmp(head, "GET /__stats ", 13)) {
        snprintf(text, sizeof text,
            "{\"total\": %ld, \"posted\": %ld, \"unique\": %zu, \"dup\": %ld, \"max_in_flight\": %ld,"
            " \"max_rps\": %zu, \"limited\": %ld, \"failed\": %ld, \"accounts\": %zu,"
            " \"max_minute\": %zu, \"seconds\": %.3f}",
            total, posted, copies.used, posted - (long)copies.used, max_in_flight, fastest_second,
            limited, failed, accounts.used, fullest_minute, last_at - first_at);
        answer(one, "200 OK", "", text);
    } else if (!strncmp(head, "POST /__set ", 12)) {
        for (int n = 0; n < OPTIONS; n++) {
            char name[32];
            snprintf(name, sizeof name, "\"%s\"", NAMES[n]);
            const char *given = value(body, name, 0, &length);
            if (length) option[n] = atof(given);
            used += snprintf(text + used, sizeof text - used, "%s%s: %g", n ? ", " : "", name, option[n]);
        }
        snprintf(text + used, sizeof text - used, "}");
        configure();
        answer(one, "200 OK", "", text);
    } else {
        answer(one, "404 Not Found", "", "{\"error\":-1,\"message\":\"Not found\"}");
    }
}

static void hang_up(Connection *one) {
    if (one->fd >= 0) close(one->fd);
    one->fd = -1;
    /* What waits for its answer is still in the queue. */
    if (!one->is_busy) free(one);
}

/* Send the answer that is ready; 0 when the connection is gone. */
static int finish(Connection *one) {
    one->is_busy = 0;
    if (one->is_message) in_flight--;
    if (one->fd < 0 || one->hangs_up || send(one->fd, one->out, one->out_length, MSG_NOSIGNAL) < 0) {
        hang_up(one);
        return 0;
    }
    return 1;
}

static void wait_for(Connection *one, double due) {
    one->due = due;
    one->next = NULL;
    if (last_waiting) last_waiting->next = one; else first_waiting = one;
    last_waiting = one;
}

/* Serve the next whole request in the buffer, 0 when there is none or the connection is gone. */
static int serve(Connection *one) {
    char *end, *body;
    size_t length, size;
    one->in[one->in_length] = 0;
    if (one->is_busy || !(end = strstr(one->in, "\r\n\r\n"))) return 0;
    *end = 0, body = end + 4;
    size = strtoul(value(one->in, "\r\ncontent-length", 0, &length), NULL, 10);
    size_t whole = body - one->in + size;
    if (one->in_length < whole) { *end = '\r'; return 0; }
    char behind = one->in[whole];
    one->in[whole] = 0;
    one->is_busy = 1;
    one->is_message = !strncmp(one->in, MESSAGE, strlen(MESSAGE));
    double at = now();
    if (one->is_message) {
        const char *token = value(one->in, "\r\naccess_token", 0, &length);
        Account *account = cell(&accounts, hash(0, token, length));
        size_t in_minute = note(&account->minute, at, 60);
        if (in_minute > fullest_minute) fullest_minute = in_minute;
        if (!first_at) first_at = at;
        last_at = at;
        if (++in_flight > max_in_flight) max_in_flight = in_flight;
        judge(one, body, at);
    } else {
        control(one, one->in, body);
    }
    one->in[whole] = behind;
    memmove(one->in, one->in + whole, one->in_length -= whole);
    if (one->is_message && option[DELAY_MS] > 0) { wait_for(one, at + option[DELAY_MS] / 1000); return 0; }
    return finish(one);
}

static void receive(Connection *one) {
    ssize_t got = read(one->fd, one->in + one->in_length, IN_SIZE - one->in_length);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) { hang_up(one); return; }
    one->in_length += got;
    while (serve(one)) {}
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        Connection *one = checked(malloc(sizeof *one));
        memset(one, 0, offsetof(Connection, in));
        one->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = one});
    }
}

static int listen_on(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (void *)&address, length) || listen(listener, 4096)) { perror("stubapi"); exit(1); }
    getsockname(listener, (void *)&address, &length);
    printf("ready http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int count, char **arguments) {
    struct option known[] = {{"delay-ms", 1, 0, DELAY_MS}, {"fail-every", 1, 0, FAIL_EVERY},
        {"http500-every", 1, 0, HTTP500_EVERY}, {"drop-every", 1, 0, DROP_EVERY}, {"max-rps", 1, 0, MAX_RPS},
        {"port", 1, 0, OPTIONS}, {0}};
    int port = 0, listener;
    for (int which; (which = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        if (which == '?') return 2;
        if (which == OPTIONS) port = atoi(optarg); else option[which] = atof(optarg);
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
    listener = listen_on(port);
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
    for (struct epoll_event events[EVENTS];;) {
        int timeout = first_waiting ? (int)((first_waiting->due - now()) * 1000 + 1) : -1;
        int ready = epoll_wait(poller, events, EVENTS, first_waiting && timeout < 0 ? 0 : timeout);
        for (int n = 0; n < ready; n++) {
            if (events[n].data.ptr) receive(events[n].data.ptr); else accept_all(listener);
        }
        for (double at = now(); first_waiting && first_waiting->due <= at;) {
            Connection *one = first_waiting;
            if (!(first_waiting = one->next)) last_waiting = NULL;
            if (finish(one)) while (serve(one)) {}
        }
    }
}
