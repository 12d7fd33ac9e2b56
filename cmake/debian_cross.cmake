# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# Toolchain file: compiles for OMZMQ_ARCHITECTURE (arm64, armhf, i386) with Debian's cross compiler. The
# libraries of that architecture have to be where Debian's packages put them, beside the machine's own:
# as `dpkg --add-architecture` and apt-get leave them, or as tests/architectures/enter.sh shows them.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES OMZMQ_ARCHITECTURE)
set(CMAKE_SYSTEM_NAME Linux)
if(OMZMQ_ARCHITECTURE STREQUAL "arm64")
  set(CMAKE_SYSTEM_PROCESSOR aarch64)
  set(compilers aarch64-linux-gnu)
elseif(OMZMQ_ARCHITECTURE STREQUAL "armhf")
  set(CMAKE_SYSTEM_PROCESSOR armv7l)
  set(compilers arm-linux-gnueabihf)
elseif(OMZMQ_ARCHITECTURE STREQUAL "i386")
  set(CMAKE_SYSTEM_PROCESSOR i686)
  set(compilers i686-linux-gnu)
else()
  message(FATAL_ERROR "OMZMQ_ARCHITECTURE is '${OMZMQ_ARCHITECTURE}'; right would be arm64, armhf or i386.")
endif()
set(CMAKE_C_COMPILER ${compilers}-gcc)
set(CMAKE_CXX_COMPILER ${compilers}-g++)

# The folder of its libraries; that of i386 is not named as its compilers are.
string(REPLACE i686 i386 libraries ${compilers})
set(CMAKE_LIBRARY_ARCHITECTURE ${libraries})
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/${libraries}/pkgconfig:/usr/share/pkgconfig)
