#include "textflag.h"
#include "neon_arm.h"

// Weights that are stored in fewer bits, as float32s.

// func expandHalfNEON(dst *float32, src *uint16, n int)
// n is a multiple of 8.
TEXT ·expandHalfNEON(SB), NOSPLIT, $0-12
	MOVW dst+0(FP), R0
	MOVW src+4(FP), R1
	MOVW n+8(FP), R2

halves:
	LOAD2(0, 1)
	FROMHALF(2, 0)
	FROMHALF(3, 1)
	SUB.S $8, R2
	STORE4(4, 0)
	BNE   halves
	RET

// A column of a panel is 8 bytes; each group of 32 columns has 8 scales.
//
//	R0 dst   R1 bytes   R2 scales   R3 columns left   R4 columns left of the group
//	q2,q3 scales   q8,q9 numbers

// func expandBytesNEON(dst *float32, src *int8, scales *float32, cols int)
TEXT ·expandBytesNEON(SB), NOSPLIT, $0-16
	MOVW dst+0(FP), R0
	MOVW src+4(FP), R1
	MOVW scales+8(FP), R2
	MOVW cols+12(FP), R3

group:
	LOAD4(4, 2)
	MOVW   $32, R4
	CMP    R4, R3
	MOVW.LT R3, R4
	SUB    R4, R3

column:
	LOAD1(0, 1)
	WIDEN8(1, 0)
	WIDEN16(8, 2)
	WIDEN16(9, 3)
	FROMINT(8, 8)
	FROMINT(9, 9)
	VMUL(8, 8, 2)
	VMUL(9, 9, 3)
	SUB.S $1, R4
	STORE4(16, 0)
	BNE   column
	CMP   $0, R3
	BNE   group
	RET

// One weight vector in bytes times a frame of 16-bit integers. A panel is 8 rows
// wide; sums are 32-bit integers for a group of 32 columns, float32s then.
//
//	R1 ─▶ column 0: [rows 0..7]   d4, widened: q8
//	      column 1: [rows 0..7]   d5           q9
//	      ...                                  d0: four entries of the frame
//
//	R0 y   R1 bytes   R2 frame   R3 scales   R4 columns left   R5 of the group
//	q10,q11 sums of the group   q12,q13 sums   q14,q15 scales

#define COLUMN(b, w, lane) \
	WIDEN8(w, b)                  \
	VMLAL(10, 2*(w), 0, lane)     \
	VMLAL(11, 2*(w)+1, 0, lane)

// func affineIntegers(y *float32, w *int8, x *int16, scales *float32, cols int)
TEXT ·affineIntegers(SB), NOSPLIT, $0-20
	MOVW y+0(FP), R0
	MOVW w+4(FP), R1
	MOVW x+8(FP), R2
	MOVW scales+12(FP), R3
	MOVW cols+16(FP), R4
	ZERO(12)
	ZERO(13)

sums:
	ZERO(10)
	ZERO(11)
	MOVW   $32, R5
	CMP    R5, R4
	MOVW.LT R4, R5
	SUB    R5, R4
	SUB.S  $4, R5
	BLT    rest

four:
	LOAD4(4, 1)
	LOAD1(0, 2)
	PLD   256(R1)
	COLUMN(4, 8, 0)
	COLUMN(5, 9, 1)
	COLUMN(6, 8, 2)
	COLUMN(7, 9, 3)
	SUB.S $4, R5
	BGE   four

rest:
	ADD.S $4, R5
	BEQ   scale

one:
	LOADHALF(0, 2)
	LOAD1(4, 1)
	COLUMN(4, 8, 0)
	SUB.S $1, R5
	BNE   one

scale:
	LOAD4(28, 3)
	FROMINT(10, 10)
	FROMINT(11, 11)
	VMLAV(12, 10, 14)
	VMLAV(13, 11, 15)
	CMP $0, R4
	BNE sums
	POKE4(24, 0)
	RET
