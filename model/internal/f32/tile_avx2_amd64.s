#include "textflag.h"

// The matrix product's register tile, AVX2: 4 rows of a 16-row panel times 24
// (or, for the last columns, 8) columns of B, summed over k columns of W.
//
//	               B: R8 ─▶ [Y12][Y13][Y14]   96 (32) bytes a step
//	  W: SI ─▶ w0            Y0   Y1   Y2
//	           w1            Y3   Y4   Y5     C rows, DI, DX bytes apart
//	           w2            Y6   Y7   Y8
//	           w3            Y9   Y10  Y11
//
//	DI C   DX bytes between rows of C   SI weights, 64 bytes a step
//	R8 B   BX bias or 0   CX steps left
//	Y0-Y11 sums   Y12-Y14 B   Y15 broadcast weight   at the end Y14 lo, Y15 hi

#define ZERO(A, B, C) \
	VXORPS A, A, A \
	VXORPS B, B, B \
	VXORPS C, C, C

#define BIAS(r, A, B, C) \
	VBROADCASTSS (4*r)(BX), A \
	VMOVAPS      A, B         \
	VMOVAPS      A, C

#define RESUME(A, B, C) \
	VMOVUPS (BX), A    \
	VMOVUPS 32(BX), B  \
	VMOVUPS 64(BX), C  \
	ADDQ    DX, BX

#define ROW(r, A, B, C) \
	VBROADCASTSS (4*r)(SI), Y15 \
	VFMADD231PS  Y12, Y15, A    \
	VFMADD231PS  Y13, Y15, B    \
	VFMADD231PS  Y14, Y15, C

// The sum is the second source of VMAXPS and VMINPS, so NaN stays NaN.
#define STORE(A, B, C) \
	VMAXPS  A, Y14, A  \
	VMAXPS  B, Y14, B  \
	VMAXPS  C, Y14, C  \
	VMINPS  A, Y15, A  \
	VMINPS  B, Y15, B  \
	VMINPS  C, Y15, C  \
	VMOVUPS A, (DI)    \
	VMOVUPS B, 32(DI)  \
	VMOVUPS C, 64(DI)  \
	ADDQ    DX, DI

// func tile24AVX2(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)
TEXT ·tile24AVX2(SB), NOSPLIT, $0-60
	MOVQ    c+0(FP), DI
	MOVQ    ldc+8(FP), DX
	MOVQ    w+16(FP), SI
	MOVQ    b+24(FP), R8
	MOVQ    k+40(FP), CX
	SHLQ    $2, DX
	MOVBLZX resume+48(FP), BX
	TESTL   BX, BX
	JNE     resume24
	MOVQ    init+32(FP), BX
	TESTQ   BX, BX
	JNE     bias24
	ZERO(Y0, Y1, Y2)
	ZERO(Y3, Y4, Y5)
	ZERO(Y6, Y7, Y8)
	ZERO(Y9, Y10, Y11)
	JMP     step24

bias24:
	BIAS(0, Y0, Y1, Y2)
	BIAS(1, Y3, Y4, Y5)
	BIAS(2, Y6, Y7, Y8)
	BIAS(3, Y9, Y10, Y11)
	JMP step24

resume24:
	MOVQ DI, BX
	RESUME(Y0, Y1, Y2)
	RESUME(Y3, Y4, Y5)
	RESUME(Y6, Y7, Y8)
	RESUME(Y9, Y10, Y11)

step24:
	VMOVUPS (R8), Y12
	VMOVUPS 32(R8), Y13
	VMOVUPS 64(R8), Y14
	ROW(0, Y0, Y1, Y2)
	ROW(1, Y3, Y4, Y5)
	ROW(2, Y6, Y7, Y8)
	ROW(3, Y9, Y10, Y11)
	ADDQ    $96, R8
	ADDQ    $64, SI
	DECQ    CX
	JNE     step24

	VBROADCASTSS lo+52(FP), Y14
	VBROADCASTSS hi+56(FP), Y15
	STORE(Y0, Y1, Y2)
	STORE(Y3, Y4, Y5)
	STORE(Y6, Y7, Y8)
	STORE(Y9, Y10, Y11)
	VZEROUPPER
	RET

