#include "textflag.h"

// Copies of many short rows, NEON. The last vector of a row overlaps with the one
// before, so that nothing is read or written beyond the row.
//
//	R0 dst   R1 src   R2, R3 bytes between rows of dst and src   R4 rows left
//	R5 entries of the row left   R6 entries of a row   R7, R8 dst, src of the row

#define ARGUMENTS \
	MOVD dst+0(FP), R0   \
	MOVD src+8(FP), R1   \
	MOVD to+16(FP), R2   \
	MOVD from+24(FP), R3 \
	MOVD rows+32(FP), R4 \
	MOVD cols+40(FP), R6 \
	LSL  $2, R2          \
	LSL  $2, R3

// func copyRowsNEON(dst, src *float32, to, from, rows, cols int)
TEXT ·copyRowsNEON(SB), NOSPLIT, $0-48
	ARGUMENTS
	CMP $4, R6
	BLT short

row:
	MOVD R0, R7
	MOVD R1, R8
	SUBS $16, R6, R5
	BLT  fours

sixteen:
	VLD1.P 64(R8), [V0.S4, V1.S4, V2.S4, V3.S4]
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R7)
	SUBS   $16, R5, R5
	BGE    sixteen

fours:
	ADDS $12, R5, R5 // left, less 4
	BLT  last

four:
	FMOVQ.P 16(R8), F0
	FMOVQ.P F0, 16(R7)
	SUBS    $4, R5, R5
	BGE     four

last: // -4 to -1
	CMN   $4, R5
	BEQ   next
	ADD   R5<<2, R8
	ADD   R5<<2, R7
	FMOVQ 0(R8), F0
	FMOVQ F0, 0(R7)

next:
	ADD  R2, R0
	ADD  R3, R1
	SUBS $1, R4, R4
	BNE  row
	RET

short:
	MOVD R0, R7
	MOVD R1, R8
	MOVD R6, R5

entry:
	MOVWU.P 4(R8), R9
	MOVW.P  R9, 4(R7)
	SUBS    $1, R5, R5
	BNE     entry
	ADD     R2, R0
	ADD     R3, R1
	SUBS    $1, R4, R4
	BNE     short
	RET

// func alternateRowsNEON(dst, src *float32, to, from, rows, cols int)
TEXT ·alternateRowsNEON(SB), NOSPLIT, $0-48
	ARGUMENTS
	CMP $5, R6
	BLT short

row:
	MOVD R0, R7
	MOVD R1, R8
	SUBS $9, R6, R5
	BLT  fours

eight: // of 9 or more, so that the sixteenth entry is there
	VLD2.P 32(R8), [V0.S4, V1.S4]
	VLD2.P 32(R8), [V2.S4, V3.S4]
	FMOVQ  F0, 0(R7)
	FMOVQ  F2, 16(R7)
	ADD    $32, R7
	SUBS   $8, R5, R5
	BGE    eight

fours:
	ADDS $4, R5, R5 // left, less 5
	BLT  last
	VLD2.P  32(R8), [V0.S4, V1.S4]
	FMOVQ.P F0, 16(R7)
	SUB  $4, R5

last: // 1 to 4 are left, R5 is less 5: take what ends with the last one
	ADD   $1, R5
	ADD   R5<<2, R7
	ADD   R5<<3, R8
	SUB   $4, R8
	VLD2  (R8), [V0.S4, V1.S4]
	FMOVQ F1, 0(R7)
	ADD   R2, R0
	ADD   R3, R1
	SUBS  $1, R4, R4
	BNE   row
	RET

short:
	MOVD R0, R7
	MOVD R1, R8
	MOVD R6, R5

entry:
	MOVWU.P 8(R8), R9
	MOVW.P  R9, 4(R7)
	SUBS    $1, R5, R5
	BNE     entry
	ADD     R2, R0
	ADD     R3, R1
	SUBS    $1, R4, R4
	BNE     short
	RET
