#include "sensor.h"
#include "model.h"
#include "semihosting.h"

static const char readings[] = FOLDER "/samples.bin";

/* The class of a reading, and then the reading. */
static uint8_t record[1 + MODEL_INPUTS];
static int waits;

void sensor_look(void) {
    static int32_t file;
    if (!file && (file = host_open(readings, HOST_READ)) < 0)
        fail("cannot open samples.bin");
    waits = waits || host_read(file, record, sizeof record) == sizeof record;
}

int sensor_take(reading *reading) {
    sensor_look();
    int took = waits;
    waits = 0;
    reading->input = record + 1;
    reading->label = record[0];
    return took;
}
