#include "textflag.h"

// Rows of cols entries, AVX-512: whole vectors, and one with a mask for what is
// left of a row.
//
//	DI, SI row of dst, of src   R8, R9 bytes to the next one   CX rows left
//	R10 cols   BX entries left in the row   R11, R12 where in it   K1, K2 masks

// func copyRowsAVX512(dst, src *float32, to, from, rows, cols int)
TEXT ·copyRowsAVX512(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ to+16(FP), R8
	MOVQ from+24(FP), R9
	MOVQ rows+32(FP), CX
	MOVQ cols+40(FP), R10
	SHLQ $2, R8
	SHLQ $2, R9
	MOVQ CX, R13
	MOVQ R10, CX
	ANDQ $15, CX
	MOVQ $1, AX
	SHLQ CX, AX
	DECQ AX
	KMOVW AX, K1
	MOVQ R13, CX

row:
	MOVQ R10, BX
	XORQ R11, R11

vector:
	SUBQ    $16, BX
	JLT     left
	VMOVUPS (SI)(R11*1), Z0
	VMOVUPS Z0, (DI)(R11*1)
	ADDQ    $64, R11
	JMP     vector

left:
	VMOVUPS.Z (SI)(R11*1), K1, Z0
	VMOVUPS   Z0, K1, (DI)(R11*1)
	ADDQ      R8, DI
	ADDQ      R9, SI
	DECQ      CX
	JNE       row
	VZEROUPPER
	RET

// The even ones of 32 neighbours.
DATA evens<>+0(SB)/8, $0x0000000200000000
DATA evens<>+8(SB)/8, $0x0000000600000004
DATA evens<>+16(SB)/8, $0x0000000a00000008
DATA evens<>+24(SB)/8, $0x0000000e0000000c
DATA evens<>+32(SB)/8, $0x0000001200000010
DATA evens<>+40(SB)/8, $0x0000001600000014
DATA evens<>+48(SB)/8, $0x0000001a00000018
DATA evens<>+56(SB)/8, $0x0000001e0000001c
GLOBL evens<>(SB), RODATA|NOPTR, $64

// The last vector of a row is always made with masks, so that nothing is read
// behind the last entry: K1 is for the results, K2 and K3 for the 2n-1 entries
// they come from.
// func alternateRowsAVX512(dst, src *float32, to, from, rows, cols int)
TEXT ·alternateRowsAVX512(SB), NOSPLIT, $0-48
	MOVQ    dst+0(FP), DI
	MOVQ    src+8(FP), SI
	MOVQ    to+16(FP), R8
	MOVQ    from+24(FP), R9
	MOVQ    rows+32(FP), R13
	MOVQ    cols+40(FP), R10
	SHLQ    $2, R8
	SHLQ    $2, R9
	VMOVUPS evens<>(SB), Z2
	MOVQ    R10, CX
	DECQ    CX
	ANDQ    $15, CX
	INCQ    CX               // results of the last vector, 1 to 16
	SUBQ    CX, R10          // in the others
	MOVQ    $1, AX
	SHLQ    CX, AX
	DECQ    AX
	KMOVW   AX, K1
	LEAQ    -1(CX)(CX*1), CX
	MOVQ    $1, AX
	SHLQ    CX, AX
	DECQ    AX
	KMOVW   AX, K2
	SHRQ    $16, AX
	KMOVW   AX, K3
	MOVQ    R13, CX

alternateRow:
	MOVQ R10, BX
	XORQ R11, R11

alternateVector:
	TESTQ     BX, BX
	JEQ       alternateLast
	VMOVUPS   (SI)(R11*2), Z0
	VPERMT2PS 64(SI)(R11*2), Z2, Z0
	VMOVUPS   Z0, (DI)(R11*1)
	ADDQ      $64, R11
	SUBQ      $16, BX
	JMP       alternateVector

alternateLast:
	VMOVUPS.Z (SI)(R11*2), K2, Z0
	VMOVUPS.Z 64(SI)(R11*2), K3, Z1
	VPERMT2PS Z1, Z2, Z0
	VMOVUPS   Z0, K1, (DI)(R11*1)
	ADDQ      R8, DI
	ADDQ      R9, SI
	DECQ      CX
	JNE       alternateRow
	VZEROUPPER
	RET
