#include "textflag.h"

// Four frames against one panel of 16 rows, AVX2: each column of weights is
// loaded once and multiplied by that column's entry of every frame.
//
//	           frame 0  frame 1  frame 2  frame 3
//	rows 0..7    Y0       Y2       Y4       Y6      += Y8 (weights) * broadcast x[frame][k]
//	rows 8..15   Y1       Y3       Y5       Y7      += Y9
//
//	R8-R11 x of frames 0..3   AX k   SI weights   CX columns left
//	DI array of y   DX row   BX scratch
//	Y0-Y7 sums   Y8,Y9 weights   Y10-Y13 x[k]   Y14 lo   Y15 hi

#define ZERO(A, B) \
	VXORPS A, A, A \
	VXORPS B, B, B

#define BIAS(A, B) \
	VMOVUPS (BX), A   \
	VMOVUPS 32(BX), B

#define RESUME(f, A, B) \
	MOVQ    (8*f)(DI), BX     \
	VMOVUPS (BX)(DX*4), A     \
	VMOVUPS 32(BX)(DX*4), B

#define FRAME(X, T, A, B) \
	VBROADCASTSS (X)(AX*4), T \
	VFMADD231PS  Y8, T, A     \
	VFMADD231PS  Y9, T, B

// The sum is the second source of VMAXPS and VMINPS, so NaN stays NaN.
#define STORE(f, A, B) \
	MOVQ    (8*f)(DI), BX     \
	VMAXPS  A, Y14, A         \
	VMAXPS  B, Y14, B         \
	VMINPS  A, Y15, A         \
	VMINPS  B, Y15, B         \
	VMOVUPS A, (BX)(DX*4)     \
	VMOVUPS B, 32(BX)(DX*4)

// AHEAD: see affine_avx2_amd64.s.
#define AHEAD 2048

// func batch4AVX2(y, x **float32, w, init *float32, row, from, cols int, resume bool, lo, hi float32)
TEXT ·batch4AVX2(SB), NOSPLIT, $0-68
	MOVQ         y+0(FP), DI
	MOVQ         x+8(FP), BX
	MOVQ         w+16(FP), SI
	MOVQ         row+32(FP), DX
	MOVQ         from+40(FP), AX
	MOVQ         cols+48(FP), CX
	VBROADCASTSS lo+60(FP), Y14
	VBROADCASTSS hi+64(FP), Y15
	MOVQ         0(BX), R8
	MOVQ         8(BX), R9
	MOVQ         16(BX), R10
	MOVQ         24(BX), R11
	MOVBLZX      resume+56(FP), BX
	TESTL        BX, BX
	JNE          resume
	MOVQ         init+24(FP), BX
	TESTQ        BX, BX
	JNE          bias
	ZERO(Y0, Y1)
	ZERO(Y2, Y3)
	ZERO(Y4, Y5)
	ZERO(Y6, Y7)
	JMP          column

bias:
	BIAS(Y0, Y1)
	BIAS(Y2, Y3)
	BIAS(Y4, Y5)
	BIAS(Y6, Y7)
	JMP column

resume:
	RESUME(0, Y0, Y1)
	RESUME(1, Y2, Y3)
	RESUME(2, Y4, Y5)
	RESUME(3, Y6, Y7)

column:
	PREFETCHT0 AHEAD(SI)
	VMOVUPS    (SI), Y8
	VMOVUPS    32(SI), Y9
	FRAME(R8, Y10, Y0, Y1)
	FRAME(R9, Y11, Y2, Y3)
	FRAME(R10, Y12, Y4, Y5)
	FRAME(R11, Y13, Y6, Y7)
	INCQ       AX
	ADDQ       $64, SI
	DECQ       CX
	JNE        column

	STORE(0, Y0, Y1)
	STORE(1, Y2, Y3)
	STORE(2, Y4, Y5)
	STORE(3, Y6, Y7)
	VZEROUPPER
	RET
