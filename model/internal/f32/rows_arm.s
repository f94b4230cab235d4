#include "textflag.h"
#include "neon_arm.h"

// Copies of many short rows, NEON of armv7. The last vector of a row overlaps with
// the one before, so that nothing is read or written beyond the row.
//
//	R0 dst   R1 src   R2, R3 bytes between rows of dst and src   R4 rows left
//	R5 entries of the row left   R6 entries of a row   R7, R8 dst, src of the row

#define ARGUMENTS \
	MOVW dst+0(FP), R0   \
	MOVW src+4(FP), R1   \
	MOVW to+8(FP), R2    \
	MOVW from+12(FP), R3 \
	MOVW rows+16(FP), R4 \
	MOVW cols+20(FP), R6 \
	MOVW R2<<2, R2       \
	MOVW R3<<2, R3

// func copyRowsNEON(dst, src *float32, to, from, rows, cols int)
TEXT ·copyRowsNEON(SB), NOSPLIT, $0-24
	ARGUMENTS
	CMP $4, R6
	BLT short

row:
	MOVW  R0, R7
	MOVW  R1, R8
	SUB.S $8, R6, R5
	BLT   four

eight:
	LOAD4(0, 8)
	STORE4(0, 7)
	SUB.S $8, R5
	BGE   eight

four:
	ADD.S $4, R5 // left, less 4
	BLT   last
	LOAD2(0, 8)
	STORE2(0, 7)
	SUB.S $4, R5

last: // -4 to -1
	CMP $-4, R5
	BEQ next
	ADD R5<<2, R8
	ADD R5<<2, R7
	LOAD2(0, 8)
	STORE2(0, 7)

next:
	ADD   R2, R0
	ADD   R3, R1
	SUB.S $1, R4
	BNE   row
	RET

short:
	MOVW R0, R7
	MOVW R1, R8
	MOVW R6, R5

entry:
	MOVW.P 4(R8), R9
	MOVW.P R9, 4(R7)
	SUB.S  $1, R5
	BNE    entry
	ADD    R2, R0
	ADD    R3, R1
	SUB.S  $1, R4
	BNE    short
	RET

// func alternateRowsNEON(dst, src *float32, to, from, rows, cols int)
TEXT ·alternateRowsNEON(SB), NOSPLIT, $0-24
	ARGUMENTS
	CMP $5, R6
	BLT short

row:
	MOVW  R0, R7
	MOVW  R1, R8
	SUB.S $5, R6, R5

four: // of 5 or more, so that the eighth entry is there
	LOADPAIRS(0, 8, 13)
	STORE2(0, 7)
	SUB.S $4, R5
	BGE   four

	// 1 to 4 are left, R5 is less 5: take what ends with the last one.
	ADD $1, R5
	ADD R5<<2, R7
	ADD R5<<3, R8
	SUB $4, R8
	LOADPAIRS(0, 8, 13)
	STORE2(2, 7)
	ADD   R2, R0
	ADD   R3, R1
	SUB.S $1, R4
	BNE   row
	RET

short:
	MOVW R0, R7
	MOVW R1, R8
	MOVW R6, R5

entry:
	MOVW.P 8(R8), R9
	MOVW.P R9, 4(R7)
	SUB.S  $1, R5
	BNE    entry
	ADD    R2, R0
	ADD    R3, R1
	SUB.S  $1, R4
	BNE    short
	RET
