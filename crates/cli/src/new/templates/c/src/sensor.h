/* Stands in for a sensor: readings from a file on the host. Put your own in its place. */

#ifndef SENSOR_H
#define SENSOR_H

#include <stdint.h>

/* What a byte of a reading stands for: byte * SCALE + OFFSET. */
#define SCALE {{scale}}f
#define OFFSET {{offset}}f

enum { NO_LABEL = -1 };

/* A reading, as long as the model's input, and its class where somebody has named it. */
typedef struct {
    const uint8_t *input;
    int32_t label;
} reading;

/* Fetches the next reading, where no other waits to be taken. */
void sensor_look(void);

/* Takes the reading that waits, or the next one, which stays until the next look; 0 at the end. */
int sensor_take(reading *reading);

#endif
