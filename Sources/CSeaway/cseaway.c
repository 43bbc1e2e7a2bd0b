#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "cseaway.h"

#if defined(__linux__)
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int forget(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int index = 0; index < info->dlpi_phnum; index += 1) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[index];
        // What can be written has content of its own.
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0) continue;
        uintptr_t begin = (uintptr_t)info->dlpi_addr + part->p_vaddr;
        uintptr_t end = (begin + part->p_memsz) & ~(page - 1);
        begin = (begin + page - 1) & ~(page - 1);
        if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

void cseaway_forget_program(void) { dl_iterate_phdr(forget, NULL); }
#else
void cseaway_forget_program(void) {}
#endif

#if defined(__linux__)
#include <sys/timex.h>

int cseaway_clock_is_kept(void) {
    struct timex state = {0};
    int answer = adjtimex(&state);
    if (answer < 0) return -1;
    return answer != TIME_ERROR && !(state.status & STA_UNSYNC);
}
#else
int cseaway_clock_is_kept(void) { return -1; }
#endif
