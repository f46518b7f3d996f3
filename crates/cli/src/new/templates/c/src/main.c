/* Learns its user's classes from labelled readings, beside whatever else there is to do. */

#include "learner.h"
#include "semihosting.h"
#include "sensor.h"

static void learn(void) {
    /* Between any two pieces of learning is the time for what must not wait. */
    rb_fine_tuning_report report = learner_learn(sensor_look);
    if (report.refusal)
        print("taken back: %s\n", rb_refusal_string(report.refusal));
    else
        print("kept %u %% of what was learned\n", percent(report.kept));
}

int main(void) {
    learner_start();
    for (reading reading; sensor_take(&reading);) {
        if (reading.label == NO_LABEL)
            print("this is class %u\n", learner_classify(&reading));
        else if (learner_remember(&reading) % LABELS == 0)
            learn();
    }
    return 0;
}
