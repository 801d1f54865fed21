# SPDX-License-Identifier: Apache-2.0
# Compiler and linker flags: each is probed, so that both gcc and clang of
# Debian 12 and 13 get what they know. Every target links sa_flags.
include(CheckCCompilerFlag)

set(warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2
    -Wundef -Wvla -Wcast-qual -Wcast-align -Wwrite-strings -Wpointer-arith
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wredundant-decls -Wimplicit-fallthrough -Wnull-dereference
    -Werror=implicit-function-declaration
    # rows of tables leave members out on purpose
    -Wno-missing-field-initializers
    # gcc only
    -Wformat-signedness -Wlogical-op -Wduplicated-cond -Wduplicated-branches
    -Walloc-zero -Wjump-misses-init
    # clang only
    -Wcomma -Wassign-enum -Wconditional-uninitialized -Wextra-semi-stmt
    -Wmissing-variable-declarations -Wshift-sign-overflow)

set(hardening
    -fstack-protector-strong -fstack-clash-protection -fno-common
    -fno-strict-overflow -fno-delete-null-pointer-checks)
if(NOT SA_SANITIZE) # from which it would hide reads of what was never written
    list(APPEND hardening -ftrivial-auto-var-init=zero)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|i[3-6]86")
    list(APPEND hardening -fcf-protection=full)
endif()

add_library(sa_flags INTERFACE)
foreach(flag IN LISTS warnings hardening)
    string(MAKE_C_IDENTIFIER "has${flag}" known)
    check_c_compiler_flag("-Werror ${flag}" ${known})
    if(${known})
        target_compile_options(sa_flags INTERFACE ${flag})
    endif()
endforeach()
if(SA_WERROR)
    target_compile_options(sa_flags INTERFACE -Werror)
endif()

if(SA_SANITIZE)
    # A sanitizer's own checks replace _FORTIFY_SOURCE, which would hide reads from it.
    target_compile_options(sa_flags INTERFACE
        -fsanitize=${SA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    target_link_options(sa_flags INTERFACE -fsanitize=${SA_SANITIZE})
else()
    target_compile_options(sa_flags INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
endif()
if(SA_FUZZ)
    # Coverage feedback from all our code; the fuzz targets link the fuzzer itself.
    target_compile_options(sa_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(sa_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_options(sa_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
target_compile_definitions(sa_flags INTERFACE
    _GNU_SOURCE OPENSSL_API_COMPAT=30000 OPENSSL_NO_DEPRECATED)
