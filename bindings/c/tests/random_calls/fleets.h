/* Random calls on devices of a fleet, with random bytes and requests. */

#ifndef FLEETS_H
#define FLEETS_H

void fleets_start(void);
void fleets_call(void);
void fleets_check(void);
void fleets_end(void);

#endif
