/* The limit: training of one network with sizes known to the compiler, as vectorised loops.

   Defined on the command line: FEATURES, CLASSES, SAMPLES, BATCH, RATE, and the layers as lists of
   L(below, n, next, inputs, units): HIDDEN, HIDDEN_REVERSED and LAST, numbered from 0. */

#include <math.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE__
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#define ALIGNED __attribute__((aligned(64)))

enum { WIDTH = BATCH <= 4 ? 4 : 8, REST = SAMPLES % BATCH };
typedef float vec __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));

/* Samples are padded to whole vectors; `share` is 0 for the padding, so that it adds nothing. */
#define PADDED(count) (((count) + WIDTH - 1) / WIDTH * WIDTH)
enum { S = PADDED(BATCH) };
/* Units are padded where a product runs over them; rows of a power of two would share cache sets. */
#define ROW(units) ((units) < 8 ? (units) : (units) % 128 ? ((units) + 7) / 8 * 8 : (units) + 8)

#define L(below, n, next, inputs, units)                                                     \
    static float w##n[(inputs + 1) * ROW(units)] ALIGNED, g##n[(inputs + 1) * ROW(units)] ALIGNED, \
        m##n[(inputs + 1) * ROW(units)] ALIGNED, v##n[(inputs + 1) * ROW(units)] ALIGNED,    \
        a##n[(inputs + 1) * S] ALIGNED, d##n[(units) * S] ALIGNED;
HIDDEN LAST
#undef L

static float transposed[S * 1024] ALIGNED;
static float share_full[S] ALIGNED, share_rest[S] ALIGNED;
static const float *x;
static const int32_t *y;
static int32_t order[SAMPLES], labels[BATCH];
static float power1, power2;

/* c[m][n] = sum over k of a[m * am + k * ak] * b[k * bk + n], for `rows` times `vectors` at once */
INLINE void tile(const int rows, const int vectors, const int depth, const float *a, const int am,
                 const int ak, const float *b, const int bk, float *c, const int cm) {
    vec sum[8][2];
#pragma GCC unroll 8
    for (int m = 0; m < rows; m++)
#pragma GCC unroll 2
        for (int n = 0; n < vectors; n++) sum[m][n] = (vec){0};
    for (int k = 0; k < depth; k++) {
#pragma GCC unroll 8
        for (int m = 0; m < rows; m++)
#pragma GCC unroll 2
            for (int n = 0; n < vectors; n++)
                sum[m][n] += a[m * am + k * ak] * *(const vec *)(b + k * bk + n * WIDTH);
    }
#pragma GCC unroll 8
    for (int m = 0; m < rows; m++)
#pragma GCC unroll 2
        for (int n = 0; n < vectors; n++) *(vec *)(c + m * cm + n * WIDTH) = sum[m][n];
}

INLINE void columns(const int vectors, const int rows, const int depth, const float *a, const int am,
                    const int ak, const float *b, const int bk, float *c, const int cm) {
    const int most = vectors == 2 ? 6 : 8;
    int m = 0;
    for (; m + most <= rows; m += most)
        tile(most, vectors, depth, a + m * am, am, ak, b, bk, c + m * cm, cm);
    if (rows - m >= 4) {
        tile(4, vectors, depth, a + m * am, am, ak, b, bk, c + m * cm, cm);
        m += 4;
    }
    if (rows - m >= 2) {
        tile(2, vectors, depth, a + m * am, am, ak, b, bk, c + m * cm, cm);
        m += 2;
    }
    if (rows - m) tile(1, vectors, depth, a + m * am, am, ak, b, bk, c + m * cm, cm);
}

INLINE void product(const int rows, const int width, const int depth, const float *a, const int am,
                    const int ak, const float *b, const int bk, float *c, const int cm) {
    int n = 0;
    for (; n + 2 * WIDTH <= width; n += 2 * WIDTH)
        columns(2, rows, depth, a, am, ak, b + n, bk, c + n, cm);
    if (n < width) columns(1, rows, depth, a, am, ak, b + n, bk, c + n, cm);
}

