#include "semihosting.h"
#include <stdarg.h>

enum { OPEN = 0x01, WRITE = 0x05, READ = 0x06, SEEK = 0x0a, EXIT = 0x18, FOR_WRITING = 4 };
enum { RUN_TIME_ERROR = 0x20023, APPLICATION_EXIT = 0x20026 };

static uint32_t call(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void finish(int code) {
    call(EXIT, (const void *)(code == 0 ? APPLICATION_EXIT : RUN_TIME_ERROR));
    for (;;) {
    }
}

void fail(const char *what) {
    print("%s\n", what);
    finish(1);
}

int32_t host_open(const char *path, uint32_t mode) {
    uint32_t length = 0;
    while (path[length])
        length++;
    const uint32_t arguments[] = {(uint32_t)path, mode, length};
    return (int32_t)call(OPEN, arguments);
}

/* Both calls answer how many bytes are left. */
size_t host_read(int32_t file, void *bytes, size_t length) {
    const uint32_t arguments[] = {(uint32_t)file, (uint32_t)bytes, length};
    return length - call(READ, arguments);
}

int host_write(int32_t file, const void *bytes, size_t length) {
    const uint32_t arguments[] = {(uint32_t)file, (uint32_t)bytes, length};
    return call(WRITE, arguments) == 0;
}

int host_seek(int32_t file, uint32_t offset) {
    const uint32_t arguments[] = {(uint32_t)file, offset};
    return call(SEEK, arguments) == 0;
}

typedef struct {
    char text[256];
    size_t length;
} line;

static void put(line *line, char character) {
    if (line->length < sizeof line->text)
        line->text[line->length++] = character;
}

static void put_text(line *line, const char *text) {
    while (*text)
        put(line, *text++);
}

static void put_number(line *line, uint64_t number, int least_digits) {
    char digits[20];
    int count = 0;
    for (; number > 0 || count < least_digits; number /= 10)
        digits[count++] = (char)('0' + number % 10);
    while (count > 0)
        put(line, digits[--count]);
}

static void put_float(line *line, double value) {
    if (value < 0.0) {
        put(line, '-');
        value = -value;
    }
    /* A loss is far below; a NaN is not below anything. */
    if (!(value < 1e9)) {
        put_text(line, value >= 1e9 ? "above 1e9" : "NaN");
        return;
    }
    /* The first decimals that are the float's and no other's. */
    uint64_t power = 1, number;
    int decimals = 0;
    for (;; power *= 10, decimals++) {
        number = (uint64_t)(value * (double)power + 0.5);
        if (decimals == 17 || (float)((double)number / (double)power) == (float)value)
            break;
    }
    put_number(line, number / power, 1);
    if (decimals > 0) {
        put(line, '.');
        put_number(line, number % power, decimals);
    }
}

void print(const char *format, ...) {
    static int32_t console;
    line line = {.length = 0};
    va_list values;
    va_start(values, format);
    for (; *format; format++) {
        if (*format != '%') {
            put(&line, *format);
            continue;
        }
        switch (*++format) {
        case 's':
            put_text(&line, va_arg(values, const char *));
            break;
        case 'u':
            put_number(&line, va_arg(values, uint32_t), 1);
            break;
        case 'f':
            put_float(&line, va_arg(values, double));
            break;
        case '%':
            put(&line, '%');
            break;
        }
    }
    va_end(values);
    if (!console)
        console = host_open(":tt", FOR_WRITING);
    host_write(console, line.text, line.length);
}
