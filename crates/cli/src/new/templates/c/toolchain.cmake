# The compiler of the {{what}}.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
# A program for the board does not link without its script.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
