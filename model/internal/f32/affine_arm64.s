#include "textflag.h"
#include "neon_arm64.h"

// One weight vector times the frame, NEON. A panel is 16 rows wide:
//
//	R1 ─▶ k=0: [rows 0..3][4..7][8..11][12..15]   four V registers, 64 bytes
//	      k=1: [rows 0..3][4..7][8..11][12..15]
//	      ...
//
// Four columns at a time are multiplied by the four lanes of V24, x[k..k+3].
// Each has sums of its own: 16 chains, enough for any core's latency.
//
//	R0 y   R1 weights   R2 x[k]   R3 init or 0   R4 columns left
//	R5 panels left   R6 pitch, bytes   R7 columns   R8 x   R9 panel
//	V0-V3 V4-V7 V8-V11 V12-V15 sums of columns 0..3 mod 4
//	V16-V19, V20-V23 weights   V24 x   V30 lo   V31 hi

#define COLUMN(s0, s1, s2, s3, w0, w1, w2, w3, lane) \
	FMLA(s0, w0, 24, lane) \
	FMLA(s1, w1, 24, lane) \
	FMLA(s2, w2, 24, lane) \
	FMLA(s3, w3, 24, lane)

// func affineNEON(y, w, x, init *float32, cols, panels, pitch int, lo, hi float32)
TEXT ·affineNEON(SB), NOSPLIT, $0-64
	MOVD  y+0(FP), R0
	MOVD  w+8(FP), R9
	MOVD  x+16(FP), R8
	MOVD  init+24(FP), R3
	MOVD  cols+32(FP), R7
	MOVD  panels+40(FP), R5
	MOVD  pitch+48(FP), R6
	MOVWU lo+56(FP), R10
	VDUP  R10, V30.S4
	MOVWU hi+60(FP), R10
	VDUP  R10, V31.S4

panel:
	MOVD R9, R1
	MOVD R8, R2
	ZERO(0)
	ZERO(1)
	ZERO(2)
	ZERO(3)
	CBZ  R3, sums
	VLD1.P 64(R3), [V0.S4, V1.S4, V2.S4, V3.S4]

sums:
	ZERO(4)
	ZERO(5)
	ZERO(6)
	ZERO(7)
	ZERO(8)
	ZERO(9)
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
	SUBS $4, R7, R4
	BLT  rest

four:
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1.P 16(R2), [V24.S4]
	PRFM   1024(R1), PLDL1STRM
	VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4]
	PRFM   1024(R1), PLDL1STRM
	COLUMN(0, 1, 2, 3, 16, 17, 18, 19, 0)
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	PRFM   1024(R1), PLDL1STRM
	COLUMN(4, 5, 6, 7, 20, 21, 22, 23, 1)
	VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4]
	PRFM   1024(R1), PLDL1STRM
	COLUMN(8, 9, 10, 11, 16, 17, 18, 19, 2)
	COLUMN(12, 13, 14, 15, 20, 21, 22, 23, 3)
	SUBS   $4, R4, R4
	BGE    four

rest:
	ADDS $4, R4, R4
	BEQ  store

one:
	FMOVS.P 4(R2), F24
	VLD1.P  64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	COLUMN(0, 1, 2, 3, 16, 17, 18, 19, 0)
	SUBS    $1, R4, R4
	BNE     one

store:
	FADD(0, 0, 4)
	FADD(1, 1, 5)
	FADD(2, 2, 6)
	FADD(3, 3, 7)
	FADD(8, 8, 12)
	FADD(9, 9, 13)
	FADD(10, 10, 14)
	FADD(11, 11, 15)
	FADD(0, 0, 8)
	FADD(1, 1, 9)
	FADD(2, 2, 10)
	FADD(3, 3, 11)
	CLAMP(0)
	CLAMP(1)
	CLAMP(2)
	CLAMP(3)
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	ADD    R6, R9
	SUBS   $1, R5, R5
	BNE    panel
	RET
