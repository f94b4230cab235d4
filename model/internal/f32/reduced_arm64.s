#include "textflag.h"
#include "neon_arm64.h"

// Weights that are stored in fewer bits, as float32s.

// func expandHalfNEON(dst *float32, src *uint16, n int)
// n is a multiple of 16.
TEXT ·expandHalfNEON(SB), NOSPLIT, $0-24
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2

halves:
	VLD1.P 32(R1), [V0.H8, V1.H8]
	FCVTL(4, 0)
	FCVTL2(5, 0)
	FCVTL(6, 1)
	FCVTL2(7, 1)
	SUBS   $16, R2, R2
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R0)
	BNE    halves
	RET

// One weight vector in half precision times the frame, as affineNEON does it.
//
//	R0 y   R1 halves, 32 bytes a column   R2 frame   R4 columns left
//	V0-V3 V4-V7 V8-V11 V12-V15 sums of columns 0..3 mod 4
//	V16-V19 halves   V20-V23, V28-V31 weights   V24 four entries of the frame

#define HALVES(w, a, b) \
	FCVTL(w, a)    \
	FCVTL2(w+1, a) \
	FCVTL(w+2, b)  \
	FCVTL2(w+3, b)

#define PRODUCTS(s, w, lane) \
	FMLA(s, w, 24, lane)     \
	FMLA(s+1, w+1, 24, lane) \
	FMLA(s+2, w+2, 24, lane) \
	FMLA(s+3, w+3, 24, lane)

#define ZERO4(d) \
	ZERO(d)   \
	ZERO(d+1) \
	ZERO(d+2) \
	ZERO(d+3)

#define ADD4(d, m) \
	FADD(d, d, m)       \
	FADD(d+1, d+1, m+1) \
	FADD(d+2, d+2, m+2) \
	FADD(d+3, d+3, m+3)

// func affineHalfNEON(y *float32, w *uint16, x *float32, cols int)
TEXT ·affineHalfNEON(SB), NOSPLIT, $0-32
	MOVD y+0(FP), R0
	MOVD w+8(FP), R1
	MOVD x+16(FP), R2
	MOVD cols+24(FP), R4
	ZERO4(0)
	ZERO4(4)
	ZERO4(8)
	ZERO4(12)
	SUBS $4, R4, R4
	BLT  rest

four:
	VLD1.P 64(R1), [V16.H8, V17.H8, V18.H8, V19.H8]
	VLD1.P 16(R2), [V24.S4]
	PRFM   512(R1), PLDL1STRM
	HALVES(20, 16, 17)
	HALVES(28, 18, 19)
	VLD1.P 64(R1), [V16.H8, V17.H8, V18.H8, V19.H8]
	PRFM   512(R1), PLDL1STRM
	PRODUCTS(0, 20, 0)
	PRODUCTS(4, 28, 1)
	HALVES(20, 16, 17)
	HALVES(28, 18, 19)
	PRODUCTS(8, 20, 2)
	PRODUCTS(12, 28, 3)
	SUBS   $4, R4, R4
	BGE    four

rest:
	ADDS $4, R4, R4
	BEQ  store

one:
	FMOVS.P 4(R2), F24
	VLD1.P  32(R1), [V16.H8, V17.H8]
	HALVES(20, 16, 17)
	PRODUCTS(0, 20, 0)
	SUBS    $1, R4, R4
	BNE     one

store:
	ADD4(0, 4)
	ADD4(8, 12)
	ADD4(0, 8)
	VST1 [V0.S4, V1.S4, V2.S4, V3.S4], (R0)
	RET

// A column of a panel is 16 bytes; each group of 32 columns has 16 scales.
//
//	R0 dst   R1 bytes   R2 scales   R3 columns left   R4 columns left of the group
//	V16-V19 scales   V0-V7 numbers

