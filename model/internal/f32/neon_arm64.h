// Vector instructions that Go's arm64 assembler has no names for. d, n and m are
// V registers, lane counts the floats of m.

// fmla Vd.4s, Vn.4s, Vm.s[lane]
#define FMLA(d, n, m, lane) WORD $(0x4f801000 | ((lane)&1)<<21 | ((lane)>>1)<<11 | (m)<<16 | (n)<<5 | (d))

// fadd Vd.4s, Vn.4s, Vm.4s
#define FADD(d, n, m) WORD $(0x4e20d400 | (m)<<16 | (n)<<5 | (d))

// fmax Vd.4s, Vn.4s, Vm.4s: NaN stays NaN
#define FMAX(d, n, m) WORD $(0x4e20f400 | (m)<<16 | (n)<<5 | (d))

// fmin Vd.4s, Vn.4s, Vm.4s: NaN stays NaN
#define FMIN(d, n, m) WORD $(0x4ea0f400 | (m)<<16 | (n)<<5 | (d))

// movi Vd.2d, #0
#define ZERO(d) WORD $(0x6f00e400 | (d))

// CLAMP bounds Vd by V30 (lo) and V31 (hi).
#define CLAMP(d) \
	FMAX(d, d, 30) \
	FMIN(d, d, 31)
