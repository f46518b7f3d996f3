#include "fleets.h"
#include "check.h"
#include "flash.h"
#include "guarded.h"
#include "numbers.h"
#include <string.h>

enum { N = 9, MODEL = 77, CONTENT = 150 };

/* Room for all that a round keeps, whatever the flash's blocks. */
enum { ROOM = 4000 };

static flash shared;
static guarded memory, theta_memory;
static rb_fleet *it;
static float *theta;
static int initialised, fits;
static rb_fleet_stage stage;
static rb_fleet_round current;

/* The bits of a round's number, which only grows. */
static uint64_t newest;

static uint32_t checksum(const uint8_t *bytes, size_t length) {
    uint32_t crc = 0xffffffff;
    while (length-- > 0) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

void fleets_start(void) {
    flash_start(&shared, ROOM);
    it = guarded_new(&memory, sizeof *it);
    theta = guarded_new(&theta_memory, N * sizeof *theta);
    memset(it, (int)below(256), sizeof *it);
    fill(theta, N, 200);
    initialised = 0;
    newest = 0;
    uint32_t unit = shared.driver.read_size > shared.driver.write_size ? shared.driver.read_size
                                                                       : shared.driver.write_size;
    fits = unit <= 128 && shared.driver.erase_size % 128 == 0;
}

void fleets_check(void) {
    flash_check(&shared);
    guarded_check(&memory);
    guarded_check(&theta_memory);
}

void fleets_end(void) {
    guarded_free(&theta_memory);
    guarded_free(&memory);
    flash_end(&shared);
}

static rb_fleet *object(codes *wrong) {
    rb_fleet *object = perhaps_wrong(it, 30, wrong);
    if (!*wrong && !initialised)
        *wrong |= CODE(NOT_INITIALISED);
    return object;
}

static void look(void) {
    codes wrong = 0;
    rb_fleet *object_ = object(&wrong);
    rb_fleet_stage *to_stage = perhaps_wrong(&stage, 30, &wrong);
    rb_fleet_round *to_round = perhaps_wrong(&current, 30, &wrong);
    rb_fleet_round before = current;
    if (once_in(30) && !wrong) {
        to_round = (rb_fleet_round *)(void *)it;
        wrong |= CODE(OVERLAP);
    }
    rb_error error =
        ANSWER(rb_fleet_look(object_, to_stage, to_round), wrong, CODE(NONE));
    if (error)
        EXPECT(memcmp(&before, &current, sizeof before) == 0);
    else
        EXPECT(stage <= RB_FLEET_STAGE_FAILED);
}

static void init(void) {
    codes wrong = 0;
    rb_flash spoiled;
    rb_fleet_config config = {MODEL, N, any(), 0, 0};
    rb_fleet *object_ = perhaps_wrong(it, 30, &wrong);
    const rb_fleet_config *from = perhaps_wrong(&config, 30, &wrong);
    const rb_flash *driver = flash_for_a_call(&shared, &spoiled, 20, &wrong);
    if (once_in(30)) {
        config.parameters = 1u << 20;
        wrong |= CODE(ROOM);
    }
    if (!fits)
        wrong |= CODE(SETTING);
    /* Of several faults one is told. */
    if (wrong & (CODE(SETTING) | CODE(ROOM)))
        wrong |= CODE(SETTING) | CODE(ROOM);
    rb_error error;
    if (once_in(30)) {
        error = ANSWER(rb_fleet_init_sized(object_, sizeof *it - 8, RB_VERSION, driver, from),
                       wrong | CODE(HEADER), 0);
        return;
    }
    error = ANSWER(rb_fleet_init(object_, driver, from), wrong, CODE(NONE));
    /* An init that fails leaves an object that is none, or does not reach it. */
    if (error && object_ == it)
        memset(it, 0, sizeof *it);
    if (object_ == it)
        initialised = !error;
}

static void hear_byte(uint8_t byte) {
    codes wrong = 0;
    rb_flash spoiled;
    rb_fleet_frame sent = {NULL, 77};
    rb_fleet *object_ = object(&wrong);
    rb_fleet_frame *to = perhaps_wrong(&sent, 300, &wrong);
    const float *own = perhaps_wrong(theta, 300, &wrong);
    const rb_flash *driver = flash_for_a_call(&shared, &spoiled, 60, &wrong);
    /* Sizes of a flash are only looked at by an init function. */
    if (driver == &spoiled && !(wrong & ~CODE(SETTING))) {
        spoiled = shared.driver;
        wrong = 0;
    }
    size_t count = once_in(50) ? below(N) : N;
    rb_error error = ANSWER(rb_fleet_hear(object_, driver, own, count, byte, to), wrong,
                            CODE(NONE));
    if (error)
        EXPECT(sent.length == 77);
    else
        EXPECT(sent.length <= CONTENT + 2 && (sent.start != NULL) == (sent.length > 0));
}

static void hear(void) {
    uint8_t message[CONTENT + 2];
    size_t length = 1, next;
    uint32_t id[] = {below(3), below(5)};
    if (once_in(4)) {
        for (uint32_t count = below(200); count > 0; count--)
            hear_byte((uint8_t)any());
        return;
    }
    message[length++] = (uint8_t)(1 + below(7));
    memcpy(message + length, id, sizeof id);
    length += sizeof id;
    if (message[1] == 2) {
        float start[N] = {0.0f}, sizes[] = {number(20), number(20)};
        uint32_t words[] = {once_in(9) ? any() : MODEL, once_in(9) ? any() : N,
                            checksum((const uint8_t *)start, sizeof start), any(), below(4)};
        memcpy(message + length, words, sizeof words);
        length += sizeof words;
        memcpy(message + length, sizes, sizeof sizes);
        length += sizeof sizes;
        message[length++] = (uint8_t)below(2);
        message[length++] = (uint8_t)below(2);
    } else if (message[1] == 3 && !once_in(4)) {
        memset(message + length, 0, 4 * (N + 1));
        length += 4 * (N + 1);
    } else {
        for (uint32_t count = 4 * below(12); count > 0; count--)
            message[length++] = (uint8_t)(once_in(2) ? 0 : any());
    }
    uint32_t crc = checksum(message + 1, length - 1);
    memcpy(message + length, &crc, 4);
    length += 4;
    next = length;
    for (size_t i = length; i-- > 0;)
        if (i == 0 || message[i] == 0) {
            message[i] = (uint8_t)(next - i);
            next = i;
        }
    message[length++] = 0;
    for (size_t i = 0; i < length; i++)
        hear_byte(message[i]);
}

static void start(void) {
    codes wrong = 0, may = CODE(NONE) | CODE(NO_ROUND);
    rb_flash spoiled;
    rb_fleet *object_ = object(&wrong);
    float *to = perhaps_wrong(theta, 30, &wrong);
    const rb_flash *driver = flash_for_a_call(&shared, &spoiled, 20, &wrong);
    if (driver == &spoiled && !(wrong & ~CODE(SETTING))) {
        spoiled = shared.driver;
        wrong = 0;
    }
    size_t count = once_in(20) ? below(N) : N;
    if (count < N)
        may |= CODE(LENGTH);
    rb_error error = rb_fleet_start(object_, driver, to, count);
    if (shared.failed)
        may |= CODE(FLASH);
    CHECKED(error, "rb_fleet_start", wrong ? wrong | (shared.failed ? may : 0) : may);
}

static void trained(void) {
    codes wrong = 0, may = CODE(NONE) | CODE(NO_ROUND);
    rb_fleet_metrics metrics = {1, 2, 3, number(9), number(9), number(9), number(9), 4};
    rb_fleet *object_ = object(&wrong);
    const rb_fleet_round *round = perhaps_wrong(&current, 30, &wrong);
    const rb_fleet_metrics *told = perhaps_wrong(&metrics, 30, &wrong);
    const float *own = perhaps_wrong(theta, 30, &wrong);
    size_t count = once_in(20) ? below(N) : N;
    if (count < N)
        may |= CODE(LENGTH);
    if (!all_finite(theta, N))
        may |= CODE(NON_FINITE_PARAMETERS);
    ANSWER(rb_fleet_trained(object_, round, own, count, told), wrong, may);
}

static void small(void) {
    codes wrong = 0;
    uint32_t hash = 0;
    uint8_t frozen[7] = {1};
    rb_fleet *object_;
    switch (below(4)) {
    case 0: {
        const void *from = once_in(3) ? NULL : frozen;
        uint32_t *to = perhaps_wrong(&hash, 20, &wrong);
        size_t count = below(8);
        if (count > 0 && !from)
            wrong |= CODE(NULL);
        ANSWER(rb_fleet_model_hash(any(), any(), any(), from, count, to), wrong, CODE(NONE));
        break;
    }
    case 1:
        object_ = object(&wrong);
        ANSWER(rb_fleet_set_samples(object_, any()), wrong, CODE(NONE));
        break;
    case 2: {
        object_ = object(&wrong);
        const rb_fleet_round *round = perhaps_wrong(&current, 20, &wrong);
        ANSWER(rb_fleet_give_up(object_, round), wrong, CODE(NONE));
        break;
    }
    default:
        EXPECT(rb_fleet_bytes(any(), any()) > 0);
        calls++;
    }
}

static void forget(void) {
    codes wrong = 0;
    rb_flash spoiled;
    rb_fleet *object_ = object(&wrong);
    const rb_flash *driver = flash_for_a_call(&shared, &spoiled, 8, &wrong);
    if (driver == &spoiled && !(wrong & ~CODE(SETTING))) {
        spoiled = shared.driver;
        wrong = 0;
    }
    rb_error error = rb_fleet_forget(object_, driver);
    codes may = CODE(NONE) | (shared.failed ? CODE(FLASH) : 0);
    CHECKED(error, "rb_fleet_forget", wrong ? wrong : may);
    if (!wrong)
        newest = 0;
}

/* Rounds only grow, whatever was called. */
static void check_round(void) {
    rb_fleet_stage now;
    rb_fleet_round round;
    if (!initialised)
        return;
    EXPECT(rb_fleet_look(it, &now, &round) == RB_ERROR_NONE);
    uint64_t id = (uint64_t)round.federation << 32 | round.round;
    /* What a flash that has failed does not tell is not known. */
    EXPECT(shared.is_ill || id >= newest);
    newest = id;
}

void fleets_call(void) {
    switch (below(16)) {
    case 0:
        init();
        break;
    case 1:
    case 2:
        look();
        break;
    case 3:
        start();
        break;
    case 4:
    case 5:
        trained();
        break;
    case 6:
        small();
        break;
    case 7:
        if (once_in(8))
            forget();
        break;
    default:
        hear();
    }
    check_round();
    if (once_in(8))
        flash_is_well(&shared);
}
