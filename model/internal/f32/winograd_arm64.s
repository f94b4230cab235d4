#include "textflag.h"
#include "neon_arm64.h"

// Winograd's transforms, NEON: four tiles side by side, one in each lane. See
// winograd.go for what they compute, and winograd_portable.go for the same in Go.
//
// Input goes down the columns first, tile by tile, with four neighbours of a row
// in a vector. So it needs no transposing: the buffer holds four neighbours of
// tile after tile, and LD4 takes them apart, into one vector for each neighbour
// with a lane for each tile.
//
//	            buffer: [row][left half, right half][tile][4]
//	tile 0 ─▶  │0 1 2 3│              ┌▶ V0: number 0 of tiles 0 1 2 3
//	tile 1 ─▶  │0 1 2 3│ ── LD4 ──────┼▶ V1: number 1 of tiles 0 1 2 3 ──▶ along
//	tile 2 ─▶  │0 1 2 3│              ├▶ V2 ...                            the row
//	tile 3 ─▶  │0 1 2 3│              └▶ V3
//
// Output has its tiles in lanes from the start, and ST4 and ST2 of one lane write
// a row of one tile.

// fsub Vd.4s, Vn.4s, Vm.4s
#define FSUB(d, n, m) WORD $(0x4ea0d400 | (m)<<16 | (n)<<5 | (d))

// fmls Vd.4s, Vn.4s, Vm.s[lane]
#define FMLS(d, n, m, lane) WORD $(0x4f805000 | ((lane)&1)<<21 | ((lane)>>1)<<11 | (m)<<16 | (n)<<5 | (d))

// ld1 {Vd.4s}, [Xr], Xstep
#define LOADSTEP(d, r, step) WORD $(0x4cc07800 | (step)<<16 | (r)<<5 | (d))

// ld1 {Vd.4s, Vd+1.4s}, [Xr], Xstep
#define LOAD2STEP(d, r, step) WORD $(0x4cc0a800 | (step)<<16 | (r)<<5 | (d))

// ld4 {Vd.4s - Vd+3.4s}, [Xr], #64
#define LOADAPART(d, r) WORD $(0x4cdf0800 | (r)<<5 | (d))

// st1 {Vd.4s}, [Xr], Xstep
#define STORESTEP(d, r, step) WORD $(0x4c807800 | (step)<<16 | (r)<<5 | (d))

// str Qd, [Xr, #offset]
#define STORE(d, r, offset) WORD $(0x3d800000 | (offset)/16<<10 | (r)<<5 | (d))

// stp Qd, Qe, [Xr, #offset]
#define STOREPAIR(d, e, r, offset) WORD $(0xad000000 | (offset)/16<<15 | (e)<<10 | (r)<<5 | (d))

// ldp Qd, Qe, [Xr, #offset]
#define LOADPAIR(d, e, r, offset) WORD $(0xad400000 | (offset)/16<<15 | (e)<<10 | (r)<<5 | (d))

// st4 {Vd.s - Vd+3.s}[lane], [Xr], Xstep, or #16 where step is 31
#define STOREFOUR(d, lane, r, step) WORD $(0x0da0a000 | ((lane)>>1)<<30 | ((lane)&1)<<12 | (step)<<16 | (r)<<5 | (d))

// st2 {Vd.s, Vd+1.s}[lane], [Xr], Xstep
#define STORETWO(d, lane, r, step) WORD $(0x0da08000 | ((lane)>>1)<<30 | ((lane)&1)<<12 | (step)<<16 | (r)<<5 | (d))

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

DATA input6<>+0(SB)/4, $5.25
DATA input6<>+4(SB)/4, $4.25
DATA input6<>+8(SB)/4, $1.25
DATA input6<>+12(SB)/4, $0.25
DATA input6<>+16(SB)/4, $5.0
DATA input6<>+20(SB)/4, $4.0
DATA input6<>+24(SB)/4, $2.0
DATA input6<>+28(SB)/4, $0.5
DATA input6<>+32(SB)/4, $2.5
DATA input6<>+36(SB)/4, $0.0
DATA input6<>+40(SB)/4, $0.0
DATA input6<>+44(SB)/4, $0.0
GLOBL input6<>(SB), RODATA|NOPTR, $48

DATA output4<>+0(SB)/4, $0.5
DATA output4<>+4(SB)/4, $2.0
DATA output4<>+8(SB)/4, $0.70710678118654752
DATA output4<>+12(SB)/4, $1.41421356237309505
DATA output4<>+16(SB)/4, $0.35355339059327376
DATA output4<>+20(SB)/4, $2.82842712474619010
DATA output4<>+24(SB)/4, $0.0
DATA output4<>+28(SB)/4, $0.0
GLOBL output4<>(SB), RODATA|NOPTR, $32

