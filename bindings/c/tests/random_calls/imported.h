/* Random calls on an imported network. */

#ifndef IMPORTED_H
#define IMPORTED_H

void imported_start(void);
void imported_call(void);
/* What nobody should have written is as it was. */
void imported_check(void);
void imported_end(void);

#endif
