/* The names of an imported network: NETWORK and SIZES are its name in small and in large letters,
 * NETWORK_HEADER is the header that import has written. */

#ifndef NETWORK_NAMES_H
#define NETWORK_NAMES_H

#include NETWORK_HEADER

#define JOINED(a, b) a##b
#define JOIN(a, b) JOINED(a, b)
#define CALL(name) JOIN(NETWORK, name)
#define SIZE(name) JOIN(SIZES, name)

#endif
