/* Learns its user's classes from labelled readings, beside whatever else there is to do. */

#include "learner.h"
#include "semihosting.h"
#include "sensor.h"

int main(void) {
    learner_start();
    for (reading reading; sensor_take(&reading);) {
        if (reading.label == NO_LABEL)
            print("this is class %u\n", learner_classify(&reading));
        else if (learner_remember(&reading) % LABELS == 0)
            /* Between any two pieces of learning is the time for what must not wait. */
            print(learner_learn(sensor_look) ? "kept\n" : "taken back\n");
    }
    return 0;
}
