/*
 * The yardstick of bench: what a saved state needs, done in C with liblzf and zlib, on one thread.
 *
 * Reads commands from stdin, a line each, and answers each with a line of JSON. Times are in nanoseconds.
 *
 *     data FILE      takes the file's whole blocks of 4 KiB as the data of all that follows
 *     lzf N          compresses and expands every block, N times
 *     zero N         looks N times whether each block of the first 128 KiB is zero
 *     crc SIZE N     N times the CRC of the first SIZE bytes
 *     save           makes records of all blocks and their CRC, in a file in memory
 *     load           makes the data of the file that was saved last
 */

#include <liblzf/lzf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { BLOCK = 4096, PACKED_LIMIT = BLOCK - 256, BUFFER = 65536, ROOM = BLOCK + 8, SCANNED = 32 };
enum { RAW = 0x92, LZF = 0x93, ZERO = 0x94 };

static uint8_t *data;
static size_t blocks;
static uint8_t *file;
static size_t fileSize;
static uint8_t *loaded;
/** Keeps results from being optimised away. */
static volatile uint64_t sink;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static void *need(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL) {
        fprintf(stderr, "no memory for %zu bytes\n", size);
        exit(1);
    }
    /* Touched now, and not while something is measured. */
    memset(memory, 1, size);
    return memory;
}

static int isZero(const uint8_t *block)
{
    const uint64_t *words = (const uint64_t *)block;
    for (size_t i = 0; i < BLOCK / 8; i += 8)
        if (words[i] | words[i + 1] | words[i + 2] | words[i + 3] | words[i + 4] | words[i + 5] | words[i + 6] | words[i + 7])
            return 0;
    return 1;
}

static void takeData(const char *path)
{
    FILE *from = fopen(path, "rb");
    if (from == NULL) {
        perror(path);
        exit(1);
    }
    fseek(from, 0, SEEK_END);
    blocks = (size_t)ftell(from) / BLOCK;
    rewind(from);
    free(data);
    free(file);
    free(loaded);
    file = loaded = NULL;
    data = need(blocks * BLOCK);
    if (fread(data, BLOCK, blocks, from) != blocks) exit(1);
    fclose(from);
    printf("{\"blocks\":%zu}\n", blocks);
}

static void lzf(long times)
{
    uint8_t *packed = need(blocks * BLOCK);
    unsigned *sizes = need(blocks * sizeof *sizes);
    uint8_t block[BLOCK];
    size_t size = 0;
    double start = now();
    for (long i = 0; i < times; i++) {
        size = 0;
        for (size_t b = 0; b < blocks; b++) {
            sizes[b] = lzf_compress(data + b * BLOCK, BLOCK, packed + b * BLOCK, PACKED_LIMIT);
            size += sizes[b] ? sizes[b] : BLOCK;
        }
    }
    double middle = now();
    for (long i = 0; i < times; i++)
        for (size_t b = 0; b < blocks; b++)
            if (sizes[b] && lzf_decompress(packed + b * BLOCK, sizes[b], block, BLOCK) != BLOCK) exit(1);
    double end = now();
    sink += block[0];
    printf("{\"compress\":%.0f,\"decompress\":%.0f,\"size\":%zu}\n", (middle - start) / times, (end - middle) / times, size);
    free(packed);
    free(sizes);
}

static void zero(long times)
{
    static uint8_t zeros[SCANNED * BLOCK] __attribute__((aligned(64)));
    double start = now();
    for (long i = 0; i < times; i++) {
        uint64_t count = 0;
        for (int b = 0; b < SCANNED; b++) count += isZero(zeros + b * BLOCK);
        sink += count;
        __asm__ volatile("" : : "r"(zeros) : "memory");
    }
    printf("{\"time\":%.0f}\n", (now() - start) / times);
}

static void crc(size_t size, long times)
{
    double start = now();
    for (long i = 0; i < times; i++) sink += crc32(0, data, size);
    printf("{\"time\":%.1f}\n", (now() - start) / times);
}

static uint8_t *putSize(uint8_t *at, unsigned size)
{
    at[0] = 0xe0 | size >> 12;
    at[1] = 0x80 | (size >> 6 & 0x3f);
    at[2] = 0x80 | (size & 0x3f);
    return at + 3;
}

static void save(void)
{
    static uint8_t buffer[BUFFER];
    if (file == NULL) file = need(blocks * (BLOCK + 4));
    double start = now();
    uint8_t *at = buffer;
    unsigned long sum = 0;
    fileSize = 0;
    for (size_t b = 0; b <= blocks; b++) {
        if (b == blocks || at + ROOM > buffer + BUFFER) {
            sum = crc32(sum, buffer, at - buffer);
            memcpy(file + fileSize, buffer, at - buffer);
            fileSize += at - buffer;
            at = buffer;
            if (b == blocks) break;
        }
        const uint8_t *block = data + b * BLOCK;
        unsigned size;
        if (isZero(block)) {
            *at++ = ZERO;
            *at++ = 1;
            *at++ = BLOCK / 1024;
        } else if ((size = lzf_compress(block, BLOCK, at + 5, PACKED_LIMIT)) != 0) {
            *at++ = LZF;
            at = putSize(at, size + 1);
            *at++ = BLOCK / 1024;
            at += size;
        } else {
            *at++ = RAW;
            at = putSize(at, BLOCK);
            memcpy(at, block, BLOCK);
            at += BLOCK;
        }
    }
    sink += sum;
    printf("{\"time\":%.0f,\"size\":%zu}\n", now() - start, fileSize);
}

static void load(void)
{
    if (loaded == NULL) loaded = need(blocks * BLOCK);
    double start = now();
    unsigned long sum = 0;
    uint8_t *out = loaded;
    size_t summed = 0;
    for (size_t at = 0; at < fileSize;) {
        uint8_t type = file[at];
        if (type == ZERO) {
            memset(out, 0, BLOCK);
            at += 3;
        } else {
            unsigned size = (file[at + 1] & 0x0f) << 12 | (file[at + 2] & 0x3f) << 6 | (file[at + 3] & 0x3f);
            if (type == RAW) memcpy(out, file + at + 4, BLOCK);
            else if (lzf_decompress(file + at + 5, size - 1, out, BLOCK) != BLOCK) exit(1);
            at += 4 + size;
        }
        out += BLOCK;
        if (at - summed >= BUFFER || at == fileSize) {
            sum = crc32(sum, file + summed, at - summed);
            summed = at;
        }
    }
    double time = now() - start;
    sink += sum;
    if (memcmp(data, loaded, blocks * BLOCK) != 0) exit(1);
    printf("{\"time\":%.0f}\n", time);
}

int main(void)
{
    char line[4096];
    char path[4096];
    size_t size;
    long times;
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "data %4095[^\n]", path) == 1) takeData(path);
        else if (sscanf(line, "lzf %ld", &times) == 1) lzf(times);
        else if (sscanf(line, "zero %ld", &times) == 1) zero(times);
        else if (sscanf(line, "crc %zu %ld", &size, &times) == 2) crc(size, times);
        else if (strcmp(line, "save\n") == 0) save();
        else if (strcmp(line, "load\n") == 0) load();
        else return 1;
        fflush(stdout);
    }
    return 0;
}
