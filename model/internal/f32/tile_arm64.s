#include "go_asm.h"
#include "textflag.h"
#include "neon_arm64.h"

// The matrix product's register tiles, NEON. One call computes a tile of B times
// one strip of the weights after the other (see strips): 12 columns times 8 rows,
// two strips to a panel of 16 rows, or for the last columns 4 times a whole panel.
//
//	R0 C, scratch   R1 weights, 64 bytes a step   R2 bytes between rows of C
//	R3 B   R4 steps left   R5 scratch   R6 bytes between rows of B
//	R7 strips left   R8 C   R9 weights of the strip   R10 B
//	R11, R19 bytes from strip to strip, by turns   R12 bias   R13 k   R14 rows
//	R15 resume   R16 lo   R17 hi   R20 kind of bounds: 0 none, 1 lo, 2 both
//
// In-order cores wait for a load that is needed at once: B is loaded a step ahead
// into other registers, weights as soon as they have been used for the last time.
// On some of them a load of 128 bits also takes two cycles, in which nothing else is
// done, while one of 64 bits goes beside a product: these load all by halves (R24).

#define ARGUMENTS \
	MOVD  s+0(FP), R0         \
	MOVD  strips_c(R0), R8    \
	MOVD  strips_w(R0), R9    \
	MOVD  strips_b(R0), R10   \
	MOVD  strips_init(R0), R12 \
	MOVD  strips_ldc(R0), R2  \
	MOVD  strips_ldb(R0), R6  \
	MOVD  strips_pitch(R0), R11 \
	MOVD  strips_k(R0), R13   \
	MOVD  strips_count(R0), R7 \
	MOVD  strips_high(R0), R14 \
	MOVWU strips_lo(R0), R16  \
	MOVWU strips_hi(R0), R17  \
	MOVBU strips_resume(R0), R15 \
	LSL   $2, R2              \
	LSL   $2, R6              \
	LSL   $2, R11             \
	MOVD  $0xff800000, R5     \
	CMPW  R5, R16             \
	CSET  NE, R20             \
	MOVD  $0x7f800000, R5     \
	CMPW  R5, R17             \
	CSINC EQ, R20, ZR, R20    \
	CSINC EQ, R20, R20, R20

// Four rows times 12 columns: sums of row r and r+1.. in V(3r).., b and the two
// registers behind it are B, w weights.
#define ROW(r, b, w, lane) \
	FMLA(3*r, b, w, lane)     \
	FMLA(3*r+1, b+1, w, lane) \
	FMLA(3*r+2, b+2, w, lane)

// WEIGHTS loads those of a step by halves of a register.
#define WEIGHTS \
	FMOVD 0(R1), F27  \
	FMOVD 8(R1), F28  \
	FMOVD 16(R1), F29 \
	FMOVD 24(R1), F30 \
	ADD   $64, R1

// COLUMN8 is a column of sums by WEIGHTS.
#define COLUMN8(c, b) \
	FMLA(c, b, 27, 0)    \
	FMLA(c+3, b, 27, 1)  \
	FMLA(c+6, b, 28, 0)  \
	FMLA(c+9, b, 28, 1)  \
	FMLA(c+12, b, 29, 0) \
	FMLA(c+15, b, 29, 1) \
	FMLA(c+18, b, 30, 0) \
	FMLA(c+21, b, 30, 1)

// FIRST is a row of nothing but the product with the first row of B.
#define FIRST(r, w, lane) \
	FMULLANE(3*r, 24, w, lane)   \
	FMULLANE(3*r+1, 25, w, lane) \
	FMULLANE(3*r+2, 26, w, lane)

#define LOW(b) \
	ROW(0, b, 30, 0) \
	ROW(1, b, 30, 1) \
	ROW(2, b, 30, 2) \
	ROW(3, b, 30, 3)

#define HIGH(b) \
	ROW(4, b, 31, 0) \
	ROW(5, b, 31, 1) \
	ROW(6, b, 31, 2) \
	ROW(7, b, 31, 3)

#define STEP24 \
	VLD1.P  (R3)(R6), [V27.S4, V28.S4, V29.S4] \
	LOW(24)               \
	FMOVQ.P 16(R1), F30   \
	HIGH(24)              \
	FMOVQ.P 48(R1), F31

#define STEP27 \
	VLD1.P  (R3)(R6), [V24.S4, V25.S4, V26.S4] \
	LOW(27)               \
	FMOVQ.P 16(R1), F30   \
	HIGH(27)              \
	FMOVQ.P 48(R1), F31

#define EIGHT \
	STEP24 \
	STEP27 \
	STEP24 \
	STEP27 \
	STEP24 \
	STEP27 \
	STEP24 \
	STEP27

#define SPREAD(a, b, c) \
	VLD1R.P 4(R12), [a.S4]  \
	VMOV    a.B16, b.B16    \
	VMOV    a.B16, c.B16

