#include "textflag.h"
#include "neon_arm.h"

// Rows of 8 entries gathered from up to three runs, NEON of armv7. Each run writes
// eight, and what is too much is overwritten.
//
//	R0, R5, R6 where the runs go   R1, R7, R8 where they come from
//	R2 offsets   R3 rows left   R4 runs   R9 offset, scratch   q0, q1 a row

#define COPY(from, to) \
	ADD R9<<2, from, R12 \
	PEEK4(0, 12)         \
	STORE4(0, to)

// func gatherNEON(dst, src *float32, off *int, rows int, runs *Run, count int)
TEXT ·gatherNEON(SB), NOSPLIT, $0-24
	MOVW dst+0(FP), R0
	MOVW src+4(FP), R1
	MOVW off+8(FP), R2
	MOVW rows+12(FP), R3
	MOVW runs+16(FP), R4
	MOVW count+20(FP), R9
	CMP  $2, R9
	BLT  first
	MOVW 8(R4), R12
	ADD  R12<<2, R0, R5
	MOVW 12(R4), R12
	ADD  R12<<2, R1, R7
	BEQ  first
	MOVW 16(R4), R12
	ADD  R12<<2, R0, R6
	MOVW 20(R4), R12
	ADD  R12<<2, R1, R8

first:
	MOVW 4(R4), R12
	ADD  R12<<2, R1
	CMP  $2, R9
	BEQ  two
	BGT  three

one:
	MOVW.P 4(R2), R9
	COPY(R1, 0)
	SUB.S  $1, R3
	BNE    one
	RET

two:
	MOVW.P 4(R2), R9
	COPY(R1, 0)
	COPY(R7, 5)
	SUB.S  $1, R3
	BNE    two
	RET

three:
	MOVW.P 4(R2), R9
	COPY(R1, 0)
	COPY(R7, 5)
	COPY(R8, 6)
	SUB.S  $1, R3
	BNE    three
	RET

// func packNEON(dst, src *float32, each, from, rows, tiles int)
TEXT ·packNEON(SB), NOSPLIT, $0-24
	MOVW dst+0(FP), R0
	MOVW src+4(FP), R1
	MOVW each+8(FP), R2
	MOVW from+12(FP), R3
	MOVW rows+16(FP), R4
	MOVW tiles+20(FP), R5
	MOVW R2<<2, R2
	MOVW R3<<2, R3
	CMP  $1, R5
	BEQ  single

row:
	MOVW R0, R6
	MOVW R1, R7
	MOVW R5, R8

tile:
	LOAD4(0, 7)
	STORE4STEP(0, 6, 2)
	SUB.S $1, R8
	BNE   tile
	ADD   $32, R0
	ADD   R3, R1
	SUB.S $1, R4
	BNE   row
	RET

single:
	LOAD4STEP(0, 1, 3)
	STORE4(0, 0)
	SUB.S $1, R4
	BNE   single
	RET