DATA output6<>+0(SB)/4, $2.0
DATA output6<>+4(SB)/4, $4.0
DATA output6<>+8(SB)/4, $8.0
DATA output6<>+12(SB)/4, $16.0
DATA output6<>+16(SB)/4, $32.0
DATA output6<>+20(SB)/4, $0.0
DATA output6<>+24(SB)/4, $0.0
DATA output6<>+28(SB)/4, $0.0
GLOBL output6<>(SB), RODATA|NOPTR, $32

// INPUT6 makes Bᵀ d of eight vectors d, in d0, c, a, e, b, d5, d6, d7. The
// constants are those of input6, in V29, V30 and V31.
#define INPUT6(d0, d1, d2, d3, d4, d5, d6, d7, a, b, c, d, e) \
	FADD(a, d2, d6)          \
	FADD(b, d1, d5)          \
	FSUB(d0, d6, d0)         \
	FSUB(d7, d7, d1)         \
	FMLS(a, d4, 29, 1)       \
	FMLS(b, d3, 29, 1)       \
	FSUB(d, d2, d4)          \
	FSUB(e, d3, d5)          \
	FMLA(d0, d, 29, 0)       \
	FMLA(d7, e, 29, 0)       \
	FADD(c, a, b)            \
	FSUB(a, a, b)            \
	FMULLANE(b, d2, 29, 3)   \
	FMULLANE(d, d5, 30, 2)   \
	FMULLANE(d5, d5, 30, 3)  \
	FMLS(b, d4, 29, 2)       \
	FMLS(d, d3, 31, 0)       \
	FMLS(d5, d3, 31, 0)      \
	FADD(b, b, d6)           \
	FMLA(d, d1, 30, 3)       \
	FMLA(d5, d1, 30, 2)      \
	FMLA(d6, d2, 30, 1)      \
	FADD(e, b, d)            \
	FSUB(b, b, d)            \
	FMLS(d6, d4, 30, 0)      \
	FADD(d, d6, d5)          \
	FSUB(d6, d6, d5)

// func winogradInput6NEON(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)
//
//	R0 V   R1 bytes between elements   R2 x   R3 bytes between rows   R4 at
//	R5 groups left   R6 buffer, where it is read or written: R7
//	R8 tiles or rows left   R9 a tile of x   R10 where V goes on
TEXT ·winogradInput6NEON(SB), NOSPLIT, $0-56
	MOVD v+0(FP), R0
	MOVD stride+8(FP), R1
	MOVD x+16(FP), R2
	MOVD pitch+24(FP), R3
	MOVD at+32(FP), R4
	MOVD groups+40(FP), R5
	MOVD buffer+48(FP), R6
	LSL  $2, R1
	LSL  $2, R3
	MOVD $input6<>(SB), R8
	VLD1 (R8), [V29.S4, V30.S4, V31.S4]

group:
	MOVD R6, R7
	MOVD $4, R8

tile:
	MOVD.P 8(R4), R9
	ADD    R9<<2, R2, R9
	LOAD2STEP(0, 9, 3)
	LOAD2STEP(2, 9, 3)
	LOAD2STEP(4, 9, 3)
	LOAD2STEP(6, 9, 3)
	LOAD2STEP(8, 9, 3)
	LOAD2STEP(10, 9, 3)
	LOAD2STEP(12, 9, 3)
	LOAD2STEP(14, 9, 3)
	INPUT6(0, 2, 4, 6, 8, 10, 12, 14, 16, 17, 18, 19, 20)
	STORE(0, 7, 0)
	STORE(18, 7, 128)
	STORE(16, 7, 256)
	STORE(20, 7, 384)
	STORE(17, 7, 512)
	STORE(19, 7, 640)
	STORE(12, 7, 768)
	STORE(14, 7, 896)
	INPUT6(1, 3, 5, 7, 9, 11, 13, 15, 21, 22, 23, 24, 25)
	STORE(1, 7, 64)
	STORE(23, 7, 192)
	STORE(21, 7, 320)
	STORE(25, 7, 448)
	STORE(22, 7, 576)
	STORE(24, 7, 704)
	STORE(13, 7, 832)
	STORE(15, 7, 960)
	ADD  $16, R7
	SUBS $1, R8
	BNE  tile

	MOVD R6, R7
	MOVD R0, R10
	ADD  $16, R0
	MOVD $8, R8