#define ZERO8(d) \
	ZERO(d)   \
	ZERO(d+1) \
	ZERO(d+2) \
	ZERO(d+3) \
	ZERO(d+4) \
	ZERO(d+5) \
	ZERO(d+6) \
	ZERO(d+7)

#define MAX8(d, lo) \
	FMAX(d, d, lo)     \
	FMAX(d+1, d+1, lo) \
	FMAX(d+2, d+2, lo) \
	FMAX(d+3, d+3, lo) \
	FMAX(d+4, d+4, lo) \
	FMAX(d+5, d+5, lo) \
	FMAX(d+6, d+6, lo) \
	FMAX(d+7, d+7, lo)

#define MIN8(d, hi) \
	FMIN(d, d, hi)     \
	FMIN(d+1, d+1, hi) \
	FMIN(d+2, d+2, hi) \
	FMIN(d+3, d+3, hi) \
	FMIN(d+4, d+4, hi) \
	FMIN(d+5, d+5, hi) \
	FMIN(d+6, d+6, hi) \
	FMIN(d+7, d+7, hi)

// LAST leaves where no row of C is left.
#define LAST(label) \
	SUBS $1, R5, R5 \
	BEQ  label

// func strips12NEON(s *strips)
//
//	                   B ─▶ [V24][V25][V26], next step [V27][V28][V29]
//	W ─▶ V30 lane 0          V0   V1   V2
//	         lane 1          V3   V4   V5     C
//	         ...
//	     V31 lane 3          V21  V22  V23
TEXT ·strips12NEON(SB), NOSPLIT, $0-8
	ARGUMENTS
	MOVBU strips_halves(R0), R24
	MOVD $32, R19
	SUB  $32, R11

strip:
	CBNZ R15, resume
	CBNZ R12, bias
	CBNZ R24, zero
	SUBS $18, R13, R4
	BGT  first

zero:
	ZERO8(0)
	ZERO8(8)
	ZERO8(16)
	B begin

first: // of many steps: their products are the sums, then a second one
	MOVD    R9, R1
	MOVD    R10, R3
	FMOVQ.P 16(R1), F30
	FMOVQ.P 48(R1), F31
	VLD1.P  (R3)(R6), [V24.S4, V25.S4, V26.S4]
	VLD1.P  (R3)(R6), [V27.S4, V28.S4, V29.S4]
	FIRST(0, 30, 0)
	FIRST(1, 30, 1)
	FIRST(2, 30, 2)
	FIRST(3, 30, 3)
	FMOVQ.P 16(R1), F30
	FIRST(4, 31, 0)
	FIRST(5, 31, 1)
	FIRST(6, 31, 2)
	FIRST(7, 31, 3)
	FMOVQ.P 48(R1), F31
	STEP27
	B       sixteen

bias:
	SPREAD(V0, V1, V2)
	SPREAD(V3, V4, V5)
	SPREAD(V6, V7, V8)
	SPREAD(V9, V10, V11)
	SPREAD(V12, V13, V14)
	SPREAD(V15, V16, V17)
	SPREAD(V18, V19, V20)
	SPREAD(V21, V22, V23)
	B begin

resume:
	MOVD   R8, R0
	MOVD   R14, R5
	VLD1.P (R0)(R2), [V0.S4, V1.S4, V2.S4]
	LAST(begin)
	VLD1.P (R0)(R2), [V3.S4, V4.S4, V5.S4]
	LAST(begin)
	VLD1.P (R0)(R2), [V6.S4, V7.S4, V8.S4]
	LAST(begin)
	VLD1.P (R0)(R2), [V9.S4, V10.S4, V11.S4]
	LAST(begin)
	VLD1.P (R0)(R2), [V12.S4, V13.S4, V14.S4]
	LAST(begin)
	VLD1.P (R0)(R2), [V15.S4, V16.S4, V17.S4]
	LAST(begin)
	VLD1.P (R0)(R2), [V18.S4, V19.S4, V20.S4]
	LAST(begin)
	VLD1   (R0), [V21.S4, V22.S4, V23.S4]

begin:
	MOVD    R9, R1
	MOVD    R10, R3
	CBNZ    R24, halves
	FMOVQ.P 16(R1), F30
	FMOVQ.P 48(R1), F31
	VLD1.P  (R3)(R6), [V24.S4, V25.S4, V26.S4]
	SUBS    $16, R13, R4
	BLE     eight

sixteen:
	EIGHT
	EIGHT
	SUBS $16, R4, R4
	BGT  sixteen

eight: // 1 to 16 steps are left
	ADDS $8, R4, R4
	BLE  four
	EIGHT
	SUB  $8, R4

four: // 1 to 8 steps
	ADDS $4, R4, R4
	BLE  rest
	STEP24
	STEP27
	STEP24
	STEP27
	SUB  $4, R4

