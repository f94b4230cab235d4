// Times one network in onnxruntime on one thread and prints nanoseconds of a frame: the median, and of
// processor time the mean and the least.
// usage: node onnxruntime.mjs PACKAGE NETWORK.onnx SECONDS
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [, , pack, path, seconds] = process.argv
const ort = createRequire(pack + '/')('onnxruntime-node')

const session = await ort.InferenceSession.create(path, {
  intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
})
const dims = session.inputMetadata[0].shape.map(d => (typeof d === 'number' && d > 0 ? d : 1))
const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => (i % 17) / 17) // as in BenchmarkNetworks
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, dims) }

const times = []
let before, last, least = Infinity
const end = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9))
for (let i = 0; i < 10 || process.hrtime.bigint() < end; i++) {
  if (i === 5) before = last = process.cpuUsage()
  const began = process.hrtime.bigint()
  await session.run(feeds)
  if (i < 5) continue
  times.push(Number(process.hrtime.bigint() - began))
  const now = process.cpuUsage()
  least = Math.min(least, now.user + now.system - last.user - last.system)
  last = now
}
const used = process.cpuUsage(before)
times.sort((a, b) => a - b)
console.log(times[times.length >> 1], (1000 * (used.user + used.system)) / times.length, 1000 * least)