// WIDEN makes four vectors of float32s of the bytes in Vb: of d on.
#define WIDEN(b, d) \
	SSHLL8(d+1, b)     \
	SSHLL8H(d+3, b)    \
	SSHLL16(d, d+1)    \
	SSHLL16H(d+1, d+1) \
	SSHLL16(d+2, d+3)  \
	SSHLL16H(d+3, d+3) \
	SCVTF(d, d)        \
	SCVTF(d+1, d+1)    \
	SCVTF(d+2, d+2)    \
	SCVTF(d+3, d+3)

// func expandBytesNEON(dst *float32, src *int8, scales *float32, cols int)
TEXT ·expandBytesNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD scales+16(FP), R2
	MOVD cols+24(FP), R3

group:
	VLD1.P 64(R2), [V16.S4, V17.S4, V18.S4, V19.S4]
	MOVD   $32, R4
	CMP    R4, R3
	CSEL   LT, R3, R4, R4
	SUB    R4, R3

column:
	FMOVQ.P 16(R1), F20
	WIDEN(20, 0)
	FMUL(0, 0, 16)
	FMUL(1, 1, 17)
	FMUL(2, 2, 18)
	FMUL(3, 3, 19)
	SUBS    $1, R4, R4
	VST1.P  [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	BNE     column
	CBNZ    R3, group
	RET

// One weight vector in bytes times a frame of 16-bit integers. A panel is 16
// rows wide; sums are 32-bit integers for a group of 32 columns, float32s then, and
// are added to y.
//
//	R1 ─▶ column 0: [rows 0..15]   V16, widened: V20, V21
//	      column 1: [rows 0..15]   V17           V22, V23
//	      ...                                    V12: four entries of the frame
//
//	R0 y   R1 bytes   R2 frame   R3 scales   R4 columns left   R5 of the group
//	V0-V3 sums of the group   V4-V7 sums   V8-V11 scales

#define COLUMN(b, w, lane) \
	SSHLL8(w, b)             \
	SSHLL8H(w+1, b)          \
	SMLAL(0, w, 12, lane)    \
	SMLALH(1, w, 12, lane)   \
	SMLAL(2, w+1, 12, lane)  \
	SMLALH(3, w+1, 12, lane)

#define FOUR \
	VLD1.P  64(R1), [V16.B16, V17.B16, V18.B16, V19.B16] \
	FMOVD.P 8(R2), F12           \
	PRFM    512(R1), PLDL1STRM   \
	COLUMN(16, 20, 0)            \
	COLUMN(17, 22, 1)            \
	COLUMN(18, 20, 2)            \
	COLUMN(19, 22, 3)

// func affineIntegersNEON(y *float32, w *int8, x *int16, scales *float32, cols int, step float32)
TEXT ·affineIntegersNEON(SB), NOSPLIT, $0-44
	MOVD y+0(FP), R0
	MOVD w+8(FP), R1
	MOVD x+16(FP), R2
	MOVD scales+24(FP), R3
	MOVD cols+32(FP), R4
	ZERO(4)
	ZERO(5)
	ZERO(6)
	ZERO(7)

sums:
	ZERO(0)
	ZERO(1)
	ZERO(2)
	ZERO(3)
	MOVD   $32, R5
	CMP    R5, R4
	CSEL   LT, R4, R5, R5
	SUB    R5, R4
	SUBS   $8, R5, R5
	BLT    four

eight:
	FOUR
	FOUR
	SUBS $8, R5, R5
	BGE  eight

four:
	ADDS $4, R5, R5
	BLT  rest
	FOUR
	SUB  $4, R5

rest:
	ADDS $4, R5, R5
	BEQ  scale

one:
	MOVHU.P 2(R2), R6
	FMOVS   R6, F12
	FMOVQ.P 16(R1), F16
	COLUMN(16, 20, 0)
	SUBS    $1, R5, R5
	BNE     one

scale:
	VLD1.P 64(R3), [V8.S4, V9.S4, V10.S4, V11.S4]
	SCVTF(0, 0)
	SCVTF(1, 1)
	SCVTF(2, 2)
	SCVTF(3, 3)
	FMLAV(4, 0, 8)
	FMLAV(5, 1, 9)
	FMLAV(6, 2, 10)
	FMLAV(7, 3, 11)
	CBNZ   R4, sums
	FMOVS  step+40(FP), F12
	VLD1   (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	FMLA(0, 4, 12, 0)
	FMLA(1, 5, 12, 0)
	FMLA(2, 6, 12, 0)
	FMLA(3, 7, 12, 0)
	VST1   [V0.S4, V1.S4, V2.S4, V3.S4], (R0)
	RET

// The same with dot products of four bytes, which take the frame's integers in two
// parts: x = 256 high + low. Each is one byte, since x is at most 127 x 256.
//
//	V24-V27 sums of the high parts   V0-V3 of the low ones
//	V12 eight entries of the frame   V13 their high parts   V14 low ones
//	V16-V19 four columns: V28-V31 the same, four of a row side by side

#define QUAD(lane) \
	VLD1.P 64(R1), [V16.B16, V17.B16, V18.B16, V19.B16] \
	PRFM   512(R1), PLDL1STRM \
	ZIPB(20, 16, 17)      \
	ZIPB2(21, 16, 17)     \
	ZIPB(22, 18, 19)      \
	ZIPB2(23, 18, 19)     \
	ZIPH(28, 20, 22)      \
	ZIPH2(29, 20, 22)     \
	ZIPH(30, 21, 23)      \
	ZIPH2(31, 21, 23)     \
	SDOT(24, 28, 13, lane) \
	SDOT(25, 29, 13, lane) \
	SDOT(26, 30, 13, lane) \
	SDOT(27, 31, 13, lane) \
	SDOT(0, 28, 14, lane) \
	SDOT(1, 29, 14, lane) \
	SDOT(2, 30, 14, lane) \
	SDOT(3, 31, 14, lane)

// func affineDotNEON(y *float32, w *int8, x *int16, scales *float32, cols int, step float32)
TEXT ·affineDotNEON(SB), NOSPLIT, $0-44
	MOVD y+0(FP), R0
	MOVD w+8(FP), R1
	MOVD x+16(FP), R2
	MOVD scales+24(FP), R3
	MOVD cols+32(FP), R4
	ZERO4(4)

sums:
	ZERO4(0)
	ZERO4(24)
	MOVD $32, R5
	CMP  R5, R4
	CSEL LT, R4, R5, R5
	SUB  R5, R4
	SUBS $8, R5, R5
	BLT  rest

eight:
	FMOVQ.P 16(R2), F12
	RSHRN8(13, 12)
	XTN(14, 12)
	QUAD(0)
	QUAD(1)
	SUBS $8, R5, R5
	BGE  eight
	SHL8(24, 24)
	SHL8(25, 25)
	SHL8(26, 26)
	SHL8(27, 27)
	ADDI(0, 0, 24)
	ADDI(1, 1, 25)
	ADDI(2, 2, 26)
	ADDI(3, 3, 27)

rest:
	ADDS $8, R5, R5
	BEQ  scale

one:
	MOVHU.P 2(R2), R6
	FMOVS   R6, F12
	FMOVQ.P 16(R1), F16
	COLUMN(16, 20, 0)
	SUBS    $1, R5, R5
	BNE     one

scale:
	VLD1.P 64(R3), [V8.S4, V9.S4, V10.S4, V11.S4]
	SCVTF(0, 0)
	SCVTF(1, 1)
	SCVTF(2, 2)
	SCVTF(3, 3)
	FMLAV(4, 0, 8)
	FMLAV(5, 1, 9)
	FMLAV(6, 2, 10)
	FMLAV(7, 3, 11)
	CBNZ   R4, sums
	FMOVS  step+40(FP), F12
	VLD1   (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	FMLA(0, 4, 12, 0)
	FMLA(1, 5, 12, 0)
	FMLA(2, 6, 12, 0)
	FMLA(3, 7, 12, 0)
	VST1   [V0.S4, V1.S4, V2.S4, V3.S4], (R0)
	RET