row:
	LOADAPART(0, 7)
	LOADAPART(4, 7)
	INPUT6(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20)
	STORESTEP(0, 10, 1)
	STORESTEP(18, 10, 1)
	STORESTEP(16, 10, 1)
	STORESTEP(20, 10, 1)
	STORESTEP(17, 10, 1)
	STORESTEP(19, 10, 1)
	STORESTEP(6, 10, 1)
	STORESTEP(7, 10, 1)
	SUBS $1, R8
	BNE  row
	SUBS $1, R5
	BNE  group
	RET

// INPUT4 makes Bᵀ d of six vectors d, in d0, c, b, d3, d4, d5. The constants are
// those of input4, in V30 and V31.
#define INPUT4(d0, d1, d2, d3, d4, d5, a, b, c) \
	FADD(d0, d0, d4)         \
	FADD(d5, d5, d1)         \
	FMULLANE(a, d3, 30, 3)   \
	FMULLANE(b, d2, 30, 1)   \
	FMLS(d0, d2, 30, 0)      \
	FMLS(d5, d3, 30, 0)      \
	FMLS(a, d1, 31, 0)       \
	FSUB(b, d4, b)           \
	FMLS(d4, d2, 30, 2)      \
	FMULLANE(d3, d3, 31, 0)  \
	FADD(c, b, a)            \
	FSUB(b, b, a)            \
	FMLS(d3, d1, 30, 3)      \
	FADD(a, d4, d3)          \
	FSUB(d4, d4, d3)

// func winogradInput4NEON(v *float32, stride int, x *float32, pitch int, at *int, groups int, buffer *float32)
//
// The registers are those of winogradInput6.
TEXT ·winogradInput4NEON(SB), NOSPLIT, $0-56
	MOVD v+0(FP), R0
	MOVD stride+8(FP), R1
	MOVD x+16(FP), R2
	MOVD pitch+24(FP), R3
	MOVD at+32(FP), R4
	MOVD groups+40(FP), R5
	MOVD buffer+48(FP), R6
	LSL  $2, R1
	LSL  $2, R3
	MOVD $input4<>(SB), R8
	VLD1 (R8), [V30.S4, V31.S4]

group:
	MOVD R6, R7
	MOVD $4, R8

tile:
	MOVD.P 8(R4), R9
	ADD    R9<<2, R2, R9
	LOAD2STEP(0, 9, 3)
	LOAD2STEP(2, 9, 3)
	LOAD2STEP(4, 9, 3)
	LOAD2STEP(6, 9, 3)
	LOAD2STEP(8, 9, 3)
	LOAD2STEP(10, 9, 3)
	INPUT4(0, 2, 4, 6, 8, 10, 16, 17, 18)
	INPUT4(1, 3, 5, 7, 9, 11, 19, 20, 21)
	STORE(0, 7, 0)
	STORE(1, 7, 64)
	STORE(18, 7, 128)
	STORE(21, 7, 192)
	STORE(17, 7, 256)
	STORE(20, 7, 320)
	STORE(16, 7, 384)
	STORE(19, 7, 448)
	STORE(8, 7, 512)
	STORE(9, 7, 576)
	STORE(10, 7, 640)
	STORE(11, 7, 704)
	ADD  $16, R7
	SUBS $1, R8
	BNE  tile

	MOVD R6, R7
	MOVD R0, R10
	ADD  $16, R0
	MOVD $6, R8

row:
	LOADAPART(0, 7)
	LOADAPART(4, 7)
	INPUT4(0, 1, 2, 3, 4, 5, 16, 17, 18)
	STORESTEP(0, 10, 1)
	STORESTEP(18, 10, 1)
	STORESTEP(17, 10, 1)
	STORESTEP(16, 10, 1)
	STORESTEP(4, 10, 1)
	STORESTEP(5, 10, 1)
	SUBS $1, R8
	BNE  row
	SUBS $1, R5
	BNE  group
	RET