rest: // 1 to 4 steps
	CMN $3, R4
	BEQ one
	STEP24
	CMN $2, R4
	BEQ two
	STEP27
	CMN $1, R4
	BEQ one
	STEP24

two:
	LOW(27)
	HIGH(27)
	B   bound

one:
	LOW(24)
	HIGH(24)
	B   bound

halves: // column by column, each of which is loaded anew while the next one is used
	WEIGHTS
	FMOVQ 0(R3), F24
	FMOVQ 16(R3), F25
	SUBS  $1, R13, R4
	BEQ   end

half:
	FMLA(0, 24, 27, 0)
	FMOVD 32(R3), F26
	FMLA(3, 24, 27, 1)
	MOVD  40(R3), R21
	FMLA(6, 24, 28, 0)
	ADD   R6, R3
	FMLA(9, 24, 28, 1)
	FMLA(12, 24, 29, 0)
	FMLA(15, 24, 29, 1)
	VMOV  R21, V26.D[1]
	FMLA(18, 24, 30, 0)
	FMLA(21, 24, 30, 1)
	FMLA(1, 25, 27, 0)
	FMOVD 0(R3), F24
	FMLA(4, 25, 27, 1)
	MOVD  8(R3), R22
	FMLA(7, 25, 28, 0)
	FMLA(10, 25, 28, 1)
	FMLA(13, 25, 29, 0)
	FMLA(16, 25, 29, 1)
	VMOV  R22, V24.D[1]
	FMLA(19, 25, 30, 0)
	FMLA(22, 25, 30, 1)
	FMLA(2, 26, 27, 0)
	FMOVD 16(R3), F25
	FMLA(5, 26, 27, 1)
	MOVD  24(R3), R23
	FMLA(8, 26, 28, 0)
	FMOVD 0(R1), F27
	FMLA(11, 26, 28, 1)
	FMOVD 8(R1), F28
	FMLA(14, 26, 29, 0)
	VMOV  R23, V25.D[1]
	FMLA(17, 26, 29, 1)
	FMOVD 16(R1), F29
	FMLA(20, 26, 30, 0)
	SUBS  $1, R4
	FMLA(23, 26, 30, 1)
	FMOVD 24(R1), F30
	ADD   $64, R1
	BNE   half

end:
	FMOVQ 32(R3), F26
	COLUMN8(0, 24)
	COLUMN8(1, 25)
	COLUMN8(2, 26)

bound:
	CBZ R20, store
	VDUP R16, V24.S4
	MAX8(0, 24)
	MAX8(8, 24)
	MAX8(16, 24)
	CMP $2, R20
	BNE store
	VDUP R17, V25.S4
	MIN8(0, 25)
	MIN8(8, 25)
	MIN8(16, 25)

store:
	CMP    $8, R14
	BNE    few
	VST1.P [V0.S4, V1.S4, V2.S4], (R8)(R2)
	VST1.P [V3.S4, V4.S4, V5.S4], (R8)(R2)
	VST1.P [V6.S4, V7.S4, V8.S4], (R8)(R2)
	VST1.P [V9.S4, V10.S4, V11.S4], (R8)(R2)
	VST1.P [V12.S4, V13.S4, V14.S4], (R8)(R2)
	VST1.P [V15.S4, V16.S4, V17.S4], (R8)(R2)
	VST1.P [V18.S4, V19.S4, V20.S4], (R8)(R2)
	VST1.P [V21.S4, V22.S4, V23.S4], (R8)(R2)
	ADD    R19, R9
	MOVD   R19, R5
	MOVD   R11, R19
	MOVD   R5, R11
	SUBS   $1, R7, R7
	BNE    strip
	RET

few: // fewer than 8 rows, and the last strip
	MOVD   R14, R5
	VST1.P [V0.S4, V1.S4, V2.S4], (R8)(R2)
	LAST(done)
	VST1.P [V3.S4, V4.S4, V5.S4], (R8)(R2)
	LAST(done)
	VST1.P [V6.S4, V7.S4, V8.S4], (R8)(R2)
	LAST(done)
	VST1.P [V9.S4, V10.S4, V11.S4], (R8)(R2)
	LAST(done)
	VST1.P [V12.S4, V13.S4, V14.S4], (R8)(R2)
	LAST(done)
	VST1.P [V15.S4, V16.S4, V17.S4], (R8)(R2)
	LAST(done)
	VST1   [V18.S4, V19.S4, V20.S4], (R8)

done:
	RET

