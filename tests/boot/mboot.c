/*
 * Stands for VMware's mboot.c32 under PXELINUX 6: reads the boot.cfg that -c names and every file that this one
 * names, says their sizes and CRCs (CRC-32 as in gzip), and ends the machine. A name that does not begin with a
 * slash is looked for below prefix=, or where boot.cfg is.
 *
 * A module of PXELINUX 6 is an ELF object that takes functions from PXELINUX, with arguments in registers.
 */

typedef struct file FILE;
extern int printf(const char *format, ...);
extern FILE *fopen(const char *path, const char *mode);
extern unsigned _fread(void *to, unsigned size, FILE *file);
extern int fclose(FILE *file);

static char cfg[65536], buffer[16384], path[512];

static int starts(const char *text, const char *word)
{
    while (*word)
        if (*text++ != *word++)
            return 0;
    return 1;
}

static unsigned crc_of(unsigned crc, const char *bytes, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
    }
    return crc;
}

static void check(const char *folder, unsigned folder_size, const char *name, unsigned name_size)
{
    unsigned size = 0, got, total = 0, crc = ~0u;
    if (name[0] != '/' && folder_size > 0) {
        for (unsigned i = 0; i < folder_size; i++)
            path[size++] = folder[i];
        path[size++] = '/';
    }
    for (unsigned i = 0; i < name_size; i++)
        path[size++] = name[i];
    path[size] = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("MISSING %s\n", path);
        return;
    }
    while ((got = _fread(buffer, sizeof buffer, file)) > 0) {
        total += got;
        crc = crc_of(crc, buffer, got);
    }
    fclose(file);
    printf("READ %s %u %08x\n", path, total, ~crc);
}

static void check_all(const char *folder, unsigned folder_size)
{
    for (char *line = cfg; *line;) {
        char *end = line;
        while (*end && *end != '\n')
            end++;
        if (starts(line, "prefix=") && end > line + 7) {
            folder = line + 7;
            folder_size = end - folder;
        }
        if (starts(line, "kernel="))
            check(folder, folder_size, line + 7, end - line - 7);
        if (starts(line, "modules="))
            for (char *word = line + 8; word < end;) {
                char *stop = word;
                while (stop < end && *stop != ' ')
                    stop++;
                if (!starts(word, "---"))
                    check(folder, folder_size, word, stop - word);
                word = stop + 1;
            }
        line = *end ? end + 1 : end;
    }
}

__attribute__((visibility("default"))) int main(int argc, char **argv)
{
    static const struct { unsigned short limit; void *base; } __attribute__((packed)) no_interrupts;
    for (int i = 0; i < argc; i++)
        printf("ARGUMENT %s\n", argv[i]);
    FILE *file = argc > 2 && starts(argv[1], "-c") ? fopen(argv[2], "r") : 0;
    if (file) {
        unsigned folder_size = 0;
        cfg[_fread(cfg, sizeof cfg - 1, file)] = 0;
        fclose(file);
        for (unsigned i = 0; argv[2][i]; i++)
            if (argv[2][i] == '/')
                folder_size = i;
        check_all(argv[2], folder_size);
        printf("END\n");
    } else
        printf("MISSING boot.cfg\n");
    /* Without a table of interrupts the next one resets the machine, which ends it. */
    __asm__ volatile("lidt %0; int3" : : "m"(no_interrupts));
    return 0;
}