// OUTPUT6 makes six vectors y = Aᵀ m of eight. The constants are those of output6,
// in V30 and V31.
#define OUTPUT6(m0, m1, m2, m3, m4, m5, m6, m7, y0, y1, y2, y3, y4, y5, a, b, c, d) \
	FADD(y2, m1, m2)     \
	FSUB(y1, m1, m2)     \
	FADD(a, m3, m4)      \
	FSUB(b, m3, m4)      \
	FADD(c, m5, m6)      \
	FSUB(d, m5, m6)      \
	FADD(y0, m0, y2)     \
	FADD(y5, m7, y1)     \
	VMOVE(y4, y2)        \
	VMOVE(y3, y1)        \
	FMLA(y2, a, 30, 1)   \
	FMLA(y1, b, 30, 0)   \
	FMLA(y4, a, 30, 3)   \
	FMLA(y3, b, 30, 2)   \
	FADD(y0, y0, a)      \
	FADD(y5, y5, d)      \
	FMLA(y2, c, 30, 2)   \
	FMLA(y1, d, 30, 3)   \
	FMLA(y4, c, 30, 0)   \
	FMLA(y3, d, 30, 1)   \
	FMLA(y0, c, 31, 0)   \
	FMLA(y5, b, 31, 0)

// mov Vd.16b, Vn.16b
#define VMOVE(d, n) WORD $(0x4ea01c00 | (n)<<16 | (n)<<5 | (d))

// BOUND bounds Vd by V27 (lo) and V28 (hi).
#define BOUND(d) \
	FMAX(d, d, 27) \
	FMIN(d, d, 28)

// func winogradOutput6NEON(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)
//
//	R0 y   R1 bytes between rows of y behind four numbers   R2 M
//	R3 bytes between elements of a row of M   R4 at   R5 groups left
//	R6 buffer, where it is read or written: R7   R8 pairs of columns or rows left
//	R9 R10 two columns of M   R11 bytes between rows of M   R12-R15 four tiles of y
//	V26 bias   V27 lo   V28 hi
TEXT ·winogradOutput6NEON(SB), NOSPLIT, $0-68
	MOVD  y+0(FP), R0
	MOVD  pitch+8(FP), R1
	MOVD  m+16(FP), R2
	MOVD  stride+24(FP), R3
	MOVD  at+32(FP), R4
	MOVD  groups+40(FP), R5
	MOVD  buffer+48(FP), R6
	MOVWU bias+56(FP), R7
	VDUP  R7, V26.S4
	MOVWU lo+60(FP), R7
	VDUP  R7, V27.S4
	MOVWU hi+64(FP), R7
	VDUP  R7, V28.S4
	LSL   $2, R1
	SUB   $16, R1
	LSL   $2, R3
	LSL   $3, R3, R11
	MOVD  $output6<>(SB), R8
	VLD1  (R8), [V30.S4, V31.S4]

group:
	MOVD R6, R7
	MOVD R2, R9
	ADD  R2, R3, R10
	MOVD $4, R8

pair:
	LOADSTEP(0, 9, 11)
	LOADSTEP(1, 9, 11)
	LOADSTEP(2, 9, 11)
	LOADSTEP(3, 9, 11)
	LOADSTEP(4, 9, 11)
	LOADSTEP(5, 9, 11)
	LOADSTEP(6, 9, 11)
	LOADSTEP(7, 9, 11)
	LOADSTEP(8, 10, 11)
	LOADSTEP(9, 10, 11)
	LOADSTEP(10, 10, 11)
	LOADSTEP(11, 10, 11)
	LOADSTEP(12, 10, 11)
	LOADSTEP(13, 10, 11)
	LOADSTEP(14, 10, 11)
	LOADSTEP(15, 10, 11)
	OUTPUT6(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25)
	OUTPUT6(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, 22, 23)
	STOREPAIR(16, 0, 7, 0)
	STOREPAIR(17, 1, 7, 128)
	STOREPAIR(18, 2, 7, 256)
	STOREPAIR(19, 3, 7, 384)
	STOREPAIR(20, 4, 7, 512)
	STOREPAIR(21, 5, 7, 640)
	ADD  $32, R7
	SUB  R11<<3, R9
	SUB  R11<<3, R10
	ADD  R3<<1, R9
	ADD  R3<<1, R10
	SUBS $1, R8
	BNE  pair

	MOVD   R6, R7
	ADD    $16, R2
	MOVD.P 8(R4), R12
	MOVD.P 8(R4), R13
	MOVD.P 8(R4), R14
	MOVD.P 8(R4), R15
	ADD    R12<<2, R0, R12
	ADD    R13<<2, R0, R13
	ADD    R14<<2, R0, R14
	ADD    R15<<2, R0, R15
	MOVD   $6, R8