// Sixteen rows times 4 columns, by the weights in w and the three registers behind
// it and B in b.
#define COLUMN(b, w) \
	FMLA(0, b, w, 0)     \
	FMLA(1, b, w, 1)     \
	FMLA(2, b, w, 2)     \
	FMLA(3, b, w, 3)     \
	FMLA(4, b, w+1, 0)   \
	FMLA(5, b, w+1, 1)   \
	FMLA(6, b, w+1, 2)   \
	FMLA(7, b, w+1, 3)   \
	FMLA(8, b, w+2, 0)   \
	FMLA(9, b, w+2, 1)   \
	FMLA(10, b, w+2, 2)  \
	FMLA(11, b, w+2, 3)  \
	FMLA(12, b, w+3, 0)  \
	FMLA(13, b, w+3, 1)  \
	FMLA(14, b, w+3, 2)  \
	FMLA(15, b, w+3, 3)

#define LOAD24 \
	VLD1.P (R3)(R6), [V24.S4] \
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]

#define LOAD25 \
	VLD1.P (R3)(R6), [V25.S4] \
	VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4]

// A step, by turns, whose B is there: only the weights of the next one are loaded.
#define EVEN(b) \
	VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4] \
	COLUMN(b, 16)

#define ODD(b) \
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4] \
	COLUMN(b, 20)

#define RESUME1(v) \
	VLD1.P (R0)(R2), [v.S4] \
	LAST(begin)

#define WRITE1(v) \
	VST1.P [v.S4], (R8)(R2) \
	LAST(next)

// func strips4NEON(s *strips)
//
//	                   B ─▶ [V24], next step [V25]
//	W ─▶ V16..V19 lane 0     V0
//	              lane 1     V1      C       next step V20..V23
//	              ...
//	              lane 15    V15
//
// Where the rows of B follow one another, four of them are loaded at once, by turns
// into V24..V27 and V28..V31.
TEXT ·strips4NEON(SB), NOSPLIT, $0-8
	ARGUMENTS

strip:
	CBNZ R15, resume
	ZERO8(0)
	ZERO8(8)
	CBZ  R12, begin
	MOVD R14, R5
	VLD1R.P 4(R12), [V0.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V1.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V2.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V3.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V4.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V5.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V6.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V7.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V8.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V9.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V10.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V11.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V12.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V13.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V14.S4]
	LAST(begin)
	VLD1R.P 4(R12), [V15.S4]
	B       begin

resume:
	MOVD R8, R0
	MOVD R14, R5
	RESUME1(V0)
	RESUME1(V1)
	RESUME1(V2)
	RESUME1(V3)
	RESUME1(V4)
	RESUME1(V5)
	RESUME1(V6)
	RESUME1(V7)
	RESUME1(V8)
	RESUME1(V9)
	RESUME1(V10)
	RESUME1(V11)
	RESUME1(V12)
	RESUME1(V13)
	RESUME1(V14)
	RESUME1(V15)

begin:
	MOVD R9, R1
	MOVD R10, R3
	MOVD R13, R4
	CMP  $16, R6
	BNE  apart
	SUBS $12, R4
	BLT  few
	VLD1.P 64(R3), [V24.S4, V25.S4, V26.S4, V27.S4]
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]

eight: // and four of those that follow are there
	VLD1.P 64(R3), [V28.S4, V29.S4, V30.S4, V31.S4]
	EVEN(24)
	ODD(25)
	EVEN(26)
	ODD(27)
	VLD1.P 64(R3), [V24.S4, V25.S4, V26.S4, V27.S4]
	EVEN(28)
	ODD(29)
	EVEN(30)
	ODD(31)
	SUBS $8, R4
	BGE  eight
	SUB  $48, R3 // back to the second of the four
	ADD  $10, R4 // 4 to 11 steps are left
	B    steps

few:
	ADD $12, R4

apart:
	LOAD24
	SUBS $2, R4
	BLT  one
	BEQ  two

steps:
	LOAD25
	COLUMN(24, 16)
	LOAD24
	COLUMN(25, 20)
	SUBS $2, R4, R4
	BGT  steps
	BLT  one

two:
	LOAD25
	COLUMN(24, 16)
	COLUMN(25, 20)
	B bound

one:
	COLUMN(24, 16)

bound:
	CBZ  R20, store
	VDUP R16, V24.S4
	MAX8(0, 24)
	MAX8(8, 24)
	CMP  $2, R20
	BNE  store
	VDUP R17, V25.S4
	MIN8(0, 25)
	MIN8(8, 25)

store:
	MOVD R14, R5
	WRITE1(V0)
	WRITE1(V1)
	WRITE1(V2)
	WRITE1(V3)
	WRITE1(V4)
	WRITE1(V5)
	WRITE1(V6)
	WRITE1(V7)
	WRITE1(V8)
	WRITE1(V9)
	WRITE1(V10)
	WRITE1(V11)
	WRITE1(V12)
	WRITE1(V13)
	WRITE1(V14)
	WRITE1(V15)

next:
	ADD  R11, R9
	SUBS $1, R7, R7
	BNE  strip
	RET