INLINE float exponential(float value) {
    float whole = __builtin_rintf(value * 1.44269504f);
    float r = value - whole * 0.693147181f;
    union { int32_t bits; float number; } scale = {((int32_t)whole + 127) << 23};
    float sum = 1.0f / 720;
    sum = sum * r + 1.0f / 120;
    sum = sum * r + 1.0f / 24;
    sum = sum * r + 1.0f / 6;
    sum = sum * r + 0.5f;
    sum = sum * r + 1;
    return (sum * r + 1) * scale.number;
}

INLINE void squash(float *block, const int units, const int width) {
    for (int j = 0; j < units; j++)
        for (int s = 0; s < width; s++) {
            float z = block[j * S + s];
            z = z > 9 ? 9 : z < -9 ? -9 : z;
            block[j * S + s] = 1 - 2 / (exponential(2 * z) + 1);
        }
}

INLINE void softmax(float *z, const int count, const int width, const float *share) {
    float high[S] ALIGNED, sum[S] ALIGNED;
    for (int s = 0; s < width; s++) high[s] = z[s];
    for (int k = 1; k < CLASSES; k++)
        for (int s = 0; s < width; s++) high[s] = z[k * S + s] > high[s] ? z[k * S + s] : high[s];
    for (int s = 0; s < width; s++) sum[s] = 0;
    for (int k = 0; k < CLASSES; k++)
        for (int s = 0; s < width; s++) {
            float shifted = z[k * S + s] - high[s];
            float e = exponential(shifted < -80 ? -80 : shifted);
            z[k * S + s] = e;
            sum[s] += e;
        }
    for (int s = 0; s < width; s++) sum[s] = share[s] / sum[s];
    for (int k = 0; k < CLASSES; k++)
        for (int s = 0; s < width; s++) z[k * S + s] *= sum[s];
    for (int s = 0; s < count; s++) z[labels[s] * S + s] -= 1.0f / count;
}

INLINE void weights_gradient(const int inputs, const int units, const int count, const int width,
                             const float *a, const float *d, float *g) {
    if (units >= 8) {
        const int row = ROW(units);
        for (int j = 0; j < units; j++)
            for (int s = 0; s < count; s++) transposed[s * row + j] = d[j * S + s];
        product(inputs + 1, (units + 7) / 8 * 8, count, a, S, 1, transposed, row, g, row);
        return;
    }
    for (int i = 0; i <= inputs; i++)
        for (int j = 0; j < units; j++) {
            vec sums = {0};
            for (int s = 0; s < width; s += WIDTH)
                sums += *(const vec *)(a + i * S + s) * *(const vec *)(d + j * S + s);
            float total = 0;
            for (int lane = 0; lane < WIDTH; lane++) total += sums[lane];
            g[i * units + j] = total;
        }
}

INLINE void slope(const int units, const int width, const float *a, float *d) {
    for (int j = 0; j < units; j++)
        for (int s = 0; s < width; s++) d[j * S + s] *= 1 - a[j * S + s] * a[j * S + s];
}

INLINE void adam(const int count, float *w, const float *g, float *m, float *v, float rate, float root) {
    for (int p = 0; p < count; p++) {
        m[p] = 0.9f * m[p] + 0.1f * g[p];
        v[p] = 0.999f * v[p] + 0.001f * g[p] * g[p];
        w[p] -= rate * m[p] / (sqrtf(v[p]) * root + 1e-8f);
    }
}

INLINE void gather(const int count, const int start) {
    for (int s = 0; s < count; s++) {
        const int row = order[start + s];
        labels[s] = y[row];
        for (int f = 0; f < FEATURES; f++) a0[f * S + s] = x[row * FEATURES + f];
    }
}