#define RESUME1(A) \
	VMOVUPS (BX), A \
	ADDQ    DX, BX

#define STORE1(A, B) \
	VADDPS  B, A, A   \
	VMAXPS  A, Y14, A \
	VMINPS  A, Y15, A \
	VMOVUPS A, (DI)   \
	ADDQ    DX, DI

// Even steps sum in Y0-Y3, odd ones in Y4-Y7: four chains would not hide the
// latency.
// func tile8AVX2(c *float32, ldc int, w, b, init *float32, k int, resume bool, lo, hi float32)
TEXT ·tile8AVX2(SB), NOSPLIT, $0-60
	MOVQ    c+0(FP), DI
	MOVQ    ldc+8(FP), DX
	MOVQ    w+16(FP), SI
	MOVQ    b+24(FP), R8
	MOVQ    k+40(FP), CX
	SHLQ    $2, DX
	ZERO(Y0, Y1, Y2)
	ZERO(Y3, Y4, Y5)
	VXORPS  Y6, Y6, Y6
	VXORPS  Y7, Y7, Y7
	MOVBLZX resume+48(FP), BX
	TESTL   BX, BX
	JNE     resume8
	MOVQ    init+32(FP), BX
	TESTQ   BX, BX
	JEQ     steps8
	VBROADCASTSS 0(BX), Y0
	VBROADCASTSS 4(BX), Y1
	VBROADCASTSS 8(BX), Y2
	VBROADCASTSS 12(BX), Y3
	JMP     steps8

resume8:
	MOVQ DI, BX
	RESUME1(Y0)
	RESUME1(Y1)
	RESUME1(Y2)
	RESUME1(Y3)

steps8:
	SUBQ $2, CX
	JLT  last8

step8:
	VMOVUPS      (R8), Y12
	VMOVUPS      32(R8), Y13
	VBROADCASTSS 0(SI), Y8
	VBROADCASTSS 4(SI), Y9
	VBROADCASTSS 8(SI), Y10
	VBROADCASTSS 12(SI), Y11
	VFMADD231PS  Y12, Y8, Y0
	VFMADD231PS  Y12, Y9, Y1
	VFMADD231PS  Y12, Y10, Y2
	VFMADD231PS  Y12, Y11, Y3
	VBROADCASTSS 64(SI), Y8
	VBROADCASTSS 68(SI), Y9
	VBROADCASTSS 72(SI), Y10
	VBROADCASTSS 76(SI), Y11
	VFMADD231PS  Y13, Y8, Y4
	VFMADD231PS  Y13, Y9, Y5
	VFMADD231PS  Y13, Y10, Y6
	VFMADD231PS  Y13, Y11, Y7
	ADDQ         $64, R8
	ADDQ         $128, SI
	SUBQ         $2, CX
	JGE          step8

last8:
	ADDQ         $2, CX
	JEQ          store8
	VMOVUPS      (R8), Y12
	VBROADCASTSS 0(SI), Y8
	VBROADCASTSS 4(SI), Y9
	VBROADCASTSS 8(SI), Y10
	VBROADCASTSS 12(SI), Y11
	VFMADD231PS  Y12, Y8, Y0
	VFMADD231PS  Y12, Y9, Y1
	VFMADD231PS  Y12, Y10, Y2
	VFMADD231PS  Y12, Y11, Y3

store8:
	VBROADCASTSS lo+52(FP), Y14
	VBROADCASTSS hi+56(FP), Y15
	STORE1(Y0, Y4)
	STORE1(Y1, Y5)
	STORE1(Y2, Y6)
	STORE1(Y3, Y7)
	VZEROUPPER
	RET
