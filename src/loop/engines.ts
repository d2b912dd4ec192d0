/** The engines of a process: each model loaded once, all on the same threads and with one policy. */
import { join } from 'node:path'
import { servePolicy, type ServedPolicy } from '../../models/onnx/serve.ts'
import { startPool } from '../../models/onnx/serve-pool.ts'
import { declineTelemetry } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { engineOn, type Engine } from './engine.ts'
import { artefactFolder, starterModels } from './models.ts'
import type { Engines } from './services.ts'

/** Where a model stands that was trained here: a folder beneath the data folder, named by the bundle's hash. */
const TRAINED = /^models\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/

/**
 * Threads start at once, models are loaded when they are first asked for. One that could not be read is tried again
 * the next time: somebody may have put it back.
 *
 * @param threads that compute, shared by all models
 * @param dataFolder where `models/<hash>` lies
 * @example
 * const engines = openEngines({ threads: 2, dataFolder: 'data' })
 * const engine = await engines.get('shipped:telco')
 */
export function openEngines({ threads, dataFolder }: { threads: number; dataFolder: string }): Engines {
  declineTelemetry()
  const pool = startPool({ workers: threads })
  const opened = new Map<string, Promise<Engine>>()
  let policy: Promise<ServedPolicy> | null = null

  async function open(location: string): Promise<Engine> {
    const folder = folderOf(location, dataFolder)
    policy ??= servePolicy(artefactFolder('policy'), { pool })
    try {
      await policy
    } catch (error) {
      policy = null
      throw error
    }
    return engineOn({ pool, policy: await policy, folder })
  }

  return {
    get: (location) => {
      const known = opened.get(location)
      if (known !== undefined) return known
      const engine = open(location)
      opened.set(location, engine)
      engine.catch(() => opened.delete(location))
      return engine
    },
    close: () => pool.close(),
  }
}

function folderOf(location: string, dataFolder: string): string {
  const shipped = starterModels.find((name) => location === `shipped:${name}`)
  if (shipped !== undefined) return artefactFolder(shipped)
  if (TRAINED.test(location)) return join(dataFolder, location)
  throw new HoldfastError(
    'model_missing',
    `There is no model at "${location}". Models are ${starterModels.map((name) => `shipped:${name}`).join(', ')} or models/<hash>.`,
  )
}
