/**
 * The engines of a process: each model loaded once, all on the same threads, with the shipped policy or one that a
 * company had solved for its own catalogue.
 */
import { join } from 'node:path'
import { readPolicyBundle, writeBundle } from '../../models/onnx/bundle.ts'
import { serveChurn, servePolicy, type ServedChurn, type ServedPolicy } from '../../models/onnx/serve.ts'
import { startPool } from '../../models/onnx/serve-pool.ts'
import { declineTelemetry } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { engineOn, type Engine } from './engine.ts'
import { artefactFolder, starterModels } from './models.ts'
import type { Engines, SolvedPolicyPlace } from './services.ts'

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
  const churns = new Map<string, Promise<ServedChurn>>()
  const policies = new Map<string, Promise<ServedPolicy>>()
  const opened = new Map<string, Promise<Engine>>()

  async function open(location: string, place: SolvedPolicyPlace | null): Promise<Engine> {
    const folder = folderOf(location, dataFolder)
    const policy = await once(policies, place?.hash ?? SHIPPED, async () =>
      servePolicy(place === null ? artefactFolder(SHIPPED) : await folderOfPolicy(place, dataFolder), {
        pool,
      }),
    )
    return engineOn({ policy, churn: await once(churns, location, () => serveChurn(folder, { pool })) })
  }

  return {
    get: (location, place = null) => {
      const key = `${place?.hash ?? SHIPPED} ${location}`
      const known = opened.get(key)
      if (known !== undefined) {
        // The map is in the order of use: the first is the one not used for longest.
        opened.delete(key)
        opened.set(key, known)
        return known
      }
      const engine = once(opened, key, () => open(location, place))
      if (opened.size > MOST_ENGINES) opened.delete(oldestOf(opened.keys()))
      return engine
    },
    close: () => pool.close(),
  }
}

const SHIPPED = 'policy'

/**
 * Engines that are kept for policies of their own; what is dropped is loaded again when it is asked for. The network of
 * a policy (some 15 kB) stays with the threads: closing it could answer somebody who has it still with an error.
 */
const MOST_ENGINES = 200

/** What failed is tried again the next time. */
function once<T>(kept: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = kept.get(key)
  if (known !== undefined) return known
  const made = make()
  kept.set(key, made)
  made.catch(() => {
    if (kept.get(key) === made) kept.delete(key)
  })
  return made
}

/** Of engines with a policy of their own; those with the shipped one are few and stay. */
function oldestOf(keys: Iterable<string>): string {
  for (const key of keys) if (!key.startsWith(`${SHIPPED} `)) return key
  return ''
}

/** Where a policy out of the database lies here, written when it is missing or damaged. */
async function folderOfPolicy({ hash, load }: SolvedPolicyPlace, dataFolder: string): Promise<string> {
  const folder = join(dataFolder, 'policies', hash)
  const found = await readPolicyBundle(folder).catch(() => null)
  if (found?.hash === hash) return folder
  const written = await writeBundle(folder, await load())
  if (written.hash === hash) return folder
  throw new HoldfastError(
    'model_corrupt',
    `The policy ${hash.slice(0, 12)} in the database is not what its hash says. Save the settings again, and it is solved anew.`,
  )
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
