// Holds a copy of onnxruntime to AVX2, for which it has no setting: the branch by which MLAS leaves AVX-512 out on processors
// without it is made to be taken on all. What is asked there is in onnxruntime/core/mlas/lib/platform.cpp:
//   if (((Cpuid7[1] & 0x10000) != 0) && ((xcr0 & 0xE0) == 0xE0)) { ... AVX-512
// usage: node onnxruntime_avx2.mjs PACKAGE
import { readFileSync, writeFileSync } from 'node:fs'

const library = process.argv[2] + '/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1'
const code = readFileSync(library)
// test $0x10000, %r10d; je +14; mov %r8, %rax; not %rax; test $0xe0, %al
const asked = Buffer.from('41f7c200000100740e4c89c048f7d0a8e0', 'hex')
const at = code.indexOf(asked)
if (at < 0 || code.indexOf(asked, at + 1) >= 0) {
  console.error(`${library}: it does not ask for AVX-512 where onnxruntime 1.30.0 for x64 does`)
  process.exit(1)
}
code[at + asked.indexOf(0x74)] = 0xeb // je becomes jmp
writeFileSync(library, code)
