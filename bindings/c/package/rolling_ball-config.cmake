# SPDX-License-Identifier: MIT OR Apache-2.0
#
# find_package(rolling_ball) gives the target rolling_ball::rolling_ball, of the core and the float
# ABI that the compiler's flags name; rolling_ball_CORE says which. A build for size (MinSizeRel)
# takes the library that was compiled for size, which has the same bits.

include(${CMAKE_CURRENT_LIST_DIR}/core.cmake)
rolling_ball_core(rolling_ball_CORE rolling_ball_NOT_FOUND_MESSAGE)
get_filename_component(rolling_ball_ROOT ${CMAKE_CURRENT_LIST_DIR}/../../.. ABSOLUTE)
set(rolling_ball_LIBRARIES ${rolling_ball_ROOT}/lib/${rolling_ball_CORE})
if(rolling_ball_CORE AND NOT EXISTS ${rolling_ball_LIBRARIES})
  set(rolling_ball_NOT_FOUND_MESSAGE "${rolling_ball_LIBRARIES} is not there")
endif()
if(rolling_ball_NOT_FOUND_MESSAGE)
  set(rolling_ball_FOUND FALSE)
  return()
endif()
if(NOT TARGET rolling_ball::rolling_ball)
  add_library(rolling_ball::rolling_ball STATIC IMPORTED)
  set_target_properties(rolling_ball::rolling_ball PROPERTIES
    IMPORTED_LOCATION ${rolling_ball_LIBRARIES}/librolling_ball.a
    IMPORTED_LOCATION_MINSIZEREL ${rolling_ball_LIBRARIES}/small/librolling_ball.a
    INTERFACE_INCLUDE_DIRECTORIES ${rolling_ball_ROOT}/include
    # A function that is not called is not in the program.
    INTERFACE_LINK_OPTIONS -Wl,--gc-sections)
endif()
