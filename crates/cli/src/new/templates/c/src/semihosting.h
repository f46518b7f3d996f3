/* The log, the end and the files of the emulator: a debugger answers for them, which it is. */

#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

/* Prints %s, %u (uint32_t), %% and %f, in as few digits as give the float again; 256 characters. */
void print(const char *format, ...);

/* Ends the emulator with this exit code, 0 or 1. */
void finish(int code) __attribute__((noreturn));

/* Says what was wrong, and ends the emulator with an error. */
void fail(const char *what) __attribute__((noreturn));

/* How a file of the host is opened: to read, to read and write, and the same of an empty one. */
enum { HOST_READ = 1, HOST_UPDATE = 3, HOST_CREATE = 7 };

/* Opens a file; a number below zero where it cannot be. */
int32_t host_open(const char *path, uint32_t mode);

/* Answers how many bytes it read: fewer than were asked for at the end of the file. */
size_t host_read(int32_t file, void *bytes, size_t length);

/* These answer whether they have done it. */
int host_write(int32_t file, const void *bytes, size_t length);
int host_seek(int32_t file, uint32_t offset);

#endif
