#include "go_asm.h"
#include "textflag.h"
#include "neon_arm64.h"

// The matrix product in half precision: tiles of 8 rows and 24 columns, for
// processors with FEAT_FP16. As many products are added up as halves as chunkHalf
// says, then these sums are added to float32s, which C holds meanwhile.
//
//	               B ─▶ [V2][V3][V4], next step [V5][V6][V7]
//	W ─▶ V0 lane 0       V8  V9  V10
//	        lane 1       V11 V12 V13     next step V1
//	        ...
//	        lane 7       V29 V30 V31
//
//	R0 strips   R1 weights, 32 bytes a step   R2 bytes between rows of C   R3 B
//	R4 steps left of the chunk   R5 row of C   R7 strips left   R8 C
//	R9 weights of the strip   R10 B   R11, R19 bytes from strip to strip, by turns
//	R12 bias   R13 k   R14 steps left   R15 whether C has sums   R16 lo   R17 hi
//	R20 whether they are bounds   R21 whether they are now

#define LOADEVEN \
	VLD1.P  48(R3), [V2.H8, V3.H8, V4.H8] \
	FMOVQ.P 32(R1), F0

#define LOADODD \
	VLD1.P  48(R3), [V5.H8, V6.H8, V7.H8] \
	FMOVQ.P 32(R1), F1

// MULTIPLY is a step by one of the instructions, of B from register b on.
#define MULTIPLY(I, b, w) \
	I(8, b, w, 0)      \
	I(9, b+1, w, 0)    \
	I(10, b+2, w, 0)   \
	I(11, b, w, 1)     \
	I(12, b+1, w, 1)   \
	I(13, b+2, w, 1)   \
	I(14, b, w, 2)     \
	I(15, b+1, w, 2)   \
	I(16, b+2, w, 2)   \
	I(17, b, w, 3)     \
	I(18, b+1, w, 3)   \
	I(19, b+2, w, 3)   \
	I(20, b, w, 4)     \
	I(21, b+1, w, 4)   \
	I(22, b+2, w, 4)   \
	I(23, b, w, 5)     \
	I(24, b+1, w, 5)   \
	I(25, b+2, w, 5)   \
	I(26, b, w, 6)     \
	I(27, b+1, w, 6)   \
	I(28, b+2, w, 6)   \
	I(29, b, w, 7)     \
	I(30, b+1, w, 7)   \
	I(31, b+2, w, 7)

// WIDER makes V0 to V5 of a row's sums, as float32s.
#define WIDER(s) \
	FCVTL(0, s)    \
	FCVTL2(1, s)   \
	FCVTL(2, s+1)  \
	FCVTL2(3, s+1) \
	FCVTL(4, s+2)  \
	FCVTL2(5, s+2)

// WRITE bounds V0 to V5 where it is time, and writes them.
#define WRITE(store) \
	CBZ   R21, store         \
	VDUP  R16, V6.S4         \
	VDUP  R17, V7.S4         \
	FMAX(0, 0, 6)            \
	FMAX(1, 1, 6)            \
	FMAX(2, 2, 6)            \
	FMAX(3, 3, 6)            \
	FMAX(4, 4, 6)            \
	FMAX(5, 5, 6)            \
	FMIN(0, 0, 7)            \
	FMIN(1, 1, 7)            \
	FMIN(2, 2, 7)            \
	FMIN(3, 3, 7)            \
	FMIN(4, 4, 7)            \
	FMIN(5, 5, 7)            \
store:                       \
	FSTPQ (F0, F1), (R5)     \
	FSTPQ (F2, F3), 32(R5)   \
	FSTPQ (F4, F5), 64(R5)   \
	ADD   R2, R5

// ONTO adds a row's sums to what C has.
#define ONTO(s, store) \
	FLDPQ (R5), (F0, F1)   \
	FLDPQ 32(R5), (F2, F3) \
	FCVTL(6, s)            \
	FCVTL2(7, s)           \
	FLDPQ 64(R5), (F4, F5) \
	FADD(0, 0, 6)          \
	FADD(1, 1, 7)          \
	FCVTL(6, s+1)          \
	FCVTL2(7, s+1)         \
	FADD(2, 2, 6)          \
	FADD(3, 3, 7)          \
	FCVTL(6, s+2)          \
	FCVTL2(7, s+2)         \
	FADD(4, 4, 6)          \
	FADD(5, 5, 7)          \
	WRITE(store)

// FROMBIAS adds them to the bias of the row.
#define FROMBIAS(s, store) \
	VLD1R.P 4(R12), [V6.S4] \
	WIDER(s)                \
	FADD(0, 0, 6)           \
	FADD(1, 1, 6)           \
	FADD(2, 2, 6)           \
	FADD(3, 3, 6)           \
	FADD(4, 4, 6)           \
	FADD(5, 5, 6)           \
	WRITE(store)

