// Loads a broker, whose process is PID (or several, PID,PID), through librdkafka, and says what it cost the broker. Prints one line of name=value.
//
//   load create  BROKER TOPIC PARTITIONS               with the replication factor that the broker gives
//   load produce BROKER TOPIC PID COUNT SIZE ACKS PARTITIONS
//   load consume BROKER TOPIC PID COUNT                partition 0 from the beginning
//   load latency BROKER TOPIC PID RATE SECONDS SIZE ACKS    from when a record is due until it is consumed; the topic is empty
//   load outage  BROKER TOPIC PID PARTITIONS SECONDS   acks=all: how long a partition went without an acknowledgement at most
// CPU time is in seconds, a GB is 10^9 bytes of values, latencies are in ms.
#include "timing.h"
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 60000, NOTHING_ARRIVES_MS = 10000, WARM_UP_SECONDS = 5 };

static const char *broker, *topic, *pid, *acks = "1";
static int partitions = 1;
static long sent, delivered, count, warm_up; // in records
static double received_bytes;
static int64_t first_ns, *latencies_ns; // when the first record came; null where no latencies are measured

static double cpu_seconds_of(long process) {
    char name[64], stat[1024] = "";
    long user, system;
    snprintf(name, sizeof name, "/proc/%ld/stat", process);
    FILE *file = fopen(name, "r");
    if (!file || !fgets(stat, sizeof stat, file)) die(name, "no such process");
    fclose(file);
    // The program's name is second and may contain anything: what follows is counted from its closing bracket.
    char *rest = strrchr(stat, ')');
    if (!rest || sscanf(rest, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %ld %ld", &user, &system) != 2) die(name, "unexpected form");
    return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

static double cpu_seconds(void) {
    double all = 0;
    for (const char *next = pid; next; next = strchr(next, ','), next = next ? next + 1 : NULL) all += cpu_seconds_of(atol(next));
    return all;
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *record, void *opaque) {
    if (record->err) die("a record was not delivered", rd_kafka_err2str(record->err));
    delivered++;
}

static void (*on_delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *) = on_delivery;

// Options are names and values in turn, ended by NULL.
static rd_kafka_t *new_client(rd_kafka_type_t type, const char *const *options) {
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", broker, error, sizeof error);
    for (; *options; options += 2)
        if (rd_kafka_conf_set(conf, options[0], options[1], error, sizeof error)) die(options[0], error);
    if (type == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, on_delivered);
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
    if (!client) die(broker, error);
    return client;
}

// To partition 0, or to all of them in turn, one for as long as librdkafka lingers. Delivery reports are served now and
// then: each time would cost more than the record.
static void send_record(rd_kafka_t *producer, rd_kafka_topic_t *to, void *value, size_t bytes) {
    while (rd_kafka_produce(to, partitions > 1 ? RD_KAFKA_PARTITION_UA : 0, RD_KAFKA_MSG_F_COPY, value, bytes, NULL, 0, NULL)) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(topic, rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(producer, 10);
    }
    if (++sent % 100 == 0) rd_kafka_poll(producer, 0);
}

// A consumer without a group: what is measured is fetches alone.
static rd_kafka_topic_t *start_consumer(void) {
    static const char *const options[] = {"fetch.wait.max.ms", "100", "queued.min.messages", "1000000", NULL};
    rd_kafka_topic_t *from = rd_kafka_topic_new(new_client(RD_KAFKA_CONSUMER, options), topic, NULL);
    if (rd_kafka_consume_start(from, 0, RD_KAFKA_OFFSET_BEGINNING)) die(topic, "cannot be consumed");
    return from;
}

static void print_cost(double bytes, int64_t start_ns, double cpu_before) {
    double millions = count / 1e6, wall = (double)(now_ns() - start_ns) / second_ns, cpu = cpu_seconds() - cpu_before;
    printf("million_per_s=%.3f cpu_per_million=%.4f cpu_per_gb=%.4f\n", millions / wall, cpu / millions, cpu / (bytes / 1e9));
}

static void produce(size_t bytes) {
    const char *const options[] = {"acks", acks, "linger.ms", "5", "batch.num.messages", "100000",
        "queue.buffering.max.messages", "500000", "message.timeout.ms", "60000", NULL};
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, options);
    rd_kafka_topic_t *to = rd_kafka_topic_new(producer, topic, NULL);
    char *value = calloc(1, bytes);
    double cpu = cpu_seconds();
    int64_t start_ns = now_ns();
    for (long i = 0; i < count; i++) send_record(producer, to, value, bytes);
    while (delivered < count) rd_kafka_poll(producer, 100);
    print_cost((double)count * bytes, start_ns, cpu);
}

// Where latencies are measured, a record carries when it was due.
static void *receive(void *from) {
    for (long i = 0; i < warm_up + count; i++) {
        rd_kafka_message_t *record = rd_kafka_consume(from, 0, NOTHING_ARRIVES_MS);
        if (!record || record->err) die(topic, record ? rd_kafka_message_errstr(record) : "nothing arrives");
        int64_t at_ns = now_ns(), due_ns;
        if (i == 0) first_ns = at_ns;
        if (latencies_ns && i >= warm_up) memcpy(&due_ns, record->payload, sizeof due_ns), latencies_ns[i - warm_up] = at_ns - due_ns;
        received_bytes += record->len;
        rd_kafka_message_destroy(record);
    }
    return NULL;
}

static void consume(void) {
    double cpu = cpu_seconds();
    receive(start_consumer());
    print_cost(received_bytes, first_ns, cpu); // what librdkafka takes to begin is no part of the rate
}

static void latency(long rate, long seconds, size_t bytes) {
    const char *const options[] = {"acks", acks, "linger.ms", "0", "message.timeout.ms", "60000", NULL};
    count = rate * seconds, warm_up = rate * WARM_UP_SECONDS, latencies_ns = malloc(count * sizeof *latencies_ns);
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, options);
    rd_kafka_topic_t *to = rd_kafka_topic_new(producer, topic, NULL);
    char *value = calloc(1, bytes);
    pthread_t receiver;
    pthread_create(&receiver, NULL, receive, start_consumer());
    double cpu = 0;
    int64_t start_ns = now_ns();
    for (long i = 0; i < warm_up + count; i++) {
        int64_t due_ns = await_due(start_ns, i, rate);
        if (i == warm_up) cpu = cpu_seconds();
        memcpy(value, &due_ns, sizeof due_ns);
        send_record(producer, to, value, bytes);
    }
    pthread_join(receiver, NULL);
    cpu = cpu_seconds() - cpu;
    print_percentiles(latencies_ns, count);
    printf("cores=%.3f\n", cpu / seconds);
}

// What is sent on each partition before, while and after one of its brokers is lost: a record is sent as soon as the one
// before is acknowledged, and librdkafka looks for a new leader without the pauses that it makes by default.
static int64_t *acknowledged_ns, *outages_ns;

static void on_outage_delivery(rd_kafka_t *client, const rd_kafka_message_t *record, void *opaque) {
    if (record->err) die("a record was not delivered", rd_kafka_err2str(record->err));
    int64_t at_ns = now_ns(), gap_ns = at_ns - acknowledged_ns[record->partition];
    if (acknowledged_ns[record->partition] && gap_ns > outages_ns[record->partition]) outages_ns[record->partition] = gap_ns;
    acknowledged_ns[record->partition] = at_ns;
}

static void outage(long seconds) {
    const char *const options[] = {"acks", "all", "linger.ms", "0", "message.timeout.ms", "60000", "retry.backoff.ms", "10",
        "reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "100", "topic.metadata.refresh.fast.interval.ms", "10", NULL};
    acknowledged_ns = calloc(partitions, sizeof *acknowledged_ns), outages_ns = calloc(partitions, sizeof *outages_ns);
    on_delivered = on_outage_delivery;
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, options);
    rd_kafka_topic_t *to = rd_kafka_topic_new(producer, topic, NULL);
    int64_t start_ns = now_ns(), *sent_ns = calloc(partitions, sizeof *sent_ns);
    char value[1024] = "";
    while (now_ns() - start_ns < seconds * second_ns) {
        for (int i = 0; i < partitions; i++) {
            if (acknowledged_ns[i] < sent_ns[i]) continue; // the one before is still under way
            sent_ns[i] = now_ns();
            if (rd_kafka_produce(to, i, RD_KAFKA_MSG_F_COPY, value, sizeof value, NULL, 0, NULL)) die(topic, rd_kafka_err2str(rd_kafka_last_error()));
        }
        rd_kafka_poll(producer, 1);
    }
    if (rd_kafka_flush(producer, TIMEOUT_MS)) die(topic, "records are left that nobody acknowledged");
    qsort(outages_ns, partitions, sizeof *outages_ns, compare_ns);
    printf("outage=%.3f\n", outages_ns[partitions - 1] / 1e6);
}

static void create(void) {
    char error[512] = "no answer";
    size_t results;
    rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER, (const char *[]){NULL});
    rd_kafka_queue_t *answers = rd_kafka_queue_new(client);
    rd_kafka_NewTopic_t *created = rd_kafka_NewTopic_new(topic, partitions, -1, error, sizeof error);
    if (created) rd_kafka_CreateTopics(client, &created, 1, NULL, answers);
    rd_kafka_event_t *answer = created ? rd_kafka_queue_poll(answers, TIMEOUT_MS) : NULL;
    if (!answer || rd_kafka_event_error(answer)) die(topic, answer ? rd_kafka_event_error_string(answer) : error);
    const rd_kafka_topic_result_t *result = *rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &results);
    if (rd_kafka_topic_result_error(result)) die(topic, rd_kafka_err2str(rd_kafka_topic_result_error(result)));
}

int main(int argc, char **argv) {
    if (argc < 5) die("usage", "load create|produce|consume|latency|outage ... (see the head of load.c)");
    broker = argv[2], topic = argv[3], pid = argv[4], count = argc > 5 ? atol(argv[5]) : 0;
    if (strcmp(argv[1], "create") == 0) partitions = atoi(argv[4]), create();
    else if (strcmp(argv[1], "produce") == 0 && argc == 9) acks = argv[7], partitions = atoi(argv[8]), produce(atol(argv[6]));
    else if (strcmp(argv[1], "consume") == 0 && argc == 6) consume();
    else if (strcmp(argv[1], "latency") == 0 && argc == 9 && atol(argv[7]) >= 8) acks = argv[8], latency(atol(argv[5]), atol(argv[6]), atol(argv[7]));
    else if (strcmp(argv[1], "outage") == 0 && argc == 7) partitions = atoi(argv[5]), outage(atol(argv[6]));
    else die("load", "wrong arguments (see the head of load.c)");
}
