/**
 * Serves a bundle, scores one row, and closes when it is told to: for the test that the process then ends. With
 * a third argument the compile cache is on, as the launcher has it.
 */
import { enableCompileCache } from 'node:module'
import { serveChurn } from '../../../models/onnx/serve.ts'

const [dir, ending, cache] = process.argv.slice(2)
if (cache !== undefined) enableCompileCache(cache)
const served = await serveChurn(dir, { workers: 2 })
const { probability } = await served.score(new Float32Array(served.bundle.width), 1, { reasons: {} })
process.stdout.write(`${probability[0]}\n`)
if (ending === 'close') await served.close()
