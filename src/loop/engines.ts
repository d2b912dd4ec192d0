/**
 * The engines of a process: each model loaded once, all on the same threads, with the shipped policy or one that a
 * company had solved for its own catalogue.
 */
import { join } from 'node:path'
import { readPolicyBundle, writeBundle } from '../../models/onnx/bundle.ts'
import { serveChurn, servePolicy, type ServedChurn, type ServedPolicy } from '../../models/onnx/serve.ts'
import { startPool, type Pool } from '../../models/onnx/serve-pool.ts'
import { declineTelemetry } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { engineOn, type Engine } from './engine.ts'
import { bringBundle, type BundleStore } from './model-place.ts'
import { artefactFolder, starterModels } from './models.ts'
import type { Engines, SolvedPolicyPlace } from './services.ts'

/** Where a model stands that was trained here: a folder beneath the data folder, named by the bundle's hash. */
const TRAINED = /^models\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/

export interface EnginesOptions {
  /** That compute, shared by all models. */
  readonly threads: number
  /** Where `models/<hash>` lies. */
  readonly dataFolder: string
  /** Where a bundle comes from that this machine does not have, or not whole; absent: nowhere. */
  readonly bundles?: BundleStore
}

/**
 * Threads start and models are loaded when they are first asked for: most commands never score. A model that could not be
 * read is tried again the next time: somebody may have put it back.
 *
 * @example
 * const engines = openEngines({ threads: 2, dataFolder: 'data', bundles: storedBundles(database) })
 * const engine = await engines.get('shipped:telco')
 */
export function openEngines({ threads, dataFolder, bundles }: EnginesOptions): Engines {
  declineTelemetry()
  let pool: Pool | null = null
  const churns = new Map<string, Promise<ServedChurn>>()
  const policies = new Map<string, Promise<ServedPolicy>>()
  const opened = new Map<string, Promise<Engine>>()

  async function open(location: string, place: SolvedPolicyPlace | null): Promise<Engine> {
    // Loads the inference library while the folders are looked at.
    const threadsOfAll = (pool ??= startPool({ workers: threads }))
    const folder = await folderOf(location, dataFolder, bundles)
    const policy = await once(policies, place?.hash ?? SHIPPED, async () =>
      servePolicy(place === null ? artefactFolder(SHIPPED) : await folderOfPolicy(place, dataFolder), {
        pool: threadsOfAll,
      }),
    )
    const churn = await once(churns, location, () => serveChurn(folder, { pool: threadsOfAll }))
    return engineOn({ policy, churn })
  }

  /** Models of companies come and go: the one not asked for longest is closed once nobody can be using it any more. */
  function letGo(asked: string): void {
    const own = [...churns.keys()].filter((location) => TRAINED.test(location))
    if (own.length <= MOST_OWN) return
    const used = [...opened.keys()].map((key) => key.slice(key.indexOf(' ') + 1))
    const oldest = own
      .filter((location) => location !== asked)
      .toSorted((a, b) => used.lastIndexOf(a) - used.lastIndexOf(b))[0]
    const served = churns.get(oldest)
    churns.delete(oldest)
    for (const key of opened.keys()) if (key.endsWith(` ${oldest}`)) opened.delete(key)
    const close = (): void => void served?.then((model) => model.close()).catch(() => undefined)
    setTimeout(close, LONGEST_USE_MS).unref()
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
      letGo(location)
      return engine
    },
    close: async () => pool?.close(),
  }
}

const SHIPPED = 'policy'

/**
 * Engines that are kept for policies of their own; what is dropped is loaded again when it is asked for. The network of
 * a policy (some 15 kB) stays with the threads: closing it could answer somebody who has it still with an error.
 */
const MOST_ENGINES = 200

/** Churn models of companies' own that are kept with the threads: a few megabytes each. */
const MOST_OWN = 100
/** Whoever was given an engine asks it no longer than this: a pass over a book, a preview. */
const LONGEST_USE_MS = 30 * 60_000

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

async function folderOf(
  location: string,
  dataFolder: string,
  bundles: BundleStore | undefined,
): Promise<string> {
  const shipped = starterModels.find((name) => location === `shipped:${name}`)
  if (shipped !== undefined) return artefactFolder(shipped)
  if (TRAINED.test(location)) {
    const folder = join(dataFolder, location)
    if (bundles !== undefined) await bringBundle(folder, bundles)
    return folder
  }
  throw new HoldfastError(
    'model_missing',
    `There is no model at "${location}". Models are ${starterModels.map((name) => `shipped:${name}`).join(', ')} or models/<hash>.`,
  )
}
