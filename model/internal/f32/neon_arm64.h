// Vector instructions that Go's arm64 assembler has no names for. d, n and m are
// V registers, lane counts the floats of m.

// fmla Vd.4s, Vn.4s, Vm.s[lane]
#define FMLA(d, n, m, lane) WORD $(0x4f801000 | ((lane)&1)<<21 | ((lane)>>1)<<11 | (m)<<16 | (n)<<5 | (d))

// fmul Vd.4s, Vn.4s, Vm.s[lane]
#define FMULLANE(d, n, m, lane) WORD $(0x4f809000 | ((lane)&1)<<21 | ((lane)>>1)<<11 | (m)<<16 | (n)<<5 | (d))

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

// fmul Vd.4s, Vn.4s, Vm.4s
#define FMUL(d, n, m) WORD $(0x6e20dc00 | (m)<<16 | (n)<<5 | (d))

// fmla Vd.4s, Vn.4s, Vm.4s
#define FMLAV(d, n, m) WORD $(0x4e20cc00 | (m)<<16 | (n)<<5 | (d))

// fcvtl Vd.4s, Vn.4h and fcvtl2 Vd.4s, Vn.8h
#define FCVTL(d, n) WORD $(0x0e217800 | (n)<<5 | (d))
#define FCVTL2(d, n) WORD $(0x4e217800 | (n)<<5 | (d))

// scvtf Vd.4s, Vn.4s
#define SCVTF(d, n) WORD $(0x4e21d800 | (n)<<5 | (d))

// sshll Vd.8h, Vn.8b, #0 and sshll2 Vd.8h, Vn.16b, #0
#define SSHLL8(d, n) WORD $(0x0f08a400 | (n)<<5 | (d))
#define SSHLL8H(d, n) WORD $(0x4f08a400 | (n)<<5 | (d))

// sshll Vd.4s, Vn.4h, #0 and sshll2 Vd.4s, Vn.8h, #0
#define SSHLL16(d, n) WORD $(0x0f10a400 | (n)<<5 | (d))
#define SSHLL16H(d, n) WORD $(0x4f10a400 | (n)<<5 | (d))

// smlal Vd.4s, Vn.4h, Vm.h[lane] and smlal2 Vd.4s, Vn.8h, Vm.h[lane]; m < 16, and
// lane < 4
#define SMLAL(d, n, m, lane) WORD $(0x0f402000 | ((lane)&1)<<20 | ((lane)>>1)<<21 | (m)<<16 | (n)<<5 | (d))
#define SMLALH(d, n, m, lane) WORD $(0x4f402000 | ((lane)&1)<<20 | ((lane)>>1)<<21 | (m)<<16 | (n)<<5 | (d))

// fmla and fmul Vd.8h, Vn.8h, Vm.h[lane], of processors with FEAT_FP16; m < 16
#define FMLAH(d, n, m, lane) WORD $(0x4f001000 | ((lane)>>2)<<11 | (((lane)>>1)&1)<<21 | ((lane)&1)<<20 | (m)<<16 | (n)<<5 | (d))
#define FMULH(d, n, m, lane) WORD $(0x4f009000 | ((lane)>>2)<<11 | (((lane)>>1)&1)<<21 | ((lane)&1)<<20 | (m)<<16 | (n)<<5 | (d))

// fcvtn Vd.4h, Vn.4s and fcvtn2 Vd.8h, Vn.4s
#define FCVTN(d, n) WORD $(0x0e216800 | (n)<<5 | (d))
#define FCVTN2(d, n) WORD $(0x4e216800 | (n)<<5 | (d))

// sdot Vd.4s, Vn.16b, Vm.4b[lane], of processors with FEAT_DotProd
#define SDOT(d, n, m, lane) WORD $(0x4f80e000 | ((lane)>>1)<<11 | ((lane)&1)<<21 | (m)<<16 | (n)<<5 | (d))

// zip1 and zip2 of bytes, and of pairs of them
#define ZIPB(d, n, m) WORD $(0x4e003800 | (m)<<16 | (n)<<5 | (d))
#define ZIPB2(d, n, m) WORD $(0x4e007800 | (m)<<16 | (n)<<5 | (d))
#define ZIPH(d, n, m) WORD $(0x4e403800 | (m)<<16 | (n)<<5 | (d))
#define ZIPH2(d, n, m) WORD $(0x4e407800 | (m)<<16 | (n)<<5 | (d))

// rshrn Vd.8b, Vn.8h, #8 and xtn Vd.8b, Vn.8h
#define RSHRN8(d, n) WORD $(0x0f088c00 | (n)<<5 | (d))
#define XTN(d, n) WORD $(0x0e212800 | (n)<<5 | (d))

// shl Vd.4s, Vn.4s, #8 and add Vd.4s, Vn.4s, Vm.4s
#define SHL8(d, n) WORD $(0x4f285400 | (n)<<5 | (d))
#define ADDI(d, n, m) WORD $(0x4ea08400 | (m)<<16 | (n)<<5 | (d))
