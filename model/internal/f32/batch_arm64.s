#include "textflag.h"
#include "neon_arm64.h"

// Four frames against one panel of 16 rows, NEON: each column of weights is
// loaded once and multiplied by that column's entry of every frame.
//
//	              frame 0  frame 1  frame 2  frame 3
//	rows  0..3      V0       V4       V8       V12     += V16 (V20) * x[frame][k]
//	rows  4..7      V1       V5       V9       V13     += V17 (V21)
//	rows  8..11     V2       V6       V10      V14     += V18 (V22)
//	rows 12..15     V3       V7       V11      V15     += V19 (V23)
//
//	R0 array of y   R1 weights   R2 columns left   R3 row, bytes   R4-R7 x of
//	frames 0..3   R8, R9 scratch
//	V24-V27 four x of each frame   V30 lo   V31 hi

#define COLUMN(w0, w1, w2, w3, lane) \
	FMLA(0, w0, 24, lane)  \
	FMLA(1, w1, 24, lane)  \
	FMLA(2, w2, 24, lane)  \
	FMLA(3, w3, 24, lane)  \
	FMLA(4, w0, 25, lane)  \
	FMLA(5, w1, 25, lane)  \
	FMLA(6, w2, 25, lane)  \
	FMLA(7, w3, 25, lane)  \
	FMLA(8, w0, 26, lane)  \
	FMLA(9, w1, 26, lane)  \
	FMLA(10, w2, 26, lane) \
	FMLA(11, w3, 26, lane) \
	FMLA(12, w0, 27, lane) \
	FMLA(13, w1, 27, lane) \
	FMLA(14, w2, 27, lane) \
	FMLA(15, w3, 27, lane)

// func batch4NEON(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)
TEXT ·batch4NEON(SB), NOSPLIT, $0-68
	MOVD  y+0(FP), R0
	MOVD  x+8(FP), R8
	MOVD  w+16(FP), R1
	MOVD  row+32(FP), R3
	MOVD  from+40(FP), R9
	MOVD  cols+48(FP), R2
	MOVWU lo+60(FP), R10
	VDUP  R10, V30.S4
	MOVWU hi+64(FP), R10
	VDUP  R10, V31.S4
	LSL   $2, R3, R3
	LSL   $2, R9, R9
	LDP   0(R8), (R4, R5)
	LDP   16(R8), (R6, R7)
	ADD   R9, R4
	ADD   R9, R5
	ADD   R9, R6
	ADD   R9, R7
	MOVBU resume+56(FP), R8
	CBNZ  R8, resume
	MOVD  init+24(FP), R8
	CBNZ  R8, bias
	ZERO(0)
	ZERO(1)
	ZERO(2)
	ZERO(3)
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
	B     columns

bias:
	VLD1 (R8), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1 (R8), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1 (R8), [V8.S4, V9.S4, V10.S4, V11.S4]
	VLD1 (R8), [V12.S4, V13.S4, V14.S4, V15.S4]
	B    columns

resume:
	LDP  0(R0), (R8, R9)
	ADD  R3, R8
	ADD  R3, R9
	VLD1 (R8), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1 (R9), [V4.S4, V5.S4, V6.S4, V7.S4]
	LDP  16(R0), (R8, R9)
	ADD  R3, R8
	ADD  R3, R9
	VLD1 (R8), [V8.S4, V9.S4, V10.S4, V11.S4]
	VLD1 (R9), [V12.S4, V13.S4, V14.S4, V15.S4]

columns:
	SUBS $4, R2, R2
	BLT  rest

four:
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1.P 16(R4), [V24.S4]
	VLD1.P 16(R5), [V25.S4]
	VLD1.P 16(R6), [V26.S4]
	VLD1.P 16(R7), [V27.S4]
	VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4]
	PRFM   1024(R1), PLDL1KEEP
	COLUMN(16, 17, 18, 19, 0)
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	PRFM   1024(R1), PLDL1KEEP
	COLUMN(20, 21, 22, 23, 1)
	VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4]
	PRFM   1024(R1), PLDL1KEEP
	COLUMN(16, 17, 18, 19, 2)
	PRFM   1088(R1), PLDL1KEEP
	COLUMN(20, 21, 22, 23, 3)
	SUBS   $4, R2, R2
	BGE    four

rest:
	ADDS $4, R2, R2
	BEQ  store

one:
	FMOVS.P 4(R4), F24
	FMOVS.P 4(R5), F25
	FMOVS.P 4(R6), F26
	FMOVS.P 4(R7), F27
	VLD1.P  64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	COLUMN(16, 17, 18, 19, 0)
	SUBS    $1, R2, R2
	BNE     one

store:
	CLAMP(0)
	CLAMP(1)
	CLAMP(2)
	CLAMP(3)
	CLAMP(4)
	CLAMP(5)
	CLAMP(6)
	CLAMP(7)
	CLAMP(8)
	CLAMP(9)
	CLAMP(10)
	CLAMP(11)
	CLAMP(12)
	CLAMP(13)
	CLAMP(14)
	CLAMP(15)
	LDP  0(R0), (R8, R9)
	ADD  R3, R8
	ADD  R3, R9
	VST1 [V0.S4, V1.S4, V2.S4, V3.S4], (R8)
	VST1 [V4.S4, V5.S4, V6.S4, V7.S4], (R9)
	LDP  16(R0), (R8, R9)
	ADD  R3, R8
	ADD  R3, R9
	VST1 [V8.S4, V9.S4, V10.S4, V11.S4], (R8)
	VST1 [V12.S4, V13.S4, V14.S4, V15.S4], (R9)
	RET
