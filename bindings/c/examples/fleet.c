/* A device of a fleet, and in the same program a gateway that makes a round with it: theta goes
 * down, is trained, and what has changed comes up. The flash is in RAM here; on a device the three
 * functions are the driver's, and the bytes go over a serial port. */

#include "rolling_ball.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 5, ERASE = 256, SIZE = 8 * ERASE };

static int read_flash(void *context, uint32_t offset, uint8_t *bytes, size_t length) {
    memcpy(bytes, (uint8_t *)context + offset, length);
    return 0;
}

static int write_flash(void *context, uint32_t offset, const uint8_t *bytes, size_t length) {
    memcpy((uint8_t *)context + offset, bytes, length);
    return 0;
}

static int erase_flash(void *context, uint32_t from, uint32_t to) {
    memset((uint8_t *)context + from, 0xff, to - from);
    return 0;
}

static uint8_t in_ram[SIZE];
static const rb_flash flash = {in_ram, read_flash, write_flash, erase_flash, 4, 4, ERASE, 0, SIZE};

static rb_fleet fleet;
static float theta[N];

static void check(rb_error error) {
    if (error) {
        fprintf(stderr, "%s\n", rb_error_string(error));
        exit(1);
    }
}

static uint32_t checksum(const uint8_t *bytes, size_t length) {
    uint32_t crc = 0xffffffff;
    while (length-- > 0) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

/* What the gateway sends, and then what it has received. */
static uint8_t message[256];
static size_t length;

static void put(const void *bytes, size_t count) {
    memcpy(message + length, bytes, count);
    length += count;
}

/* As the machines are that this runs on: little-endian. */
static void word(uint32_t value) {
    put(&value, 4);
}

static void number(float value) {
    put(&value, 4);
}

static void begin(uint8_t kind) {
    length = 1; /* before it is where the first zero is told */
    put(&kind, 1);
    if (kind == 1)
        return;
    word(1); /* the federation */
    word(1); /* the round */
}

/* What a firmware does between two bytes, and when its gateway has sent one. */
static void device(uint8_t byte, rb_fleet_frame *answer) {
    rb_fleet_stage stage;
    rb_fleet_round round;
    check(rb_fleet_hear(&fleet, &flash, theta, N, byte, answer));
    check(rb_fleet_look(&fleet, &stage, &round));
    if (stage != RB_FLEET_STAGE_TRAINING)
        return;
    rb_fleet_metrics metrics = {20, 12, 17, 1.5f, 0.5f, 1.0f, 0.0f, round.steps};
    /* What is to be sent is in the device: it was sent before this takes its time. */
    check(rb_fleet_start(&fleet, &flash, theta, N));
    for (int i = 0; i < N; i++)
        theta[i] += 0.25f * (float)i;
    check(rb_fleet_trained(&fleet, &round, theta, N, &metrics));
}

/* Sends what was put, and takes the answer's kind and body. */
static void ask(void) {
    rb_fleet_frame answer = {NULL, 0}, sent;
    uint32_t crc = checksum(message + 1, length - 1);
    word(crc);
    size_t next = length;
    message[length] = 0;
    for (size_t i = length; i-- > 0;)
        if (i == 0 || message[i] == 0) {
            message[i] = (uint8_t)(next - i);
            next = i;
        }
    size_t to_send = length + 1;
    length = 0;
    uint8_t request[sizeof message];
    memcpy(request, message, to_send);
    for (size_t i = 0; i < to_send; i++) {
        device(request[i], &sent);
        if (sent.start)
            answer = sent;
    }
    /* Each code says where the next zero is. */
    for (size_t i = 0; answer.start && i + 1 < answer.length;) {
        uint8_t code = answer.start[i];
        message[length++] = 0;
        for (uint8_t k = 1; k < code && i + k + 1 < answer.length; k++)
            message[length++] = answer.start[i + k];
        i += code;
    }
    memmove(message, message + 1, length);
    length--;
    memcpy(&crc, message + length - 4, 4);
    if (length < 5 || crc != checksum(message, length - 4)) {
        fprintf(stderr, "a damaged answer\n");
        exit(1);
    }
}

int main(void) {
    static const float start[N] = {0.5f, -1.0f, 2.0f, 0.0f, 4.0f};
    rb_fleet_config config = {0, N, 20, 0, 0};
    check(rb_fleet_model_hash(4, 1, N, NULL, 0, &config.model));
    printf("%d parameters take %d bytes of flash\n", N, (int)rb_fleet_bytes(ERASE, N));
    check(rb_fleet_init(&fleet, &flash, &config));

    begin(1);
    ask();
    printf("a device that speaks version %d\n", message[1]);

    begin(2);
    word(config.model);
    word(N);
    word(checksum((const uint8_t *)start, sizeof start));
    word(7); /* the seed */
    word(30); /* the steps; all samples in each */
    number(0.1f);
    number(0.5f);
    put("\0\0", 2); /* floats, and no guard */
    ask();
    begin(3);
    word(0);
    put(start, sizeof start);
    ask();
    printf("its stage is %d\n", message[9]);

    float change[N];
    begin(5);
    word(0);
    ask();
    memcpy(change, message + 18, sizeof change);
    int right = 1;
    for (int i = 0; i < N; i++)
        right &= change[i] == 0.25f * (float)i;
    printf("the update is %s\n", right ? "what was learned" : "another");

    uint32_t trained = checksum((const uint8_t *)theta, sizeof theta);
    begin(6);
    word(trained);
    ask();
    int done = message[9] == RB_FLEET_STAGE_DONE;
    printf("the round is %s\n", done ? "over" : "not over");
    return right && done ? 0 : 1;
}
