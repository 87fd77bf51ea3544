// What the load generator and the floor have in common: a clock, a pace to send at, percentiles.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const int64_t second_ns = 1000000000;

static void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * second_ns + t.tv_nsec;
}

// Sleeps until the i-th record is due and returns that moment. Being late for one record does not move the next ones,
// and latency counts from here: a stall is charged to every record that it held up.
static int64_t await_due(int64_t start_ns, long i, long rate) {
    int64_t due_ns = start_ns + i * second_ns / rate;
    struct timespec at = {due_ns / second_ns, due_ns % second_ns};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    return due_ns;
}

static int compare_ns(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void print_percentiles(int64_t *ns, long count) {
    qsort(ns, count, sizeof *ns, compare_ns);
    printf("p50=%.3f p99=%.3f p999=%.3f ", ns[count / 2] / 1e6, ns[count * 99 / 100] / 1e6, ns[count * 999 / 1000] / 1e6);
}
