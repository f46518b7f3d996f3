/* Random calls on fine-tunings of an imported network. */

#ifndef FINE_TUNINGS_H
#define FINE_TUNINGS_H

/* How many came to their end. */
extern unsigned long long fine_tunings_done;

void fine_tunings_start(void);
void fine_tunings_call(void);
/* What nobody should have written is as it was. */
void fine_tunings_check(void);
void fine_tunings_end(void);

#endif
