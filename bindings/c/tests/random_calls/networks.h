/* Random calls on networks. */

#ifndef NETWORKS_H
#define NETWORKS_H

void networks_start(void);
void networks_call(void);
/* What nobody should have written is as it was. */
void networks_check(void);
void networks_end(void);

#endif
