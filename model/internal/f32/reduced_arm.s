#include "textflag.h"
#include "neon_arm.h"

// Weights that are stored in fewer bits, as float32s.

// func expandHalfNEON(dst *float32, src *uint16, n int)
// n is a multiple of 4.
TEXT ·expandHalfNEON(SB), NOSPLIT, $0-12
	MOVW dst+0(FP), R0
	MOVW src+4(FP), R1
	MOVW n+8(FP), R2

halves:
	LOAD1(0, 1)
	FROMHALF(1, 0)
	SUB.S $4, R2
	STORE2(2, 0)
	BNE   halves
	RET

// One weight vector in half precision times the frame, as affineNEON does it.
//
//	R0 y   R1 halves, 24 bytes a column   R2 frame   R4 columns left
//	q0 four entries of the frame   q1-q3 halves of two columns, q4-q6 and q7-q9 weights
//	q10-q12, q13-q15 sums of even, odd columns

#define TWOCOLUMNS \
	LOAD4(2, 1) \
	LOAD2(6, 1)

#define HALVES \
	FROMHALF(4, 2) \
	FROMHALF(5, 3) \
	FROMHALF(6, 4) \
	FROMHALF(7, 5) \
	FROMHALF(8, 6) \
	FROMHALF(9, 7)

#define PRODUCTS(s, w, m, lane) \
	VMLA(s, w, m, lane)     \
	VMLA(s+1, w+1, m, lane) \
	VMLA(s+2, w+2, m, lane)

// func affineHalfNEON(y *float32, w *uint16, x *float32, cols int)
TEXT ·affineHalfNEON(SB), NOSPLIT, $0-16
	MOVW y+0(FP), R0
	MOVW w+4(FP), R1
	MOVW x+8(FP), R2
	MOVW cols+12(FP), R4
	ZERO(10)
	ZERO(11)
	ZERO(12)
	ZERO(13)
	ZERO(14)
	ZERO(15)
	SUB.S $4, R4
	BLT   rest

four:
	TWOCOLUMNS
	LOAD2(0, 2)
	HALVES
	TWOCOLUMNS
	PLD   256(R1)
	PRODUCTS(10, 4, 0, 0)
	PRODUCTS(13, 7, 0, 1)
	HALVES
	PRODUCTS(10, 4, 1, 0)
	PRODUCTS(13, 7, 1, 1)
	SUB.S $4, R4
	BGE   four

rest:
	ADD.S $4, R4
	BEQ   store

one:
	LOADLANE(0, 0, 2)
	LOAD2(2, 1)
	LOAD1(4, 1)
	FROMHALF(4, 2)
	FROMHALF(5, 3)
	FROMHALF(6, 4)
	PRODUCTS(10, 4, 0, 0)
	SUB.S $1, R4
	BNE   one

store:
	VADD(10, 10, 13)
	VADD(11, 11, 14)
	VADD(12, 12, 15)
	STORE4(20, 0)
	STORE2(24, 0)
	RET

// A column of a panel is 12 bytes; each group of 32 columns has 12 scales.
//
//	R0 dst   R1 bytes   R2 scales   R3 columns left   R4 columns left of the group
//	q4-q6 scales   q8-q10 numbers

// func expandBytesNEON(dst *float32, src *int8, scales *float32, cols int)
TEXT ·expandBytesNEON(SB), NOSPLIT, $0-16
	MOVW dst+0(FP), R0
	MOVW src+4(FP), R1
	MOVW scales+8(FP), R2
	MOVW cols+12(FP), R3

group:
	LOAD4(8, 2)
	LOAD2(12, 2)
	MOVW    $32, R4
	CMP     R4, R3
	MOVW.LT R3, R4
	SUB     R4, R3

column:
	LOAD1(0, 1)
	LOADLANE(1, 0, 1)
	WIDEN8(1, 0)
	WIDEN8(2, 1)
	WIDEN16(8, 2)
	WIDEN16(9, 3)
	WIDEN16(10, 4)
	FROMINT(8, 8)
	FROMINT(9, 9)
	FROMINT(10, 10)
	VMUL(8, 8, 4)
	VMUL(9, 9, 5)
	VMUL(10, 10, 6)
	SUB.S $1, R4
	STORE4(16, 0)
	STORE2(20, 0)
	BNE   column
	CMP   $0, R3
	BNE   group
	RET

// One weight vector in bytes times a frame of 16-bit integers. A panel is 12 rows
// wide, so that four columns fill six D registers, and a D register of the widened
// ones has four rows of a column. Sums are 32-bit integers for a group of 32
// columns, float32s then, and are added to y.
//
//	R1 ─▶ d2 ... d7: [column 0: rows 0..11][column 1] ...
//	widened, d8 ...: [rows 0..3][4..7][8..11] of column 0, then of column 1, ...
//
//	R0 y   R1 bytes   R2 frame   R3 scales   R4 columns left   R5 of the group
//	d0 four entries of the frame   q10-q12 sums of the group   q13-q15 sums

#define COLUMN(w, lane) \
	VMLAL(10, w, 0, lane)   \
	VMLAL(11, w+1, 0, lane) \
	VMLAL(12, w+2, 0, lane)

// func affineIntegers(y *float32, w *int8, x *int16, scales *float32, cols int, step float32)
TEXT ·affineIntegers(SB), NOSPLIT, $0-24
	MOVW y+0(FP), R0
	MOVW w+4(FP), R1
	MOVW x+8(FP), R2
	MOVW scales+12(FP), R3
	MOVW cols+16(FP), R4
	ZERO(13)
	ZERO(14)
	ZERO(15)

sums:
	ZERO(10)
	ZERO(11)
	ZERO(12)
	MOVW    $32, R5
	CMP     R5, R4
	MOVW.LT R4, R5
	SUB     R5, R4
	SUB.S   $4, R5
	BLT     rest

four:
	LOAD4(2, 1)
	LOAD2(6, 1)
	LOAD1(0, 2)
	PLD   256(R1)
	WIDEN8(4, 2)
	WIDEN8(5, 3)
	WIDEN8(6, 4)
	WIDEN8(7, 5)
	WIDEN8(8, 6)
	WIDEN8(9, 7)
	COLUMN(8, 0)
	COLUMN(11, 1)
	COLUMN(14, 2)
	COLUMN(17, 3)
	SUB.S $4, R5
	BGE   four

rest:
	ADD.S $4, R5
	BEQ   scale

one:
	LOADHALF(0, 2)
	LOAD1(2, 1)
	LOADLANE(3, 0, 1)
	WIDEN8(4, 2)
	WIDEN8(5, 3)
	COLUMN(8, 0)
	SUB.S $1, R5
	BNE   one

scale:
	LOAD4(8, 3)
	LOAD2(12, 3)
	FROMINT(10, 10)
	FROMINT(11, 11)
	FROMINT(12, 12)
	VMLAV(13, 10, 4)
	VMLAV(14, 11, 5)
	VMLAV(15, 12, 6)
	CMP $0, R4
	BNE sums
	MOVW step+20(FP), R4
	VDUP(0, 4)
	MOVW R0, R1
	LOAD4(20, 1)
	LOAD2(24, 1)
	VMLAV(10, 13, 0)
	VMLAV(11, 14, 0)
	VMLAV(12, 15, 0)
	STORE4(20, 0)
	STORE2(24, 0)
	RET
