/* Random calls on optimizers. */

#ifndef OPTIMIZERS_H
#define OPTIMIZERS_H

extern unsigned long long steps_done;

void optimizers_start(void);
void optimizers_call(void);
/* What nobody should have written is as it was. */
void optimizers_check(void);
void optimizers_end(void);

#endif
