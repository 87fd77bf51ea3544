// The least that a log broker can cost on this machine, to compare the broker with. Prints one line of name=value.
//
//   floor throughput DIR BYTES      server's CPU seconds per GB: recv + CRC32C + pwrite, then sendfile, 64 KiB at a time
//   floor echo RATE SECONDS SIZE    there and back over loopback, in ms from when the record was due
// The server is a forked process, so that its CPU time is its own.
#include "timing.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <nmmintrin.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAME_BYTES = 64 << 10, SMALL_BYTES = 64, IN_FLIGHT = 8 };

static uint64_t frame[FRAME_BYTES / sizeof(uint64_t)];
static long count, warm_up, rate; // count and warm-up in frames
static int file; // 0 for echo
static volatile uint32_t checksum; // volatile, or the compiler would leave it out
static size_t request_bytes = FRAME_BYTES, answer_bytes = SMALL_BYTES;

static void receive(int s, size_t bytes) {
    if (recv(s, frame, bytes, MSG_WAITALL) != (ssize_t)bytes) die("floor", "the other side is gone");
}

static void transmit(int s, size_t bytes) {
    if (send(s, frame, bytes, MSG_NOSIGNAL) != (ssize_t)bytes) die("floor", "the other side is gone");
}

static void store(off_t position) {
    uint64_t crc = UINT32_MAX;
    for (size_t i = 0; i < FRAME_BYTES / sizeof(uint64_t); i++) crc = _mm_crc32_u64(crc, frame[i]);
    checksum ^= (uint32_t)crc;
    if (pwrite(file, frame, FRAME_BYTES, position) != FRAME_BYTES) die("floor", "the file cannot be written");
}

static void serve_produce_or_echo(int s) {
    for (long i = 0; i < warm_up + count; i++) {
        receive(s, request_bytes);
        if (file) store(i * FRAME_BYTES);
        transmit(s, answer_bytes);
    }
}

static void serve_fetch(int s) {
    off_t position = 0;
    for (off_t end = FRAME_BYTES; end <= count * FRAME_BYTES; end += FRAME_BYTES) {
        receive(s, request_bytes);
        while (position < end)
            if (sendfile(s, file, &position, end - position) <= 0) die("floor", "the file cannot be sent");
    }
}

// Several requests are on their way at once, as with a client that pipelines.
static void call_pipelined(int s) {
    for (long i = 0; i < count + IN_FLIGHT; i++) {
        if (i >= IN_FLIGHT && i - IN_FLIGHT < count) receive(s, answer_bytes);
        if (i < count) transmit(s, request_bytes);
    }
}

static void call_paced(int s) {
    int64_t *latencies_ns = malloc(count * sizeof *latencies_ns), start_ns = now_ns();
    for (long i = 0; i < warm_up + count; i++) {
        int64_t due_ns = await_due(start_ns, i, rate);
        transmit(s, request_bytes);
        receive(s, answer_bytes);
        if (i >= warm_up) latencies_ns[i - warm_up] = now_ns() - due_ns;
    }
    print_percentiles(latencies_ns, count);
}

// Runs the two sides over a connection and returns the server's CPU seconds.
static double run(void (*serve)(int), void (*call)(int)) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int on = 1, status, listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(listener, (void *)&address, size) || listen(listener, 1) || getsockname(listener, (void *)&address, &size)
        || connect(client, (void *)&address, size)) die("floor", "no connection over loopback");
    pid_t server = fork();
    if (server == 0) {
        close(client); // so that it sees the client's end
        serve(accept(listener, NULL, NULL));
        _exit(0);
    }
    close(listener);
    call(client);
    struct rusage usage;
    if (wait4(server, &status, 0, &usage) != server || status != 0) die("floor", "the server failed");
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "throughput") == 0) {
        char path[4096];
        snprintf(path, sizeof path, "%s/floor", argv[2]);
        if ((file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600)) < 0) die(path, "cannot be created");
        unlink(path); // it lives until it is closed
        count = atol(argv[3]) / FRAME_BYTES;
        double gb = (double)count * FRAME_BYTES / 1e9, produce = run(serve_produce_or_echo, call_pipelined);
        request_bytes = SMALL_BYTES, answer_bytes = FRAME_BYTES;
        printf("produce_cpu_per_gb=%.4f fetch_cpu_per_gb=%.4f\n", produce / gb, run(serve_fetch, call_pipelined) / gb);
    } else if (argc == 5 && strcmp(argv[1], "echo") == 0 && atol(argv[4]) <= FRAME_BYTES) {
        rate = warm_up = atol(argv[2]), count = rate * atol(argv[3]), request_bytes = answer_bytes = atol(argv[4]);
        run(serve_produce_or_echo, call_paced);
    } else die("usage", "floor throughput DIR BYTES | floor echo RATE SECONDS SIZE");
}