#define FROMZERO(s, store) \
	WIDER(s)     \
	WRITE(store)

// func stripsHalfNEON(s *strips)
TEXT ·stripsHalfNEON(SB), NOSPLIT, $0-8
	MOVD  s+0(FP), R0
	MOVD  strips_c(R0), R8
	MOVD  strips_w(R0), R9
	MOVD  strips_b(R0), R10
	MOVD  strips_init(R0), R12
	MOVD  strips_ldc(R0), R2
	MOVD  strips_pitch(R0), R11
	MOVD  strips_k(R0), R13
	MOVD  strips_count(R0), R7
	MOVWU strips_lo(R0), R16
	MOVWU strips_hi(R0), R17
	LSL   $2, R2
	LSL   $1, R11
	MOVD  $16, R19
	SUB   $16, R11
	MOVD  $0xff800000, R5
	CMPW  R5, R16
	CSET  NE, R20
	MOVD  $0x7f800000, R5
	CMPW  R5, R17
	CSINC EQ, R20, ZR, R20

strip:
	MOVBU strips_resume(R0), R15
	MOVD  R9, R1
	MOVD  R10, R3
	MOVD  R13, R14

chunk:
	MOVD $const_chunkHalf, R4
	CMP  R4, R14
	CSEL LT, R14, R4, R4
	SUB  R4, R14
	LOADEVEN
	SUBS $1, R4, R4
	BEQ  single
	LOADODD
	MULTIPLY(FMULH, 2, 0)
	SUBS $1, R4, R4
	BEQ  odd

two:
	LOADEVEN
	MULTIPLY(FMLAH, 5, 1)
	SUBS $1, R4, R4
	BEQ  even
	LOADODD
	MULTIPLY(FMLAH, 2, 0)
	SUBS $1, R4, R4
	BNE  two

odd:
	MULTIPLY(FMLAH, 5, 1)
	B    add

single:
	MULTIPLY(FMULH, 2, 0)
	B    add

even:
	MULTIPLY(FMLAH, 2, 0)

add:
	MOVD R8, R5
	CMP  $0, R14
	CSEL EQ, R20, ZR, R21
	CBNZ R15, onto
	CBZ  R12, zero
	FROMBIAS(8, b0)
	FROMBIAS(11, b1)
	FROMBIAS(14, b2)
	FROMBIAS(17, b3)
	FROMBIAS(20, b4)
	FROMBIAS(23, b5)
	FROMBIAS(26, b6)
	FROMBIAS(29, b7)
	B    added

onto:
	ONTO(8, o0)
	ONTO(11, o1)
	ONTO(14, o2)
	ONTO(17, o3)
	ONTO(20, o4)
	ONTO(23, o5)
	ONTO(26, o6)
	ONTO(29, o7)
	B    added

zero:
	FROMZERO(8, z0)
	FROMZERO(11, z1)
	FROMZERO(14, z2)
	FROMZERO(17, z3)
	FROMZERO(20, z4)
	FROMZERO(23, z5)
	FROMZERO(26, z6)
	FROMZERO(29, z7)

added:
	MOVD $1, R15
	CBNZ R14, chunk
	ADD  R2<<3, R8
	ADD  R19, R9
	MOVD R11, R5
	MOVD R19, R11
	MOVD R5, R19
	SUBS $1, R7, R7
	BNE  strip
	RET

// The tile for the last columns, 16 rows and 8 columns, in the same way: a strip is a
// panel.
//
//	               B ─▶ [V4], next step [V5]
//	W ─▶ V0 lane 0       V16
//	        ...          ...        next step V2, V3
//	     V1 lane 7       V31

#define MULTIPLY8(I, d, b, w) \
	I(d, b, w, 0)   \
	I(d+1, b, w, 1) \
	I(d+2, b, w, 2) \
	I(d+3, b, w, 3) \
	I(d+4, b, w, 4) \
	I(d+5, b, w, 5) \
	I(d+6, b, w, 6) \
	I(d+7, b, w, 7)

#define MULTIPLY16(I, b, w) \
	MULTIPLY8(I, 16, b, w)   \
	MULTIPLY8(I, 24, b, w+1)

#define LOADEVEN16 \
	FLDPQ.P 32(R1), (F0, F1) \
	FMOVQ.P 16(R3), F4

#define LOADODD16 \
	FLDPQ.P 32(R1), (F2, F3) \
	FMOVQ.P 16(R3), F5