row:
	LOADPAIR(0, 1, 7, 0)
	LOADPAIR(2, 3, 7, 32)
	LOADPAIR(4, 5, 7, 64)
	LOADPAIR(6, 7, 7, 96)
	FADD(1, 1, 26) // the point 1: every output of the row gets what it has
	OUTPUT6(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25)
	BOUND(16)
	BOUND(17)
	BOUND(18)
	BOUND(19)
	BOUND(20)
	BOUND(21)
	STOREFOUR(16, 0, 12, 31)
	STOREFOUR(16, 1, 13, 31)
	STOREFOUR(16, 2, 14, 31)
	STOREFOUR(16, 3, 15, 31)
	STORETWO(20, 0, 12, 1)
	STORETWO(20, 1, 13, 1)
	STORETWO(20, 2, 14, 1)
	STORETWO(20, 3, 15, 1)
	ADD  $128, R7
	SUBS $1, R8
	BNE  row
	SUBS $1, R5
	BNE  group
	RET

// OUTPUT4 makes four vectors y = Aᵀ m of six; y3 is m5. The constants are those of
// output4, in V30 and V31.
#define OUTPUT4(m0, m1, m2, m3, m4, y0, y1, y2, y3, a, b) \
	FADD(a, m1, m2)          \
	FSUB(b, m1, m2)          \
	FADD(m1, m3, m4)         \
	FSUB(m2, m3, m4)         \
	FADD(y0, m0, a)          \
	FMULLANE(y1, b, 30, 2)   \
	FMULLANE(y2, a, 30, 0)   \
	FMLA(y3, b, 31, 0)       \
	FADD(y0, y0, m1)         \
	FMLA(y1, m2, 30, 3)      \
	FMLA(y2, m1, 30, 1)      \
	FMLA(y3, m2, 31, 1)

// func winogradOutput4NEON(y *float32, pitch int, m *float32, stride int, at *int, groups int, buffer *float32, bias, lo, hi float32)
//
// The registers are those of winogradOutput6, but for R1, the bytes between
// rows of y, and for R9, the only column of M.
TEXT ·winogradOutput4NEON(SB), NOSPLIT, $0-68
	MOVD  y+0(FP), R0
	MOVD  pitch+8(FP), R1
	MOVD  m+16(FP), R2
	MOVD  stride+24(FP), R3
	MOVD  at+32(FP), R4
	MOVD  groups+40(FP), R5
	MOVD  buffer+48(FP), R6
	MOVWU bias+56(FP), R7
	VDUP  R7, V26.S4
	MOVWU lo+60(FP), R7
	VDUP  R7, V27.S4
	MOVWU hi+64(FP), R7
	VDUP  R7, V28.S4
	LSL   $2, R1
	LSL   $2, R3
	ADD   R3<<1, R3, R11
	LSL   $1, R11 // six elements
	MOVD  $output4<>(SB), R8
	VLD1  (R8), [V30.S4, V31.S4]

group:
	MOVD R6, R7
	MOVD R2, R10
	MOVD $6, R8

column:
	MOVD R10, R9
	ADD  R3, R10
	LOADSTEP(0, 9, 11)
	LOADSTEP(1, 9, 11)
	LOADSTEP(2, 9, 11)
	LOADSTEP(3, 9, 11)
	LOADSTEP(4, 9, 11)
	LOADSTEP(19, 9, 11)
	OUTPUT4(0, 1, 2, 3, 4, 16, 17, 18, 19, 20, 21)
	STORE(16, 7, 0)
	STORE(17, 7, 96)
	STORE(18, 7, 192)
	STORE(19, 7, 288)
	ADD  $16, R7
	SUBS $1, R8
	BNE  column

	MOVD   R6, R7
	ADD    $16, R2
	MOVD.P 8(R4), R12
	MOVD.P 8(R4), R13
	MOVD.P 8(R4), R14
	MOVD.P 8(R4), R15
	ADD    R12<<2, R0, R12
	ADD    R13<<2, R0, R13
	ADD    R14<<2, R0, R14
	ADD    R15<<2, R0, R15
	MOVD   $4, R8

row:
	LOADPAIR(0, 1, 7, 0)
	LOADPAIR(2, 3, 7, 32)
	LOADPAIR(4, 19, 7, 64)
	OUTPUT4(0, 1, 2, 3, 4, 16, 17, 18, 19, 20, 21)
	FADD(16, 16, 26)
	FADD(17, 17, 26)
	FADD(18, 18, 26)
	FADD(19, 19, 26)
	BOUND(16)
	BOUND(17)
	BOUND(18)
	BOUND(19)
	STOREFOUR(16, 0, 12, 1)
	STOREFOUR(16, 1, 13, 1)
	STOREFOUR(16, 2, 14, 1)
	STOREFOUR(16, 3, 15, 1)
	ADD  $96, R7
	SUBS $1, R8
	BNE  row
	SUBS $1, R5
	BNE  group
	RET