INLINE void step(const int count, const float *share) {
    const int width = PADDED(count);
#define L(below, n, next, inputs, units)                                         \
    product(units, width, inputs + 1, w##n, 1, ROW(units), a##n, S, a##next, S); \
    squash(a##next, units, width);
    HIDDEN
#undef L
#define L(below, n, next, inputs, units)                                      \
    product(units, width, inputs + 1, w##n, 1, ROW(units), a##n, S, d##n, S); \
    softmax(d##n, count, width, share);
    LAST
#undef L
#define L(below, n, next, inputs, units)                                           \
    weights_gradient(inputs, units, count, width, a##n, d##n, g##n);               \
    if (n > 0) {                                                                   \
        product(inputs, width, units, w##n, ROW(units), 1, d##n, S, d##below, S);  \
        slope(inputs, width, a##n, d##below);                                      \
    }
    LAST HIDDEN_REVERSED
#undef L
    power1 *= 0.9f, power2 *= 0.999f;
    const float rate = RATE / (1 - power1), root = 1 / sqrtf(1 - power2);
#define L(below, n, next, inputs, units) \
    adam((inputs + 1) * ROW(units), w##n, g##n, m##n, v##n, rate, root);
    HIDDEN LAST
#undef L
}

static void epoch(void) {
    for (int start = 0; start + BATCH <= SAMPLES; start += BATCH) {
        if (BATCH < SAMPLES) gather(BATCH, start);
        step(BATCH, share_full);
    }
    if (REST) {
        gather(REST, SAMPLES - REST);
        step(REST ? REST : 1, share_rest);
    }
}

static unsigned flush_denormals(void) {
#ifdef __SSE__
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040);
    return before;
#else
    return 0;
#endif
}

static void restore_denormals(unsigned before) {
#ifdef __SSE__
    _mm_setcsr(before);
#endif
    (void)before;
}

/* Set samples and weights, each layer's row by row and then its biases. */
void load(const float *samples, const int32_t *classes, const float *parameters) {
    x = samples, y = classes, power1 = power2 = 1;
    for (int s = 0; s < BATCH; s++) share_full[s] = 1.0f / BATCH;
    for (int s = 0; s < REST; s++) share_rest[s] = 1.0f / (REST ? REST : 1);
    for (int s = 0; s < SAMPLES; s++) order[s] = s;
    memset(transposed, 0, sizeof transposed);
#define L(below, n, next, inputs, units)                                                          \
    memset(w##n, 0, sizeof w##n), memset(g##n, 0, sizeof g##n);                                   \
    memset(m##n, 0, sizeof m##n), memset(v##n, 0, sizeof v##n);                                   \
    for (int i = 0; i <= inputs; i++)                                                             \
        for (int j = 0; j < units; j++) w##n[i * ROW(units) + j] = *parameters++;                 \
    for (int s = 0; s < S; s++) a##n[inputs * S + s] = 1;
    HIDDEN LAST
#undef L
    gather(BATCH, 0);
}

void store(float *parameters) {
#define L(below, n, next, inputs, units) \
    for (int i = 0; i <= inputs; i++)    \
        for (int j = 0; j < units; j++) *parameters++ = w##n[i * ROW(units) + j];
    HIDDEN LAST
#undef L
}

/* Train so many epochs on the samples in the given order. */
void follow(const int32_t *given, int epochs) {
    unsigned before = flush_denormals();
    memcpy(order, given, sizeof order);
    while (epochs--) epoch();
    restore_denormals(before);
}

/* Train so many epochs, each with a shuffle of its own. */
void train(long epochs) {
    static uint64_t state = 88172645463325252u;
    unsigned before = flush_denormals();
    while (epochs--) {
        if (BATCH < SAMPLES)
            for (uint32_t last = SAMPLES - 1; last > 0; last--) {
                state ^= state << 13, state ^= state >> 7, state ^= state << 17;
                uint32_t at = (uint32_t)(((state >> 32) * (last + 1)) >> 32);
                int32_t other = order[at];
                order[at] = order[last], order[last] = other;
            }
        epoch();
    }
    restore_denormals(before);
}
