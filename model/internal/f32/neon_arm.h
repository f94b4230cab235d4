// NEON instructions, none of which Go's arm assembler has names for. d, n and m
// number Q registers where the comment says q, D registers where it says d;
// r is a core register. Each is encoded as the ARM Architecture Reference
// Manual (A8.8) draws it; a D register's fifth bit has a place of its own.

// The fifth bit of Dd, Dn and Dm and the other four, for D registers and for
// Q registers (which are pairs of D registers).
#define DD(d) (((d)>>4)<<22 | ((d)&15)<<12)
#define DN(n) (((n)>>4)<<7 | ((n)&15)<<16)
#define DM(m) (((m)>>4)<<5 | ((m)&15))
#define QD(d) DD(2*(d))
#define QN(n) DN(2*(n))
#define QM(m) DM(2*(m))

// vmla.f32 qd, qn, dm[lane]; m < 16
#define VMLA(d, n, m, lane) WORD $(0xf3a00140 | QD(d) | QN(n) | (lane)<<5 | (m))

// vadd.f32 qd, qn, qm
#define VADD(d, n, m) WORD $(0xf2000d40 | QD(d) | QN(n) | QM(m))

// vmax.f32 qd, qn, qm: NaN stays NaN
#define VMAX(d, n, m) WORD $(0xf2000f40 | QD(d) | QN(n) | QM(m))

// vmin.f32 qd, qn, qm: NaN stays NaN
#define VMIN(d, n, m) WORD $(0xf2200f40 | QD(d) | QN(n) | QM(m))

// vmov.i32 qd, #0
#define ZERO(d) WORD $(0xf2800050 | QD(d))

// vorr qd, qm, qm, a move
#define VMOVQ(d, m) WORD $(0xf2200150 | QD(d) | QN(m) | QM(m))

// vdup.32 qd, r
#define VDUP(d, r) WORD $(0xeea00b10 | ((2*(d))>>4)<<7 | ((2*(d))&15)<<16 | (r)<<12)

// vld1.32 {dd}, [r]!
#define LOAD1(d, r) WORD $(0xf420078d | DD(d) | (r)<<16)

// vld1.32 {dd, dd+1}, [r]!
#define LOAD2(d, r) WORD $(0xf4200a8d | DD(d) | (r)<<16)

// vld1.32 {dd, dd+1}, [r], step
#define LOAD2STEP(d, r, step) WORD $(0xf4200a80 | DD(d) | (r)<<16 | (step))

// vld1.32 {dd, dd+1, dd+2, dd+3}, [r]!
#define LOAD4(d, r) WORD $(0xf420028d | DD(d) | (r)<<16)

// vld1.32 {dd, dd+1, dd+2, dd+3}, [r]
#define PEEK4(d, r) WORD $(0xf420028f | DD(d) | (r)<<16)

// vld1.32 {dd, dd+1, dd+2, dd+3}, [r], step
#define LOAD4STEP(d, r, step) WORD $(0xf4200280 | DD(d) | (r)<<16 | (step))

// vld1.32 {dd[lane]}, [r]!
#define LOADLANE(d, lane, r) WORD $(0xf4a0080d | DD(d) | (lane)<<7 | (r)<<16)

// vld1.32 {dd[], dd+1[]}, [r]!
#define LOADDUP(d, r) WORD $(0xf4a00cad | DD(d) | (r)<<16)

// vst1.32 {dd, dd+1, dd+2, dd+3}, [r]!
#define STORE4(d, r) WORD $(0xf400028d | DD(d) | (r)<<16)

// vst1.32 {dd, dd+1, dd+2, dd+3}, [r]
#define POKE4(d, r) WORD $(0xf400028f | DD(d) | (r)<<16)

// vst1.32 {dd, dd+1, dd+2, dd+3}, [r], step
#define STORE4STEP(d, r, step) WORD $(0xf4000280 | DD(d) | (r)<<16 | (step))

// CLAMP bounds qd by ql and qh.
#define CLAMP(d, l, h) \
	VMAX(d, d, l) \
	VMIN(d, d, h)

// vmul.f32 qd, qn, qm
#define VMUL(d, n, m) WORD $(0xf3000d50 | QD(d) | QN(n) | QM(m))

// vmla.f32 qd, qn, qm
#define VMLAV(d, n, m) WORD $(0xf2000d50 | QD(d) | QN(n) | QM(m))

// vcvt.f32.f16 qd, dm (VFPv4)
#define FROMHALF(d, m) WORD $(0xf3b60700 | QD(d) | DM(m))

// vcvt.f32.s32 qd, qm
#define FROMINT(d, m) WORD $(0xf3bb0640 | QD(d) | QM(m))

// vmovl.s8 qd, dm and vmovl.s16 qd, dm
#define WIDEN8(d, m) WORD $(0xf2880a10 | QD(d) | DM(m))
#define WIDEN16(d, m) WORD $(0xf2900a10 | QD(d) | DM(m))

// vmlal.s16 qd, dn, dm[lane]; m < 8
#define VMLAL(d, n, m, lane) WORD $(0xf2900240 | QD(d) | DN(n) | ((lane)>>1)<<5 | ((lane)&1)<<3 | (m))

// vld1.16 {dd[0]}, [r]!
#define LOADHALF(d, r) WORD $(0xf4a0040d | DD(d) | (r)<<16)

// vand qd, qn, qm
#define VAND(d, n, m) WORD $(0xf2000150 | QD(d) | QN(n) | QM(m))

// vbif qd, qn, qm: qn where qm is 0
#define VBIF(d, n, m) WORD $(0xf3300150 | QD(d) | QN(n) | QM(m))

// vext.8 qd, qn, qm, at: qn from byte at on, then qm
#define VEXT(d, n, m, at) WORD $(0xf2b00040 | QD(d) | QN(n) | QM(m) | (at)<<8)

// vld2.32 {dd, dd+1, dd+2, dd+3}, [r], step: even entries to dd and dd+1, odd ones
// to the others; step 13 is what is loaded
#define LOADPAIRS(d, r, step) WORD $(0xf4200380 | DD(d) | (r)<<16 | (step))

// vst1.32 {dd, dd+1}, [r], step
#define STORE2STEP(d, r, step) WORD $(0xf4000a80 | DD(d) | (r)<<16 | (step))

// vst1.32 {dd, dd+1}, [r]!
#define STORE2(d, r) WORD $(0xf4000a8d | DD(d) | (r)<<16)

// vsub.f32 qd, qn, qm
#define VSUB(d, n, m) WORD $(0xf2200d40 | QD(d) | QN(n) | QM(m))

// vmul.f32 qd, qn, dm[lane] and vmls.f32 qd, qn, dm[lane]; m < 16
#define VMULLANE(d, n, m, lane) WORD $(0xf3a00940 | QD(d) | QN(n) | (lane)<<5 | (m))
#define VMLS(d, n, m, lane) WORD $(0xf3a00540 | QD(d) | QN(n) | (lane)<<5 | (m))

// vld4.32 {dd, dd+2, dd+4, dd+6}, [r]!: the first of four entries to dd
#define LOADFOURS(d, r) WORD $(0xf420018d | DD(d) | (r)<<16)

// vst4.32 {dd[lane], dd+2[lane], dd+4[lane], dd+6[lane]}, [r], step
#define STOREFOUR(d, lane, r, step) WORD $(0xf4800b40 | DD(d) | (lane)<<7 | (r)<<16 | (step))
