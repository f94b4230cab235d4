#include "textflag.h"

// Rows of 12 entries gathered from up to three runs, NEON. Each run writes twelve,
// and what is too much is overwritten.
//
//	R0, R5, R6 where the runs go   R1, R7, R8 where they come from
//	R2 offsets   R3 rows left   R9 offset, scratch   V0-V2 a row

#define COPY(from, to) \
	ADD    R9<<2, from, R10               \
	VLD1   (R10), [V0.S4, V1.S4, V2.S4]   \
	VST1.P [V0.S4, V1.S4, V2.S4], 48(to)

// func gatherNEON(dst, src *float32, off *int, rows int, runs *Run, count int)
TEXT ·gatherNEON(SB), NOSPLIT, $0-48
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R4
	MOVD off+16(FP), R2
	MOVD rows+24(FP), R3
	MOVD runs+32(FP), R11
	MOVD count+40(FP), R12
	MOVD 8(R11), R9
	ADD  R9<<2, R4, R1
	CMP  $2, R12
	BEQ  second
	BGT  third
	TBZ  $0, R3, two
	MOVD.P 8(R2), R9
	COPY(R1, R0)
	SUBS $1, R3, R3
	BEQ  done

two:
	LDP.P 16(R2), (R9, R12)
	COPY(R1, R0)
	ADD    R12<<2, R1, R10
	VLD1   (R10), [V0.S4, V1.S4, V2.S4]
	VST1.P [V0.S4, V1.S4, V2.S4], 48(R0)
	SUBS   $2, R3, R3
	BNE    two

done:
	RET

second:
	LDP 16(R11), (R9, R10)
	ADD R9<<2, R0, R5
	ADD R10<<2, R4, R7

twoRuns:
	MOVD.P 8(R2), R9
	COPY(R1, R0)
	COPY(R7, R5)
	SUBS $1, R3, R3
	BNE  twoRuns
	RET

third:
	LDP 16(R11), (R9, R10)
	ADD R9<<2, R0, R5
	ADD R10<<2, R4, R7
	LDP 32(R11), (R9, R10)
	ADD R9<<2, R0, R6
	ADD R10<<2, R4, R8

threeRuns:
	MOVD.P 8(R2), R9
	COPY(R1, R0)
	COPY(R7, R5)
	COPY(R8, R6)
	SUBS $1, R3, R3
	BNE  threeRuns
	RET

// func packNEON(dst, src *float32, each, from, rows, tiles int)
TEXT ·packNEON(SB), NOSPLIT, $0-48
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD each+16(FP), R2
	MOVD from+24(FP), R3
	MOVD rows+32(FP), R4
	MOVD tiles+40(FP), R5
	LSL  $2, R2
	LSL  $2, R3
	CMP  $1, R5
	BEQ  single

row:
	MOVD R0, R6
	MOVD R1, R7
	MOVD R5, R8

tile:
	VLD1.P 48(R7), [V0.S4, V1.S4, V2.S4]
	VST1.P [V0.S4, V1.S4, V2.S4], (R6)(R2)
	SUBS   $1, R8, R8
	BNE    tile
	ADD    $48, R0
	ADD    R3, R1
	SUBS   $1, R4, R4
	BNE    row
	RET

single:
	TBZ    $0, R4, two
	VLD1.P (R1)(R3), [V0.S4, V1.S4, V2.S4]
	VST1.P [V0.S4, V1.S4, V2.S4], 48(R0)
	SUBS   $1, R4, R4
	BEQ    packed

two:
	VLD1.P (R1)(R3), [V0.S4, V1.S4, V2.S4]
	VLD1.P (R1)(R3), [V3.S4, V4.S4, V5.S4]
	VST1.P [V0.S4, V1.S4, V2.S4], 48(R0)
	VST1.P [V3.S4, V4.S4, V5.S4], 48(R0)
	SUBS   $2, R4, R4
	BNE    two

packed:
	RET
