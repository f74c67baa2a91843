/* The library of Windows that Rust takes random bytes from, and that Wine 8 does not have yet. */
#include <windows.h>
#include <ntsecapi.h>

BOOL WINAPI ProcessPrng(PUCHAR data, SIZE_T length)
{
    return RtlGenRandom(data, (ULONG)length);
}
