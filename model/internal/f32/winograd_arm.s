#include "textflag.h"
#include "neon_arm.h"

// Winograd's transforms for tiles of 4×4 outputs, NEON of armv7: four tiles side by
// side, one in each lane. They go the way of those of arm64, see there.
//
//	            buffer of Input: [row][left half, right half][tile][4]
//	tile 0 ─▶  │0 1 2 3│              ┌▶ q2: number 0 of tiles 0 1 2 3
//	tile 1 ─▶  │0 1 2 3│ ── VLD4 ─────┼▶ q3: number 1 of tiles 0 1 2 3 ──▶ along
//	tile 2 ─▶  │0 1 2 3│              ├▶ q4 ...                            the row
//	tile 3 ─▶  │0 1 2 3│              └▶ q5
//
// A factor can be a lane of d0 to d15 only, so that the constants are in q0 and q1.

// What the transforms multiply by.
DATA input4<>+0(SB)/4, $2.5
DATA input4<>+4(SB)/4, $2.0
DATA input4<>+8(SB)/4, $0.5
DATA input4<>+12(SB)/4, $0.70710678118654752
DATA input4<>+16(SB)/4, $1.41421356237309505
DATA input4<>+20(SB)/4, $0.0
DATA input4<>+24(SB)/4, $0.0
DATA input4<>+28(SB)/4, $0.0
GLOBL input4<>(SB), RODATA|NOPTR, $32

DATA output4<>+0(SB)/4, $0.5
DATA output4<>+4(SB)/4, $2.0
DATA output4<>+8(SB)/4, $0.70710678118654752
DATA output4<>+12(SB)/4, $1.41421356237309505
DATA output4<>+16(SB)/4, $0.35355339059327376
DATA output4<>+20(SB)/4, $2.82842712474619010
DATA output4<>+24(SB)/4, $0.0
DATA output4<>+28(SB)/4, $0.0
GLOBL output4<>(SB), RODATA|NOPTR, $32

// INPUT4 makes Bᵀ d of the six vectors d in q2 to q7: in q2, c, b, a, q6, q7.
#define INPUT4(a, b, c) \
	VADD(2, 2, 6)         \
	VADD(7, 7, 3)         \
	VMULLANE(a, 5, 1, 1)  \
	VMULLANE(b, 4, 0, 1)  \
	VMLS(2, 4, 0, 0)      \
	VMLS(7, 5, 0, 0)      \
	VMLS(a, 3, 2, 0)      \
	VSUB(b, 6, b)         \
	VMLS(6, 4, 1, 0)      \
	VMULLANE(5, 5, 2, 0)  \
	VADD(c, b, a)         \
	VSUB(b, b, a)         \
	VMLS(5, 3, 1, 1)      \
	VADD(a, 6, 5)         \
	VSUB(6, 6, 5)

// HALF transforms four columns of a tile from R9 on and puts its rows into the
// buffer from R12 on.
#define HALF \
	LOAD2STEP(4, 9, 3)     \
	LOAD2STEP(6, 9, 3)     \
	LOAD2STEP(8, 9, 3)     \
	LOAD2STEP(10, 9, 3)    \
	LOAD2STEP(12, 9, 3)    \
	LOAD2STEP(14, 9, 3)    \
	INPUT4(8, 9, 10)       \
	STORE2STEP(4, 12, 5)   \
	STORE2STEP(20, 12, 5)  \
	STORE2STEP(18, 12, 5)  \
	STORE2STEP(16, 12, 5)  \
	STORE2STEP(12, 12, 5)  \
	STORE2STEP(14, 12, 5)

// func winogradInput4(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)
//
//	R0 V   R1 bytes between elements   R2 x   R3 bytes between rows   R4 at
//	R5 128, bytes between rows of the buffer   R6 buffer, where it is read or
//	written: R7, R12   R8 tiles or rows left   R9 a tile of x   R12 where V goes on
TEXT ·winogradInput4(SB), NOSPLIT, $0-28
	MOVW v+0(FP), R0
	MOVW stride+4(FP), R1
	MOVW x+8(FP), R2
	MOVW pitch+12(FP), R3
	MOVW at+16(FP), R4
	MOVW buffer+24(FP), R6
	MOVW R1<<2, R1
	MOVW R3<<2, R3
	MOVW $128, R5
	MOVW $input4<>(SB), R8
	LOAD4(0, 8)

group:
	MOVW R6, R7
	MOVW $4, R8

tile:
	MOVW.P 4(R4), R9
	ADD    R9<<2, R2, R9
	MOVW   R7, R12
	HALF
	MOVW   -4(R4), R9
	ADD    R9<<2, R2, R9
	ADD    $16, R9
	ADD    $64, R7, R12
	HALF
	ADD    $16, R7
	SUB.S  $1, R8
	BNE    tile

	MOVW R6, R7
	MOVW R0, R12
	ADD  $16, R0
	MOVW $6, R8