// ROW8 adds a row's sums to V6 and V7, and writes them: the bounds are V8 and V9.
#define ROW8(s) \
	FCVTL(10, s)    \
	FCVTL2(11, s)   \
	FADD(6, 6, 10)  \
	FADD(7, 7, 11)  \
	FMAX(6, 6, 8)   \
	FMAX(7, 7, 8)   \
	FMIN(6, 6, 9)   \
	FMIN(7, 7, 9)   \
	FSTPQ (F6, F7), (R5) \
	ADD   R2, R5

#define ONTO8(s) \
	FLDPQ (R5), (F6, F7) \
	ROW8(s)

#define FROMBIAS8(s) \
	VLD1R.P 4(R12), [V6.S4]  \
	VMOV    V6.B16, V7.B16   \
	ROW8(s)

#define ROWS16(I) \
	I(16) \
	I(17) \
	I(18) \
	I(19) \
	I(20) \
	I(21) \
	I(22) \
	I(23) \
	I(24) \
	I(25) \
	I(26) \
	I(27) \
	I(28) \
	I(29) \
	I(30) \
	I(31)

// func strips8HalfNEON(s *strips)
// There is a bias.
TEXT ·strips8HalfNEON(SB), NOSPLIT, $0-8
	MOVD  s+0(FP), R0
	MOVD  strips_c(R0), R8
	MOVD  strips_w(R0), R9
	MOVD  strips_b(R0), R10
	MOVD  strips_init(R0), R12
	MOVD  strips_ldc(R0), R2
	MOVD  strips_pitch(R0), R11
	MOVD  strips_k(R0), R13
	MOVD  strips_count(R0), R7
	LSL   $2, R2
	LSL   $1, R11

strip:
	MOVBU strips_resume(R0), R15
	MOVD  R9, R1
	MOVD  R10, R3
	MOVD  R13, R14
	MOVD  $0xff800000, R16
	MOVD  $0x7f800000, R17

chunk:
	MOVD $const_chunkHalf, R4
	CMP  R4, R14
	CSEL LT, R14, R4, R4
	SUB  R4, R14
	LOADEVEN16
	SUBS $1, R4, R4
	BEQ  single
	LOADODD16
	MULTIPLY16(FMULH, 4, 0)
	SUBS $1, R4, R4
	BEQ  odd

two:
	LOADEVEN16
	MULTIPLY16(FMLAH, 5, 2)
	SUBS $1, R4, R4
	BEQ  even
	LOADODD16
	MULTIPLY16(FMLAH, 4, 0)
	SUBS $1, R4, R4
	BNE  two

odd:
	MULTIPLY16(FMLAH, 5, 2)
	B    add

single:
	MULTIPLY16(FMULH, 4, 0)
	B    add

even:
	MULTIPLY16(FMLAH, 4, 0)

add:
	CBNZ  R14, unbounded
	MOVWU strips_lo(R0), R16
	MOVWU strips_hi(R0), R17

unbounded:
	VDUP R16, V8.S4
	VDUP R17, V9.S4
	MOVD R8, R5
	CBNZ R15, onto
	ROWS16(FROMBIAS8)
	B    added

onto:
	ROWS16(ONTO8)

added:
	MOVD $1, R15
	CBNZ R14, chunk
	ADD  R2<<4, R8
	ADD  R11, R9
	SUBS $1, R7, R7
	BNE  strip
	RET

// func narrowHalfNEON(dst *uint16, low, high *float32, from, rows int)
//
// Rows of 24 halves, made of 12 float32s at low and 12 at high, whose rows are from
// apart.
TEXT ·narrowHalfNEON(SB), NOSPLIT, $0-40
	MOVD dst+0(FP), R0
	MOVD low+8(FP), R1
	MOVD high+16(FP), R2
	MOVD from+24(FP), R3
	MOVD rows+32(FP), R4
	LSL  $2, R3

row:
	VLD1.P (R1)(R3), [V0.S4, V1.S4, V2.S4]
	VLD1.P (R2)(R3), [V3.S4, V4.S4, V5.S4]
	FCVTN(6, 0)
	FCVTN2(6, 1)
	FCVTN(7, 2)
	FCVTN2(7, 3)
	FCVTN(8, 4)
	FCVTN2(8, 5)
	VST1.P [V6.H8, V7.H8, V8.H8], 48(R0)
	SUBS   $1, R4, R4
	BNE    row
	RET

// func narrow8HalfNEON(dst *uint16, src *float32, from, rows int)
//
// Rows of 8 halves.
TEXT ·narrow8HalfNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD from+16(FP), R3
	MOVD rows+24(FP), R4
	LSL  $2, R3

row:
	VLD1.P  (R1)(R3), [V0.S4, V1.S4]
	FCVTN(2, 0)
	FCVTN2(2, 1)
	FMOVQ.P F2, 16(R0)
	SUBS    $1, R4, R4
	BNE     row
	RET
