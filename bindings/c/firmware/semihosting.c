/* Output and exit through the debugger, which is the emulator. */

#include "board.h"
#include <stdarg.h>
#include <stddef.h>

enum { OPEN = 0x01, WRITE = 0x05, EXIT = 0x18, FOR_WRITING = 4 };
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

static void write_out(const char *text, size_t length) {
    static uint32_t console;
    if (console == 0) {
        const uint32_t arguments[] = {(uint32_t) ":tt", FOR_WRITING, 3};
        console = call(OPEN, arguments);
    }
    const uint32_t arguments[] = {console, (uint32_t)text, (uint32_t)length};
    call(WRITE, arguments);
}

typedef struct {
    char text[256];
    size_t length;
} line;

static void put(line *line, char character) {
    if (line->length < sizeof line->text)
        line->text[line->length++] = character;
}

static void put_number(line *line, uint32_t number, int least_digits) {
    char digits[10];
    int count = 0;
    for (; number > 0 || count < least_digits; number /= 10)
        digits[count++] = (char)('0' + number % 10);
    while (count > 0)
        put(line, digits[--count]);
}

static void put_float(line *line, double value) {
    uint32_t whole = (uint32_t)value;
    uint32_t millionths = (uint32_t)((value - whole) * 1e6 + 0.5);
    put_number(line, whole + millionths / 1000000, 1);
    put(line, '.');
    put_number(line, millionths % 1000000, 6);
}

void print(const char *format, ...) {
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
            for (const char *text = va_arg(values, const char *); *text; text++)
                put(&line, *text);
            break;
        case 'u':
            put_number(&line, va_arg(values, uint32_t), 1);
            break;
        case 'f':
            put_float(&line, va_arg(values, double));
            break;
        }
    }
    va_end(values);
    write_out(line.text, line.length);
}