row:
	LOADFOURS(4, 7)
	LOADFOURS(5, 7)
	LOADFOURS(12, 7)
	LOADFOURS(13, 7)
	INPUT4(10, 11, 12)
	STORE2STEP(4, 12, 1)
	STORE2STEP(24, 12, 1)
	STORE2STEP(22, 12, 1)
	STORE2STEP(20, 12, 1)
	STORE2STEP(12, 12, 1)
	STORE2STEP(14, 12, 1)
	SUB.S $1, R8
	BNE   row
	MOVW  groups+20(FP), R8
	SUB.S $1, R8
	MOVW  R8, groups+20(FP)
	BNE   group
	RET

// OUTPUT4 makes four vectors y = Aᵀ m of the six in q2 to q7: in q8, q9, q10, q7.
#define OUTPUT4 \
	VADD(11, 3, 4)        \
	VSUB(12, 3, 4)        \
	VADD(3, 5, 6)         \
	VSUB(4, 5, 6)         \
	VADD(8, 2, 11)        \
	VMULLANE(9, 12, 1, 0) \
	VMULLANE(10, 11, 0, 0) \
	VMLA(7, 12, 2, 0)     \
	VADD(8, 8, 3)         \
	VMLA(9, 4, 1, 1)      \
	VMLA(10, 3, 0, 1)     \
	VMLA(7, 4, 2, 1)

// func winogradOutput4(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)
//
//	R0 y   R1 bytes between rows of y   R2 M   R3 bytes between elements   R4 at
//	R5 bytes between rows of M   R6 buffer, where it is read or written: R7
//	R8 columns or rows left   R9 R12 columns of M   R3 R5 R9 R12 four tiles of y
//	q13 bias   q14 lo   q15 hi
TEXT ·winogradOutput4(SB), NOSPLIT, $0-40
	MOVW y+0(FP), R0
	MOVW pitch+4(FP), R1
	MOVW m+8(FP), R2
	MOVW at+16(FP), R4
	MOVW buffer+24(FP), R6
	MOVW bias+28(FP), R7
	VDUP(13, 7)
	MOVW lo+32(FP), R7
	VDUP(14, 7)
	MOVW hi+36(FP), R7
	VDUP(15, 7)
	MOVW R1<<2, R1
	MOVW $output4<>(SB), R8
	LOAD4(0, 8)

group:
	MOVW stride+12(FP), R3
	MOVW R3<<2, R3
	ADD  R3<<1, R3, R5
	MOVW R5<<1, R5
	MOVW R6, R7
	MOVW R2, R12
	MOVW $6, R8

column:
	MOVW R12, R9
	ADD  R3, R12
	LOAD2STEP(4, 9, 5)
	LOAD2STEP(6, 9, 5)
	LOAD2STEP(8, 9, 5)
	LOAD2STEP(10, 9, 5)
	LOAD2STEP(12, 9, 5)
	LOAD2STEP(14, 9, 5)
	MOVW $96, R9
	OUTPUT4
	STORE2STEP(16, 7, 9)
	STORE2STEP(18, 7, 9)
	STORE2STEP(20, 7, 9)
	STORE2STEP(14, 7, 9)
	SUB   $368, R7
	SUB.S $1, R8
	BNE   column

	MOVW   R6, R7
	ADD    $16, R2
	MOVW.P 4(R4), R3
	MOVW.P 4(R4), R5
	MOVW.P 4(R4), R9
	MOVW.P 4(R4), R12
	ADD    R3<<2, R0, R3
	ADD    R5<<2, R0, R5
	ADD    R9<<2, R0, R9
	ADD    R12<<2, R0, R12
	MOVW   $4, R8

row:
	LOAD4(4, 7)
	LOAD4(8, 7)
	LOAD4(12, 7)
	OUTPUT4
	VADD(8, 8, 13)
	VADD(9, 9, 13)
	VADD(10, 10, 13)
	VADD(11, 7, 13)
	CLAMP(8, 14, 15)
	CLAMP(9, 14, 15)
	CLAMP(10, 14, 15)
	CLAMP(11, 14, 15)
	STOREFOUR(16, 0, 3, 1)
	STOREFOUR(16, 1, 5, 1)
	STOREFOUR(17, 0, 9, 1)
	STOREFOUR(17, 1, 12, 1)
	SUB.S $1, R8
	BNE   row
	MOVW  groups+20(FP), R8
	SUB.S $1, R8
	MOVW  R8, groups+20(FP)
	BNE   group
	RET
