#include "textflag.h"

// Rows of cols entries, AVX2: whole vectors, and one with a mask for what is
// left of a row.
//
//	DI, SI row of dst, of src   R8, R9 bytes to the next one   CX rows left
//	R10 cols   BX entries left in the row   R11 where in it   Y8-Y10 masks

// Read from 4*(16-n) on, it masks the first n of 8 or of 16.
DATA ones<>+0(SB)/8, $0xffffffffffffffff
DATA ones<>+8(SB)/8, $0xffffffffffffffff
DATA ones<>+16(SB)/8, $0xffffffffffffffff
DATA ones<>+24(SB)/8, $0xffffffffffffffff
DATA ones<>+32(SB)/8, $0xffffffffffffffff
DATA ones<>+40(SB)/8, $0xffffffffffffffff
DATA ones<>+48(SB)/8, $0xffffffffffffffff
DATA ones<>+56(SB)/8, $0xffffffffffffffff
DATA ones<>+64(SB)/8, $0
DATA ones<>+72(SB)/8, $0
DATA ones<>+80(SB)/8, $0
DATA ones<>+88(SB)/8, $0
DATA ones<>+96(SB)/8, $0
DATA ones<>+104(SB)/8, $0
DATA ones<>+112(SB)/8, $0
DATA ones<>+120(SB)/8, $0
GLOBL ones<>(SB), RODATA|NOPTR, $128

// func copyRowsAVX2(dst, src *float32, to, from, rows, cols int)
TEXT ·copyRowsAVX2(SB), NOSPLIT, $0-48
	MOVQ    dst+0(FP), DI
	MOVQ    src+8(FP), SI
	MOVQ    to+16(FP), R8
	MOVQ    from+24(FP), R9
	MOVQ    rows+32(FP), CX
	MOVQ    cols+40(FP), R10
	SHLQ    $2, R8
	SHLQ    $2, R9
	MOVQ    R10, AX
	ANDQ    $7, AX
	NEGQ    AX
	LEAQ    ones<>(SB), DX
	VMOVUPS 64(DX)(AX*4), Y8

row:
	MOVQ R10, BX
	XORQ R11, R11

vector:
	SUBQ    $8, BX
	JLT     left
	VMOVUPS (SI)(R11*1), Y0
	VMOVUPS Y0, (DI)(R11*1)
	ADDQ    $32, R11
	JMP     vector

left:
	VMASKMOVPS (SI)(R11*1), Y8, Y0
	VMASKMOVPS Y0, Y8, (DI)(R11*1)
	ADDQ       R8, DI
	ADDQ       R9, SI
	DECQ       CX
	JNE        row
	VZEROUPPER
	RET

// 0 2 8 10 4 6 12 14, then 0 2 4 6 8 10 12 14.
#define EVENS \
	VSHUFPS $0x88, Y1, Y0, Y0 \
	VPERMPD $0xd8, Y0, Y0

// The last vector of a row is always made with masks, so that nothing is read
// behind the last entry: Y8 is for the results, Y9 and Y10 for the 2n-1 entries
// they come from.
// func alternateRowsAVX2(dst, src *float32, to, from, rows, cols int)
TEXT ·alternateRowsAVX2(SB), NOSPLIT, $0-48
	MOVQ    dst+0(FP), DI
	MOVQ    src+8(FP), SI
	MOVQ    to+16(FP), R8
	MOVQ    from+24(FP), R9
	MOVQ    rows+32(FP), CX
	MOVQ    cols+40(FP), R10
	SHLQ    $2, R8
	SHLQ    $2, R9
	MOVQ    R10, AX
	DECQ    AX
	ANDQ    $7, AX
	INCQ    AX              // results of the last vector, 1 to 8
	SUBQ    AX, R10         // in the others
	LEAQ    ones<>(SB), DX
	NEGQ    AX
	VMOVUPS 64(DX)(AX*4), Y8
	LEAQ    1(AX)(AX*1), AX // 1-2n
	VMOVUPS 64(DX)(AX*4), Y9
	VMOVUPS 96(DX)(AX*4), Y10

alternateRow:
	MOVQ R10, BX
	XORQ R11, R11

alternateVector:
	TESTQ   BX, BX
	JEQ     alternateLast
	VMOVUPS (SI)(R11*2), Y0
	VMOVUPS 32(SI)(R11*2), Y1
	EVENS
	VMOVUPS Y0, (DI)(R11*1)
	ADDQ    $32, R11
	SUBQ    $8, BX
	JMP     alternateVector

alternateLast:
	VMASKMOVPS (SI)(R11*2), Y9, Y0
	VMASKMOVPS 32(SI)(R11*2), Y10, Y1
	EVENS
	VMASKMOVPS Y0, Y8, (DI)(R11*1)
	ADDQ       R8, DI
	ADDQ       R9, SI
	DECQ       CX
	JNE        alternateRow
	VZEROUPPER
	RET
